"""What was measured on: facts for the record, and two cores for everybody."""

import os
import platform
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "var" / "bench"
CORES = 2
THREADS = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
"""One thread for each library, as in the sandbox, so that peers compute in the same way."""


def use_two_cores() -> None:
    """Keeps this process and all that it starts on CORES cores, where there are more."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])


def facts() -> dict[str, Any]:
    """The machine, the versions, how busy it was."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cores": len(os.sched_getaffinity(0)),
        "cores_of_machine": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "load_before": round(os.getloadavg()[0], 2),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": platform.python_version(),
        **{name: metadata.version(name) for name in ("numpy", "torch", "Django")},
    }
