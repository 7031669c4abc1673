"""What a node says of itself to the people who look after it: versions, and the warm processes it keeps."""

import functools
import hashlib
import platform
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from typing import Literal

from grader import judges
from grader.contract import NodeState, WarmProcess
from grader.harness.forks import NURSERY, WARM
from grader.nursery import Nursery
from grader.sandbox import tree
from grader.sandbox.base import Backend
from grader.sandbox.warm import Warm
from grader.training import devices

_NAMED = ("torch", "numpy", "scikit-learn")
_GRADER = Path(__file__).resolve().parent


def state(backend: Backend, address: str = "") -> NodeState:
    """What there is now. Takes a few milliseconds, for it reads the memory of every warm process.

    ``address`` is where other nodes reach this one, if it trains together with them.
    """
    cell = backend.nursery() if isinstance(backend, Warm) else None
    warm = [*_warm(cell, "learner"), *_warm(judges.nursery(), "judge")]
    said = versions() | {"sandbox": backend.name} | devices.described()
    return NodeState(versions=said, warm=tuple(warm), address=address)


@functools.cache
def versions() -> dict[str, str]:
    """Python, the libraries that learners meet, and the code of the grader itself."""
    found = {"python": platform.python_version(), "code": code_version()}
    for name in _NAMED:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "absent"
    return found


@functools.cache
def code_version() -> str:
    """Twelve hex digits that change with any source file of the grader, tests left out."""
    digest = hashlib.sha256()
    for path in sorted(_GRADER.rglob("*.py")):
        place = path.relative_to(_GRADER)
        if place.parts[0] not in ("tests", "testsuite"):
            digest.update(str(place).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


def _warm(nursery: Nursery | None, side: Literal["learner", "judge"]) -> Iterable[WarmProcess]:
    """Only children of the nursery itself count: a fork may call itself what it likes."""
    for pid in tree.children(_itself(nursery.pid)) if nursery else ():
        if (name := tree.name(pid)).startswith(WARM):
            yield WarmProcess(runtime=name.removeprefix(WARM), side=side, bytes=tree.held(pid))


def _itself(pid: int) -> int:
    """The nursery among its ancestors: bubblewrap may stand before it, once or twice. 0 if it is gone."""
    while pid and tree.name(pid) != NURSERY:
        pid = next(iter(tree.children(pid)), 0)
    return pid
