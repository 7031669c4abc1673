"""How a value looks on the page: a short text, or the window of an array that matters."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from grader.contract import ArrayView

WINDOW = 8
Array = NDArray[Any]


def brief(value: Any, limit: int = 160) -> str:
    """A value as a person would write it, at most ``limit`` characters."""
    if isinstance(value, np.ndarray):
        text = _brief_array(value, "array")
    elif is_tensor(value):
        text = _brief_array(tensor_array(value), "tensor")
    elif isinstance(value, np.generic):
        text = str(value)
    elif isinstance(value, list | tuple | set | frozenset | dict):
        text = _brief_container(value, limit)
    elif isinstance(value, int) and value.bit_length() > 2000:
        text = f"an integer of {value.bit_length()} bits"
    elif isinstance(value, str | bytes):
        text = repr(value[: limit + 1])
    else:
        text = repr(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _brief_array(value: Array, word: str) -> str:
    if value.size <= 12:
        cells = np.array2string(value, separator=", ", threshold=20, formatter={"float_kind": _number})
        return f"{word}({cells.replace(chr(10), '')})"
    return f"{word} of shape {shape_text(value.shape)}"


def _number(value: Any) -> str:
    """A float as a person writes it: 0.0 and not 0.000e+00, with an exponent only where it is needed."""
    if float(value).is_integer() and abs(value) < 1e9:
        return f"{float(value):.1f}"
    return f"{float(value):.8g}"


def _brief_container(value: Any, limit: int) -> str:
    if isinstance(value, dict):
        pairs = list(value.items())[:20]
        inside = ", ".join(f"{brief(key, limit // 2)}: {brief(item, limit // 2)}" for key, item in pairs)
        return "{" + inside + (", …}" if len(value) > 20 else "}")
    inside = ", ".join(brief(item, limit // 2) for item in list(value)[:20]) + (
        ", …" if len(value) > 20 else ""
    )
    if isinstance(value, list):
        return f"[{inside}]"
    if isinstance(value, tuple):
        return f"({inside},)" if len(value) == 1 else f"({inside})"
    return f"{{{inside}}}" if value else f"{type(value).__name__}()"


def shape_text(shape: tuple[int, ...]) -> str:
    """A shape as Python writes it."""
    return f"({shape[0]},)" if len(shape) == 1 else f"({', '.join(map(str, shape))})"


def is_tensor(value: Any) -> bool:
    """Whether ``value`` is a torch tensor, without importing torch for values that are not."""
    return type(value).__module__.partition(".")[0] == "torch" and hasattr(value, "detach")


def tensor_array(value: Any) -> Array:
    """A tensor's numbers as an array of its own kind; bfloat16, which NumPy lacks, as float32."""
    plain = value.detach().cpu()
    return np.asarray((plain.float() if "bfloat16" in str(plain.dtype) else plain).numpy())


def views(expected: Array, got: Array, differs: Array | None) -> tuple[ArrayView, ArrayView]:
    """Both arrays around the first cell that differs, the same window of each where the shapes agree."""
    first = np.argwhere(differs)[0] if differs is not None and differs.any() else np.zeros(got.ndim, int)
    digits = 6 if differs is None or _distinct(expected, got, differs, 6) else 17
    if differs is None:
        return view(expected, digits=digits), view(got, digits=digits)
    start = tuple(int(index) for index in first)
    return view(expected, start, differs, digits), view(got, start, differs, digits)


def view(
    value: Array, around: tuple[int, ...] = (), differs: Array | None = None, digits: int = 6
) -> ArrayView:
    """At most 8 by 8 cells of ``value`` around one cell, drawn as rows; deeper axes stay at that cell."""
    around = around or (0,) * value.ndim
    index = tuple(
        _span(size, at) if axis >= value.ndim - 2 else slice(at, at + 1)
        for axis, (size, at) in enumerate(zip(value.shape, around, strict=True))
    )
    window = _as_rows(value[index])
    marks = _as_rows(differs[index]) if differs is not None else np.zeros(window.shape, bool)
    return ArrayView(
        shape=value.shape,
        dtype=str(value.dtype),
        rows=tuple(tuple(_cell(item, digits) for item in row) for row in window),
        origin=tuple(span.start for span in index),
        differs=tuple((int(row), int(column)) for row, column in np.argwhere(marks)),
    )


def _as_rows(value: Array) -> Array:
    """A window as a table; one of a zero-size array is an empty table."""
    return (
        value.reshape((-1, value.shape[-1])) if value.ndim and value.size else value.reshape((1, value.size))
    )


def _span(size: int, at: int) -> slice:
    """Up to 8 indices of an axis: all of a short one, else those around ``at``."""
    start = 0 if size <= WINDOW else min(max(at - WINDOW // 2, 0), size - WINDOW)
    return slice(start, min(start + WINDOW, size))


def _distinct(expected: Array, got: Array, differs: Array, digits: int) -> bool:
    """Whether the differing cells also look different with this many digits."""
    pairs = zip(expected[differs][:64], got[differs][:64], strict=True)
    return all(_cell(one, digits) != _cell(other, digits) for one, other in pairs)


def _cell(item: Any, digits: int) -> str:
    if isinstance(item, np.floating | float):
        return f"{float(item):.{digits}g}"
    return str(item)[:40]
