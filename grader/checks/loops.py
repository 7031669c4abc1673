"""Whether a program has a training loop that never clears its gradients: read from its syntax, never run.

A loop is looked at with everything that it calls, as far as the files at hand define it. Names are followed
and values are not: what is found is a hint, and what cannot be followed is given the benefit of the doubt.
"""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_OPTIMIZERS = re.compile(
    r"SGD|ASGD|LBFGS|Rprop|RMSprop|Adagrad|Adadelta|Adafactor|Lion|Muon|[A-Z]?[a-z]*Adam[A-Z]?\w*"
)
_CLEARS = re.compile(r"zero_?grad\w*|(zero|clear|reset)_\w*grad\w*|zero_")
_FRESH = re.compile(r"requires_grad_?|autograd")
_CLEARED_ELSEWHERE = re.compile(r"\bTrainer\b|register_step_\w+_hook|post_accumulate_grad_hook")
_MOST_NODES, _MOST_LOOPS = 20_000, 100  # of a program that is read: some thousand lines
_Loop = ast.For | ast.AsyncFor | ast.While
_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Loop:
    """Where a loop begins."""

    file: str
    line: int


def uncleared(files: Mapping[str, str]) -> Loop | None:
    """The shortest loop that calls ``backward()`` and ``step()`` and clears no gradient, if there is one.

    Not counted are loops that make their optimizer or their variables anew, networks whose own ``backward``
    computes gradients anew, Trainer, and hooks of the optimizer. Files that are no Python say nothing, nor
    do programs that are far longer than one that trains.
    """
    if any(_CLEARED_ELSEWHERE.search(text) for text in files.values()):
        return None
    program = _Program(dict(_parsed(files)))
    found = [(file, loop) for file, loop in program.loops() if program.does(loop) == {"backward", "step"}]
    file, loop = min(found, key=lambda one: (one[1].end_lineno or 0) - one[1].lineno, default=("", None))
    return None if loop is None else Loop(file, loop.lineno)


class _Program:
    """The files of a program: its loops, and what a piece of it does with gradients."""

    def __init__(self, trees: Mapping[str, ast.Module]) -> None:
        self._nodes = {name: list(ast.walk(tree)) for name, tree in trees.items()}
        self._modules = {name.removesuffix(".py") for name in trees}
        self._functions: dict[str, list[_Function]] = defaultdict(list)
        self._methods: dict[str, list[_Function]] = defaultdict(list)
        for nodes in self._nodes.values():
            self._define(nodes)

    def loops(self) -> list[tuple[str, _Loop]]:
        """Every loop with the file that it is in; none of a program that is too long to read."""
        if sum(map(len, self._nodes.values())) > _MOST_NODES:
            return []
        loops = (ast.For, ast.AsyncFor, ast.While)
        found = [
            (name, one) for name, nodes in self._nodes.items() for one in nodes if isinstance(one, loops)
        ]
        return found[:_MOST_LOOPS]

    def does(self, node: ast.AST) -> set[str]:
        """Of backward, step, clear and anew, what happens in a node and in all that it calls."""
        found: set[str] = set()
        waiting, seen = [node], {id(node)}
        while waiting:
            for one in ast.walk(waiting.pop()):
                found |= _deeds(one)
                called = [function for function in self._named(one) if id(function) not in seen]
                seen.update(map(id, called))
                waiting += called
        return found

    def _named(self, node: ast.AST) -> list[_Function]:
        """The functions of the program that a name or an attribute may mean."""
        if isinstance(node, ast.Name):
            return self._functions.get(node.id, [])
        if not isinstance(node, ast.Attribute):
            return []
        of_module = isinstance(node.value, ast.Name) and node.value.id in self._modules
        return (self._functions if of_module else self._methods).get(node.attr, [])

    def _define(self, nodes: list[ast.AST]) -> None:
        """Note functions and methods by name, classes by what making one runs, and other names of these."""
        classes = [node for node in nodes if isinstance(node, ast.ClassDef)]
        methods = [one for cls in classes for one in cls.body if isinstance(one, _Function)]
        within = set(map(id, methods))
        for node in nodes:
            if isinstance(node, _Function):
                (self._methods if id(node) in within else self._functions)[node.name].append(node)
        for cls in classes:
            self._functions[cls.name] += [
                one for one in methods if one in cls.body and one.name == "__init__"
            ]
        for node in nodes:
            if isinstance(node, ast.alias) and node.asname:
                self._functions[node.asname] = self._functions[node.name]


def _parsed(files: Mapping[str, str]) -> Iterator[tuple[str, ast.Module]]:
    for name, text in files.items():
        if name.endswith(".py"):
            try:
                yield name, ast.parse(text)
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                continue


def _deeds(node: ast.AST) -> set[str]:
    """What one node, without those below it, does with gradients."""
    match node:
        case ast.Call(func=ast.Attribute(attr="backward" | "step" as deed)):
            return {deed}
        case ast.FunctionDef(name="backward", args=ast.arguments(args=[ast.arg(arg="self"), *_])):
            return {"anew"}
        case ast.Assign(targets=[target], value=value) | ast.AugAssign(target=target, value=value):
            return _assigned(node, target, value)
        case ast.Attribute(attr="fill_", value=value) if _is_gradient(value):
            return {"clear"}
        case ast.Attribute(attr=name) | ast.Name(id=name) | ast.keyword(arg=str(name)):
            return _of_name(name)
    return set()


def _assigned(node: ast.AST, target: ast.expr, value: ast.expr) -> set[str]:
    """``p.grad = None`` and ``p.grad *= 0`` clear; ``p -= rate * p.grad`` is a step; others are neither."""
    uses, subtracts = any(map(_is_gradient, ast.walk(value))), isinstance(getattr(node, "op", None), ast.Sub)
    if _is_gradient(target):
        return set() if uses or isinstance(getattr(node, "op", None), ast.Add) else {"clear"}
    return {"step"} if uses and (subtracts or getattr(target, "attr", "") == "data") else set()


def _of_name(name: str) -> set[str]:
    if _CLEARS.fullmatch(name):
        return {"clear"}
    return {"anew"} if _OPTIMIZERS.fullmatch(name) or _FRESH.fullmatch(name) else set()


def _is_gradient(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "grad"
