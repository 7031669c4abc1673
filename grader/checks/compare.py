"""What authors compare with. NaN fails, True is not 1, and broadcasting saves no wrong shape."""

import math
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from grader.checks.outcome import CheckFailed
from grader.checks.show import Array, brief, is_tensor, shape_text, tensor_array, views
from grader.contract import Difference

_FAMILIES = {"b": "boolean", "i": "integer", "u": "integer", "f": "floating-point", "c": "complex"}


def check(condition: object, message: str) -> None:
    """Fails with ``message`` unless ``condition`` is exactly true (a Python or NumPy boolean)."""
    if not (isinstance(condition, bool | np.bool_) and condition):
        raise CheckFailed(message)


def at_least(value: float, bound: float, message: str) -> None:
    """Fails with ``message`` unless ``value`` is a finite number of at least ``bound``."""
    if not (_is_number(value) and math.isfinite(value) and value >= bound):
        raise CheckFailed(message, Difference(expected=f"at least {bound:g}", got=brief(value)))


def at_most(value: float, bound: float, message: str) -> None:
    """Fails with ``message`` unless ``value`` is a finite number of at most ``bound``."""
    if not (_is_number(value) and math.isfinite(value) and value <= bound):
        raise CheckFailed(message, Difference(expected=f"at most {bound:g}", got=brief(value)))


def close(got: Any, expected: Any, *, rtol: float = 1e-6, atol: float = 1e-8, hint: str = "") -> None:
    """Fails unless ``got`` is ``expected`` up to ``atol + rtol * |expected|`` in each number.

    Compares the kind of value, shape, kind of dtype and finiteness before any value. Containers are
    compared item by item, and must be of the same kind. ``hint`` is shown before what differs.
    """
    _Comparison(got, expected, rtol, atol, hint).run(got, expected, "")


def equal(got: Any, expected: Any, *, hint: str = "") -> None:
    """Fails unless ``got`` is exactly ``expected``, of the same type: True is not 1, a tuple no list."""
    _Comparison(got, expected, 0.0, 0.0, hint, exact=True).run(got, expected, "")


def gradient(
    f: Callable[[Any], float], x: Any, got: Any, *, eps: float = 1e-6, rtol: float = 1e-4, hint: str = ""
) -> None:
    """Fails unless ``got`` is the gradient of the trusted ``f`` at ``x``, by central finite differences.

    ``x`` is a number or an array of any shape; ``f`` gets a copy of it with one entry moved by ``eps``.
    The tolerance is ``rtol`` of the largest entry, because differences carry an error of that order.
    """
    point = np.array(tensor_array(x) if is_tensor(x) else x, dtype=float)
    slope = np.empty_like(point)
    for index in np.ndindex(point.shape):
        up, down = point.copy(), point.copy()
        up[index] += eps
        down[index] -= eps
        slope[index] = (
            float(f(up if up.ndim else up.item())) - float(f(down if down.ndim else down.item()))
        ) / (2 * eps)
    atol = rtol * max(1e-3, float(np.abs(slope).max(initial=0.0)))
    hint = hint or "The gradient does not agree with finite differences."
    if is_tensor(got):
        got = tensor_array(got)
    close(got, slope if point.ndim else slope.item(), rtol=rtol, atol=atol, hint=hint)


class _Comparison:
    """One comparison: remembers the whole values, so that a difference deep inside is shown in place."""

    def __init__(
        self, got: Any, expected: Any, rtol: float, atol: float, hint: str, *, exact: bool = False
    ) -> None:
        self.got, self.expected = got, expected
        self.rtol, self.atol, self.hint, self.exact = rtol, atol, hint, exact

    def run(self, got: Any, expected: Any, where: str) -> None:
        """Compares one value, which stands at ``where`` in the whole."""
        if isinstance(expected, np.ndarray) or is_tensor(expected):
            self.array(got, expected, where)
        elif isinstance(expected, list | tuple):
            self.sequence(got, expected, where)
        elif isinstance(expected, dict):
            self.mapping(got, expected, where)
        elif _is_number(expected):
            self.number(got, expected, where)
        else:
            self.other(got, expected, where)

    def number(self, got: Any, expected: Any, where: str) -> None:
        """Compares a number. A 0-dimensional array or tensor counts as one, unless exact."""
        if not self.exact and (isinstance(got, np.ndarray) or is_tensor(got)) and got.ndim == 0:
            got = (tensor_array(got) if is_tensor(got) else got)[()]
        if not _is_number(got) or (self.exact and _number_kind(got) != _number_kind(expected)):
            self.fail(f"Expected {_described(expected)}, got {_described(got)}", where)
        if not self.agrees(np.asarray(got), np.asarray(expected)):
            self.fail(f"Expected {brief(expected)}, got {brief(got)}", where)

    def array(self, got: Any, expected: Any, where: str) -> None:
        """Compares an array or a tensor: kind, shape, dtype, finiteness, values."""
        if type(got) is not type(expected):
            self.fail(f"Expected {_described(expected)}, got {_described(got)}", where)
        mine, theirs = (tensor_array(v) if is_tensor(v) else v for v in (expected, got))
        if theirs.shape != mine.shape:
            summary = f"Expected shape {shape_text(mine.shape)}, got {shape_text(theirs.shape)}"
            self.fail(summary, where, views(mine, theirs, None))
        if (self.exact and str(got.dtype) != str(expected.dtype)) or _family(theirs) != _family(mine):
            wanted, came = (
                f"{_family(mine)} numbers ({expected.dtype})",
                f"{_family(theirs)} ones ({got.dtype})",
            )
            summary = f"Expected {wanted}, got {came}"
            self.fail(summary, where, views(mine, theirs, None))
        self.values(theirs, mine, where)

    def values(self, got: Array, expected: Array, where: str) -> None:
        """Compares the values of arrays whose shape and kind agree."""
        if got.dtype.kind not in _FAMILIES:
            differs = got != expected
        else:
            differs = ~_close(got, expected, self.rtol, self.atol)
        if differs.any():
            self.fail(_summary(got, expected, differs), where, views(expected, got, differs))

    def sequence(self, got: Any, expected: Any, where: str) -> None:
        """Compares lists and tuples item by item; one of numbers is drawn as an array."""
        accepted = (type(expected),) if self.exact else (list, tuple)
        if not isinstance(got, accepted) or (type(expected) is list and type(got) is not list):
            self.fail(f"Expected {_described(expected)}, got {_described(got)}", where)
        if len(got) != len(expected):
            self.fail(f"Expected {len(expected)} items, got {len(got)}", where)
        mine, theirs = _numbers(expected), _numbers(got)
        if not self.exact and mine is not None and theirs is not None and mine.shape == theirs.shape:
            self.values(theirs, mine, where)
            return
        for index, (one, other) in enumerate(zip(got, expected, strict=True)):
            self.run(one, other, f"{where}[{index}]")

    def mapping(self, got: Any, expected: dict[Any, Any], where: str) -> None:
        """Compares dictionaries: the same keys, then each value."""
        if not isinstance(got, dict):
            self.fail(f"Expected {_described(expected)}, got {_described(got)}", where)
        typed = {(type(key), key) for key in got}
        missing = [key for key in expected if (type(key), key) not in typed]
        if missing:
            self.fail(f"The key {brief(missing[0])} is missing", where)
        if len(got) > len(expected):
            extra = next(key for key in got if key not in expected)
            self.fail(f"The key {brief(extra)} is not expected", where)
        for key, value in expected.items():
            self.run(got[key], value, f"{where}[{brief(key, 40)}]")

    def other(self, got: Any, expected: Any, where: str) -> None:
        """Compares text, bytes, booleans, None and sets: same type, equal."""
        mine = _plain(expected)
        theirs = _plain(got)
        if type(theirs) is not type(mine):
            self.fail(f"Expected {_described(expected)}, got {_described(got)}", where)
        if isinstance(mine, set | frozenset):
            if {(type(item), item) for item in mine} != {(type(item), item) for item in theirs}:
                self.fail(f"Expected {brief(expected)}, got {brief(got)}", where)
        elif theirs != mine:
            self.fail(f"Expected {brief(expected)}, got {brief(got)}", where)

    def agrees(self, got: Array, expected: Array) -> bool:
        """Whether two numbers agree within the tolerance."""
        return bool(_close(got, expected, self.rtol, self.atol).all())

    def fail(self, summary: str, where: str, arrays: Any = None) -> NoReturn:
        """Raises CheckFailed with the hint first, then what differs and where."""
        summary = (f"At {where}: {summary}" if where else summary).rstrip(".") + "."
        expected, got = arrays or (brief(self.expected, 2000), brief(self.got, 2000))
        message = f"{self.hint.rstrip()} {summary}" if self.hint else summary
        raise CheckFailed(message, Difference(expected=expected, got=got, summary=summary))


def _close(got: Array, expected: Array, rtol: float, atol: float) -> Array:
    """Elementwise and written so that NaN fails: a comparison with NaN is false, and false is "differs"."""
    if expected.dtype.kind in "biu" and got.dtype.kind in "biu" and rtol == atol == 0:
        return np.asarray(got == expected)
    if got.dtype == object or expected.dtype == object:  # integers too large for any dtype
        return np.asarray(got == expected)
    kind = complex if "c" in got.dtype.kind + expected.dtype.kind else float
    one, other = got.astype(kind), expected.astype(kind)
    with np.errstate(all="ignore"):
        near = np.abs(one - other) <= atol + rtol * np.abs(other)
    return np.asarray((near & np.isfinite(one) & np.isfinite(other)) | (one == other))


def _summary(got: Array, expected: Array, differs: Array) -> str:
    """How many values differ, where, and by how much."""
    count, total = int(differs.sum()), differs.size
    where = np.argwhere(differs)
    text = f"{count} of {total} values {'differs' if count == 1 else 'differ'}" + _common_place(
        where, differs
    )
    if got.dtype.kind in "fc" and not np.isfinite(got[differs]).all():
        bad = next(index for index in where if not np.isfinite(got[tuple(index)]))
        return f"{text}; your result has {_index(got, bad)} at {_place(bad)}"
    first = where[0]
    return f"{text}; at {_place(first)} expected {_index(expected, first)}, got {_index(got, first)}"


def _common_place(where: Array, differs: Array) -> str:
    """The words ", all in row 0" where all that differ share a row or column of several."""
    if differs.ndim != 2 or len(where) < 2:
        return ""
    for axis, word in ((0, "row"), (1, "column")):
        if differs.shape[axis] > 1 and (where[:, axis] == where[0, axis]).all():
            return f", all in {word} {where[0, axis]}"
    return ""


def _place(index: Array) -> str:
    return f"[{', '.join(str(int(part)) for part in index)}]"


def _index(value: Array, index: Array) -> str:
    item = value[tuple(index)]
    return f"{float(item):.9g}" if value.dtype.kind == "f" else str(item)


def _family(value: Array) -> str:
    return _FAMILIES.get(value.dtype.kind, value.dtype.kind)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | complex | np.number) and not isinstance(value, bool)


def _number_kind(value: Any) -> str:
    if isinstance(value, int | np.integer):
        return "int"
    return "float" if isinstance(value, float | np.floating) else "complex"


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def _numbers(value: Any) -> Array | None:
    """A (nested) list of numbers as an array; None if it is ragged, mixed or holds anything else."""
    kinds, depth, level = set(), 0, [value]
    while level and all(isinstance(item, list | tuple) for item in level) and depth < 8:
        if len({len(item) for item in level}) > 1:
            return None
        level, depth = [inner for item in level for inner in item], depth + 1
    kinds = {type(item) for item in level}
    if not level or not all(issubclass(kind, int | float | np.number) and kind is not bool for kind in kinds):
        return None
    array = np.asarray(value)
    return array if array.dtype.kind in "iuf" else None


def _described(value: Any) -> str:
    """The kind of a value in words, with its own short text."""
    if isinstance(value, np.ndarray):
        return f"a NumPy array of shape {shape_text(value.shape)}"
    if is_tensor(value):
        return f"a torch tensor of shape {shape_text(tuple(value.shape))}"
    if value is None:
        return "None (does your function return something?)"
    words = {
        bool: "a boolean",
        str: "text",
        bytes: "bytes",
        list: "a list",
        tuple: "a tuple",
        dict: "a dictionary",
        int: "a whole number",
        float: "a floating-point number",
        complex: "a complex number",
        set: "a set",
    }
    word = words.get(type(_plain(value)))
    return f"{word}, {brief(value, 80)}" if word else brief(value, 80)
