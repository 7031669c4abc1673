"""Breaks modules that the next fork will use, were they shared."""

import builtins
import json
import random
import sys

random.random = lambda: 0.5
json.loads = None
builtins.left = 1
sys.path.clear()


def mix(a, b):
    return a * a + 7919 % 97 * b
