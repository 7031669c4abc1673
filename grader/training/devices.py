"""The accelerators of this node: found without touching them, lent to one job each, and looked at afterwards.

The node itself never starts CUDA: that would take memory of each device, and a fork of it could not use them.
What is known of them comes from the driver's own program, ``nvidia-smi``.
"""

import functools
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_QUERY = "--query-gpu=index,uuid,name,memory.total"
_SECONDS = 20
_LEFT_OVER = 512 * 2**20  # of a device's memory that the driver itself may keep
_LOOK_SECONDS = 1.0
SHARERS = 4  # jobs on one device, where their project allows it
ALONE = SHARERS + 1
_COMMON = ("nvidiactl", "nvidia-uvm", "nvidia-uvm-tools", "nvidia-modeset")
_DRIVERS = (
    "/usr/local/nvidia",
    "/usr/local/cuda/compat",
    "/run/nvidia/driver",
    "/sys/bus/pci",
    "/sys/devices",
)


@dataclass(frozen=True)
class Device:
    """One accelerator. ``memory_bytes`` is what it has in all."""

    index: int
    uuid: str
    name: str
    memory_bytes: int

    def files(self) -> tuple[Path, ...]:
        """The device files that a job needs for it."""
        named = [Path("/dev") / name for name in (f"nvidia{self.index}", *_COMMON)]
        return tuple(path for path in named if path.exists())


class NotFree(Exception):
    """A device still holds memory after its job: somebody else uses it, or the driver lost track."""


@functools.cache
def found() -> tuple[Device, ...]:
    """The devices of this machine, in the driver's order; none where there is no driver."""
    return tuple(_read(line) for line in _smi(_QUERY))


def _read(line: str) -> Device:
    index, uuid, name, memory = (field.strip() for field in line.split(","))
    return Device(int(index), uuid, name, int(memory) * 2**20)


def described() -> dict[str, str]:
    """The devices in words, for the people who look after the node: count, name, memory of each."""
    if not found():
        return {}
    one = found()[0]
    return {"gpu": f"{len(found())} of {one.name[:40]}, {one.memory_bytes / 2**30:.0f} GB"}


def driver_files() -> tuple[Path, ...]:
    """Folders beside the system's that drivers keep their libraries in, and what CUDA reads of a machine."""
    return tuple(path for path in map(Path, _DRIVERS) if path.is_dir())


def used_bytes(device: Device) -> int:
    """How much of its memory is in use now. Raises NotFree if the driver does not answer."""
    lines = _smi("--query-gpu=memory.used", f"--id={device.uuid}")
    if not lines:
        raise NotFree(f"The driver says nothing of {device.name}.")
    return int(lines[0]) * 2**20


def utilisation(device: Device) -> tuple[float, int] | None:
    """Its share of busy time, from 0 to 1, and bytes in use; None if the driver does not answer."""
    lines = _smi("--query-gpu=utilization.gpu,memory.used", f"--id={device.uuid}")
    try:
        busy, memory = (float(field) for field in lines[0].split(","))
    except (IndexError, ValueError):
        return None
    return busy / 100, int(memory) * 2**20


class Lender:
    """Lends devices to jobs for as long as they last: to one each, or to several that may share one.

    A job waits until there are devices for it: it keeps its lease meanwhile.
    """

    def __init__(self, devices: tuple[Device, ...]) -> None:
        self._users = dict.fromkeys(
            devices, 0
        )  # how many jobs are on a device; ALONE: one that does not share
        self._changed = threading.Condition()

    @contextmanager
    def lend(self, count: int, *, shared: bool = False, cancel: threading.Event) -> Iterator[list[Device]]:
        """So many devices, until the caller leaves; none where ``cancel`` was set while it waited.

        Raises NotFree if this node does not have as many at all.
        """
        if count > len(self._users):
            raise NotFree(f"This node has {len(self._users)} devices, and the job needs {count}.")
        with self._changed:
            while len(fit := self._fitting(shared)) < count and not cancel.is_set():
                self._changed.wait(_LOOK_SECONDS)
            lent = [] if cancel.is_set() else fit[:count]
            for device in lent:
                self._users[device] += 1 if shared else ALONE
        try:
            yield lent
        finally:
            with self._changed:
                for device in lent:
                    self._users[device] -= 1 if shared else ALONE
                self._changed.notify_all()

    def _fitting(self, shared: bool) -> list[Device]:
        """The devices that such a job may have now. Who shares joins others before it takes a free one."""
        most = SHARERS - 1 if shared else 0
        fit = [device for device, users in self._users.items() if users <= most]
        return sorted(fit, key=lambda device: -self._users[device])

    def is_alone(self, device: Device) -> bool:
        """Whether only one job is on it, so that what it holds is that job's."""
        with self._changed:
            return self._users[device] in (1, ALONE)


@functools.cache
def lender() -> Lender:
    """The one of this node."""
    return Lender(found())


def check_free(devices: list[Device], before: dict[str, int]) -> None:
    """Raises NotFree if a device holds notably more than before the job."""
    for device in devices:
        if (now := used_bytes(device)) > before[device.uuid] + _LEFT_OVER:
            raise NotFree(f"{device.name} still holds {now >> 20} MB after its job.")


def _smi(*query: str) -> list[str]:
    program = shutil.which("nvidia-smi")
    if program is None:
        return []
    command = [program, *query, "--format=csv,noheader,nounits"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return []
    return done.stdout.splitlines() if done.returncode == 0 else []
