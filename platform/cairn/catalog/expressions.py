"""Small expressions that authors write: arithmetic over named values, and nothing else.

``{{a * b}}`` or ``{{a / b:.2f}}`` in a text stands for the expression's value. An expression is parsed by
Python's own parser and then walked; what is not on the lists below is refused, so nothing can be called,
imported or reached by it.
"""

import ast
import math
import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

Value = float | int | str | bool
INSERTED = re.compile(r"\{\{([^{}]+?)(?::(\+?(?:\.\d)?[dfge]?))?\}\}")
MOST = 1e15  # larger numbers lose whole units, and nobody computes with them by hand

FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "abs": abs,
    "ceil": math.ceil,
    "comb": math.comb,
    "cos": math.cos,
    "exp": math.exp,
    "floor": math.floor,
    "gcd": math.gcd,
    "hypot": math.hypot,
    "log": math.log,
    "log2": math.log2,
    "log10": math.log10,
    "max": max,
    "min": min,
    "round": round,
    "sin": math.sin,
    "sqrt": math.sqrt,
    "tanh": math.tanh,
}
CONSTANTS: Mapping[str, Value] = {"pi": math.pi, "e": math.e}
_BINARY: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: lambda base, power: math.pow(base, power) if abs(power) <= 100 else _too_large(),
}
_COMPARED: Mapping[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}


class BadExpression(ValueError):
    """The expression is none, names what there is not, or has no finite value."""


def evaluate(expression: str, names: Mapping[str, Value]) -> Value:
    """A finite number, a truth or one of the texts in ``names``. Raises BadExpression."""
    try:
        value = _walk(ast.parse(expression.strip(), mode="eval").body, {**CONSTANTS, **names})
    except BadExpression as error:
        raise BadExpression(f"`{expression}`: {error}") from None
    except (SyntaxError, ValueError, TypeError, ArithmeticError, RecursionError, MemoryError) as error:
        raise BadExpression(f"`{expression}` has no value here: {error}") from None
    return value


def insert(text: str, names: Mapping[str, Value], leave: frozenset[str] = frozenset()) -> str:
    """``text`` with each ``{{expression}}`` in it as its value; ``leave`` stay. Raises BadExpression."""

    def value(found: re.Match[str]) -> str:
        return found[0] if found[1] in leave else written(evaluate(found[1], names), found[2] or "")

    return INSERTED.sub(value, text)


def written(value: Value, spec: str = "") -> str:
    """A value as a text shows it: whole numbers without a point, others to twelve digits."""
    if isinstance(value, str):
        return value
    if spec.endswith("d"):
        return format(round(value), spec)
    if not spec or spec == "+":
        whole = float(value).is_integer()
        return format(int(value), f"{spec}d") if whole else format(value, f"{spec}.12g")
    return format(float(value), spec)


def _walk(node: ast.expr, names: Mapping[str, Value]) -> Value:
    match node:
        case ast.Constant(value=bool() | int() | float() as value):
            return value
        case ast.Name(id=name):
            return _named(name, names)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            return _finite(_BINARY[type(op)](_number(left, names), _number(right, names)))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_number(operand, names)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return not _walk(operand, names)
        case ast.Compare(left=left, ops=ops, comparators=others):
            return _compared([left, *others], ops, names)
        case ast.BoolOp(op=op, values=values):
            truths = [bool(_walk(value, names)) for value in values]
            return all(truths) if isinstance(op, ast.And) else any(truths)
        case ast.IfExp(test=test, body=body, orelse=other):
            return _walk(body if _walk(test, names) else other, names)
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in FUNCTIONS:
            return _finite(FUNCTIONS[name](*(_number(argument, names) for argument in args)))
    raise BadExpression(f"`{ast.unparse(node)}` cannot stand in an expression")


def _named(name: str, names: Mapping[str, Value]) -> Value:
    if name not in names:
        raise BadExpression(f"there is no `{name}`; there are {', '.join(sorted(names))}")
    return names[name]


def _number(node: ast.expr, names: Mapping[str, Value]) -> float | int:
    value = _walk(node, names)
    if isinstance(value, str):
        raise BadExpression(f"`{ast.unparse(node)}` is a text and no number")
    return value


def _compared(nodes: list[ast.expr], ops: list[ast.cmpop], names: Mapping[str, Value]) -> bool:
    values = [_walk(node, names) for node in nodes]
    if unknown := [op for op in ops if type(op) not in _COMPARED]:
        raise BadExpression(f"`{type(unknown[0]).__name__}` cannot stand in an expression")
    pairs = zip(values[:-1], ops, values[1:], strict=True)
    return all(_COMPARED[type(op)](before, after) for before, op, after in pairs)


def _finite(value: Any) -> float | int:
    if not isinstance(value, int | float) or not math.isfinite(value) or abs(value) > MOST:
        _too_large()
    number: float | int = value
    # A power of whole numbers is whole again, as on paper.
    return int(number) if isinstance(number, float) and number.is_integer() else number


def _too_large() -> Any:
    raise BadExpression("its value is not a finite number of ordinary size")
