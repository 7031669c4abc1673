"""How long an author waits: checking the curriculum, publishing it, publishing it unchanged."""

import shutil
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from bench.machine import OUT
from bench.site import Site
from bench.timing import interleave, summary

START, CHECK, COLD, UNCHANGED = "start-up alone", "check", "sync, first", "sync, unchanged"
_HOME = OUT / "publish-home"


def measure(rounds: int, say: Callable[[str], None]) -> dict[str, Any]:
    """Seconds of each command, its start-up included."""
    say("Publish: check and sync, in turns")
    shutil.rmtree(_HOME, ignore_errors=True)
    ours = Site(_HOME)
    ours.manage("migrate")
    empty = _HOME.with_suffix(".empty")
    shutil.copytree(_HOME, empty, dirs_exist_ok=True)

    def first() -> float:
        """Publishes into empty tables."""
        shutil.rmtree(_HOME)
        shutil.copytree(empty, _HOME)
        return ours.manage("curriculum", "sync")

    samplers = {
        START: lambda: ours.manage("version"),
        CHECK: lambda: ours.manage("curriculum", "check"),
        COLD: first,
        UNCHANGED: lambda: ours.manage("curriculum", "sync"),
    }
    taken = interleave(samplers, dict.fromkeys(samplers, rounds))
    return {"commands": {name: asdict(summary(samples)) for name, samples in taken.items()}}
