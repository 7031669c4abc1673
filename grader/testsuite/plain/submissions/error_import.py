"""Imports what is not there."""

import django
