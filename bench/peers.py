"""Other ways to grade the same submission: each starts cold, as it does for every submission in practice."""

# ruff: noqa: S603  it starts programs of its own choosing, never of a visitor's

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

from bench.machine import OUT, ROOT, THREADS
from bench.timing import Sampler
from bench.workload import CALLS, PROOF, Workload
from grader.sandbox.bubblewrap import bwrap

VENV = OUT / "venv"
PACKAGES = ("jupyter_client", "ipykernel", "otter-grader")
_SECONDS = 300
_SLOW = ("Jupyter kernel", "otter-grader")
_PYTHON = VENV / "bin" / "python"
_BIND = ["--unshare-all", "--die-with-parent", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc",
         "--tmpfs", "/tmp"]  # fmt: skip  # noqa: S108 - the one inside


class Absent(Exception):
    """A peer cannot be had on this machine; the message says why."""


@dataclass(frozen=True)
class Peer:
    """A way to grade. ``slow`` ones take seconds and are sampled less often."""

    name: str
    slow: bool
    sampler: Sampler


def install() -> dict[str, str]:
    """Makes the peers' own environment where it is missing. Returns why packages are absent, by name.

    It sees the project's packages (numpy, torch) behind its own, so that they need not be there twice.
    """
    if not _PYTHON.exists():
        subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True)
        (library,) = VENV.glob("lib/python*/site-packages")
        (library / "project.pth").write_text(f"{_project_packages()}\n")
    return {name: why for name in PACKAGES if (why := _install_one(name))}


def _project_packages() -> Path:
    import torch

    return Path(torch.__file__).parent.parent


def _install_one(name: str) -> str:
    pip = [str(_PYTHON), "-m", "pip", "--disable-pip-version-check"]
    if not subprocess.run([*pip, "show", "--quiet", name], capture_output=True, check=False).returncode:
        return ""
    done = subprocess.run([*pip, "install", "--quiet", name], capture_output=True, text=True, check=False)
    errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
    return "" if not done.returncode else (errors or ["pip failed"])[-1][:200]


@contextlib.contextmanager
def peers(work: Workload, missing: dict[str, str]) -> Iterator[tuple[list[Peer], dict[str, str]]]:
    """The peers that can grade ``work`` here, and why each of the others is absent."""
    folder = OUT / "work" / work.kind
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    script = folder / "file.py"
    script.write_text(work.script())
    found: list[Peer] = []
    absent: dict[str, str] = {}
    with contextlib.ExitStack() as stack:
        makers: dict[str, Callable[[], Sampler]] = {
            "cold python": lambda: _python(script),
            "cold python in bubblewrap": lambda: _bubblewrap(script),
            "Jupyter kernel": lambda: stack.enter_context(_jupyter(script, missing)),
            "otter-grader": lambda: _otter(work, folder, missing),
        }
        for name, make in makers.items():
            try:
                found.append(Peer(name, name in _SLOW, make()))
            except Absent as why:
                absent[name] = str(why)
        yield found, absent


def _timed(command: list[str], proof: str = PROOF) -> float:
    """Seconds of a command, which must print ``proof``. Raises RuntimeError, or TimeoutExpired."""
    began = time.perf_counter()
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        cwd="/",
        env={**os.environ, **THREADS},
        check=False,
        timeout=_SECONDS,
    )
    seconds = time.perf_counter() - began
    if proof not in done.stdout:
        raise RuntimeError(f"{command[0]} did not answer: {(done.stderr or done.stdout)[-500:]}")
    return seconds


def _python(script: Path) -> Sampler:
    return lambda: _timed([sys.executable, str(script)])


def _bubblewrap(script: Path) -> Sampler:
    program = bwrap()
    if program is None:
        raise Absent("there is no bwrap program")
    folder = str(script.parent)  # which a fresh /tmp may have hidden
    command = [str(program), *_BIND, "--ro-bind", folder, folder, sys.executable, str(script)]
    try:
        _timed(command)
    except RuntimeError as error:
        raise Absent(str(error)) from None
    return lambda: _timed(command)


@contextlib.contextmanager
def _jupyter(script: Path, missing: dict[str, str]) -> Iterator[Sampler]:
    """A process that has jupyter_client imported, as a server has; the kernels it starts are cold."""
    for name in ("jupyter_client", "ipykernel"):
        if name in missing:
            raise Absent(f"{name} could not be installed: {missing[name]}")
    driver = subprocess.Popen(
        [str(_PYTHON), str(ROOT / "bench" / "drivers" / "jupyter.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, **THREADS},
    )
    asking, answers = cast(IO[str], driver.stdin), cast(IO[str], driver.stdout)

    def sample() -> float:
        asking.write(f"{script}\n")
        asking.flush()
        seconds, said = json.loads(answers.readline())
        if PROOF not in said:
            raise RuntimeError(f"the Jupyter kernel did not answer: {said[-500:]}")
        return float(seconds)

    try:
        yield sample
    finally:
        asking.close()
        driver.wait(timeout=30)


def _otter(work: Workload, folder: Path, missing: dict[str, str]) -> Sampler:
    """``otter run`` on a notebook, with five hidden tests, as a teacher's machine would."""
    if "otter-grader" in missing:
        raise Absent(f"it could not be installed: {missing['otter-grader']}")
    notebook, out = folder / "submission.ipynb", folder / "out"
    notebook.write_text(_notebook(work.solution))
    _otter_tests(work, folder / "tests")
    otter = [str(_PYTHON), "-m", "otter"]
    package = str(folder / "autograder.zip")
    generate = [*otter, "generate", "-t", str(folder / "tests"), "-o", package, "--no-environment"]
    made = subprocess.run(generate, capture_output=True, text=True, check=False, cwd=folder)
    if made.returncode:
        raise Absent(f"otter generate failed: {made.stderr[-200:]}")
    command = [*otter, "run", str(notebook), "-a", package, "-o", str(out)]

    def sample() -> float:
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir()
        seconds = _timed(command, "GRADING SUMMARY")
        results = json.loads((out / "results.json").read_text())
        if (points := sum(test.get("score", 0) for test in results["tests"])) < CALLS:
            raise RuntimeError(f"otter-grader gave {points} of {CALLS} points")
        return seconds

    try:
        sample()
    except (RuntimeError, OSError) as error:
        raise Absent(f"otter run failed: {error}"[:300]) from None
    return sample


def _notebook(code: str) -> str:
    cell: dict[str, Any] = {
        "cell_type": "code",
        "id": "solution",
        "metadata": {},
        "outputs": [],
        "execution_count": None,
        "source": code,
    }
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": kernel, "cells": [cell]})


def _otter_tests(work: Workload, folder: Path) -> None:
    """One file for each call, in otter's own format."""
    folder.mkdir()
    for number in range(CALLS):
        code = f"{work.calls}\nimport types\ncall(types.SimpleNamespace(**globals()), {number})"
        case = {"code": f">>> exec({code!r})", "hidden": True}
        suite = {"cases": [case], "type": "doctest", "scored": True}
        test = {"name": f"q{number}", "points": 1, "suites": [suite]}
        (folder / f"q{number}.py").write_text(f"OK_FORMAT = True\n\ntest = {test!r}\n")
