"""The sandbox of a training: the same root as a job's, and in it what this run was given, read-only.

``/cairn`` has the program's files, its parameters, inputs and checkpoint, and the socket to the node;
``/data`` the public arrays. The work folder ``/box`` lies in memory and is as large as the project's disk
limit. Where grading is warm, this is a cold sandbox all the same: a training lasts, and imports once.
"""

import contextlib
import functools
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from grader.contract import Limits
from grader.sandbox.base import Backend, Confined, ProcessTree, SandboxUnavailable
from grader.sandbox.bubblewrap import HOME, Bubblewrap, Extras, start_with
from grader.sandbox.runtime import packages_of, runtime

GIVEN, DATA = "/cairn", "/data"
_HERE = Path(__file__).resolve().parent
_MODULES = (("client", "cairn"), ("tensors", "_cairn_tensors"), ("shims", "_cairn_shims"))


def require_isolation(backend: Backend | None) -> None:
    """Raises SandboxUnavailable where a training could not be confined. ``backend``: the node's own."""
    if backend is not None and not backend.isolates:
        raise SandboxUnavailable("Training runs need isolation, and this node was told to do without.")
    if reason := Bubblewrap().self_test():
        raise SandboxUnavailable(f"Training runs need bubblewrap, which does not work here: {reason}")


@dataclass(frozen=True)
class Given:
    """What a cell shows: a folder of ours as ``/cairn``, data sets by name, and artifacts."""

    folder: Path
    data: dict[str, Path] = field(default_factory=dict)
    artifacts: Path | None = None
    devices: tuple[Path, ...] = ()
    libraries: tuple[Path, ...] = ()  # of the devices' drivers
    environment: dict[str, str] = field(default_factory=dict)

    def shown(self) -> tuple[tuple[Path, str], ...]:
        """Pairs of where on the host, and where inside."""
        pairs = [(self.folder, GIVEN)]
        pairs += [(folder, f"{DATA}/{name}") for name, folder in self.data.items()]
        pairs += [(_HERE / f"{file}.py", f"/packages/{name}.py") for file, name in _MODULES]
        pairs += [(path, f"/packages/{path.name}") for path in _packages()]
        pairs += [(path, str(path)) for path in self.libraries]
        if self.artifacts is not None:
            pairs.append((self.artifacts, f"{HOME}/artifacts"))
        return tuple(pairs)


@functools.cache
def _packages() -> tuple[Path, ...]:
    """What trainings can import beside what every job can. Raises PackageNotFoundError."""
    return tuple(sorted(packages_of(_HERE / "requirements.txt") - set(runtime().packages)))


def start_training(
    given: Given, limits: Limits, disk_bytes: int, processes: int, network: str | None
) -> ProcessTree:
    """Starts the program that trains. ``network``: the interface by which processes meet. Raises OSError."""
    extras = Extras(
        shown=(*given.shown(), (_HERE / "program.py", "/harness/program.py")),
        devices=given.devices,
        environment=_threads(processes) | _meeting_by(network) | given.environment,
        box_bytes=disk_bytes,
        local_network=network is not None,
    )
    command = [str(runtime().python), "-I", "-S", "-B", "-u", "/harness/program.py", "/packages"]
    return start_with(extras, command, limits)


class Evaluating:
    """A backend for the judge's session after a training: cold, with the run's artifacts in place."""

    name = "bubblewrap"
    isolates = True

    def __init__(self, given: Given) -> None:
        self._given = given

    def self_test(self) -> str:
        """As bubblewrap's own."""
        return Bubblewrap().self_test()

    def launch(self, rpc: int, limits: Limits, libraries: Sequence[str] = ()) -> Confined:
        """Starts the learner's harness. Raises OSError."""
        extras = Extras(
            shown=self._given.shown(),
            devices=self._given.devices,
            environment=_threads(1) | self._given.environment,
        )
        harness = [
            str(runtime().python),
            "-I",
            "-S",
            "-B",
            "-u",
            "/harness/learner.py",
            str(rpc),
            "/packages",
        ]
        return start_with(extras, harness, limits, (rpc,))


def _threads(processes: int) -> dict[str, str]:
    """The machine's processors, divided; torch takes as many threads as it is told here."""
    count = str(max(1, (os.cpu_count() or 1) // processes))
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    # Threads that wait asleep, not spinning: other jobs of the node share the processors.
    more = {"OMP_WAIT_POLICY": "PASSIVE", "HF_HUB_OFFLINE": "1", "TQDM_MININTERVAL": "5"}
    return dict.fromkeys(names, count) | more


def _meeting_by(network: str | None) -> dict[str, str]:
    if network is None:
        return {}
    # Nobody in there knows a name for an address, of which torch would warn at each connection.
    names = dict.fromkeys(("GLOO_SOCKET_IFNAME", "NCCL_SOCKET_IFNAME"), network)
    return names | {"TORCH_CPP_LOG_LEVEL": "ERROR"}


def open_to_all(folder: Path) -> None:
    """Lets the sandbox's user, who is nobody here, read what lies in a folder of ours."""
    for path in (folder, *folder.rglob("*")):
        with contextlib.suppress(OSError):
            path.chmod(0o755 if path.is_dir() else 0o644)
