"""The look of every page. Imports no room, and every room may use it."""

from django.apps import AppConfig


class UiConfig(AppConfig):
    """Base templates, components, the cairn drawing and the icons."""

    name = "cairn.ui"
    label = "ui"
