"""What an author's ``tests.py`` or ``evaluate.py`` says about itself, read from its syntax and never run."""

import ast
import math
from dataclasses import dataclass
from textwrap import dedent


@dataclass(frozen=True)
class Example:
    """A visible test: its name, the title on its row, and the lines that a learner may see."""

    name: str
    title: str
    source: str


@dataclass(frozen=True)
class AuthoredTests:
    """The tests of one file. ``rows`` counts their rows; ``metrics`` is None if a name is computed."""

    names: tuple[str, ...]
    examples: tuple[Example, ...]
    rows: int
    metrics: frozenset[str] | None


def read(source: str) -> AuthoredTests:
    """The tests in ``source``. Raises SyntaxError."""
    tree = ast.parse(source)
    tests = [
        node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    ]
    return AuthoredTests(
        names=tuple(test.name for test in tests),
        examples=tuple(_example(test, source) for test in tests if _decorator(test, "example")),
        rows=sum(_rows(test) for test in tests),
        metrics=_metrics(tree),
    )


def _decorator(test: ast.FunctionDef, name: str) -> ast.expr | None:
    for decorator in test.decorator_list:
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        if getattr(called, "id", getattr(called, "attr", "")) == name:
            return decorator
    return None


def _example(test: ast.FunctionDef, source: str) -> Example:
    doc = ast.get_docstring(test)
    body = test.body[1:] if doc else test.body
    lines = source.splitlines()[body[0].lineno - 1 : test.end_lineno] if body else []
    title = doc.splitlines()[0] if doc else test.name.removeprefix("test_").replace("_", " ")
    return Example(test.name, title, dedent("\n".join(lines)))


def _rows(test: ast.FunctionDef) -> int:
    """One row, or one for each combination of ``@cases``. A list that is computed counts as one."""
    cases = _decorator(test, "cases")
    if not isinstance(cases, ast.Call):
        return 1
    written = (keyword.value for keyword in cases.keywords)
    return math.prod(len(value.elts) if isinstance(value, ast.List | ast.Tuple) else 1 for value in written)


def _metrics(tree: ast.Module) -> frozenset[str] | None:
    calls = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "metric" and node.args
    ]
    names = [call.args[0].value for call in calls if isinstance(call.args[0], ast.Constant)]
    return frozenset(map(str, names)) if len(names) == len(calls) else None
