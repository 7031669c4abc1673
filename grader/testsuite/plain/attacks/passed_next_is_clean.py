"""Would fail if anything that another submission left were still there."""

import builtins
import json
import os
import random

assert len([1, 2]) == 2
assert json.loads("[1]") == [1]
assert random.random() != 0.5
assert os.listdir("/tmp") == os.listdir("/dev/shm") == []
assert not hasattr(builtins, "left")


def mix(a, b):
    return a * a + 7919 % 97 * b
