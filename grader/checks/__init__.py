"""What authors of hidden tests write with. Everything here runs on the trusted side.

A comparison looks at type, then shape, then dtype, then finiteness, then values, in that order, because
each earlier one can fool a later one: broadcasting saves a wrong shape, NaN compares as it likes, True is 1.
"""

from grader.checks.authoring import cases, example, lesson, metric, raises
from grader.checks.compare import at_least, at_most, check, close, equal, gradient
from grader.checks.outcome import CheckFailed, StudentError

__all__ = [
    "CheckFailed",
    "StudentError",
    "at_least",
    "at_most",
    "cases",
    "check",
    "close",
    "equal",
    "example",
    "gradient",
    "lesson",
    "metric",
    "raises",
]
