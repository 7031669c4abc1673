"""Rooms and seals: what the sandbox asks of the kernel by system calls for which Python has no function.

A *room* is one job's set of namespaces (user, mount, PID, network, IPC, UTS, cgroup) with empty work folders
and a ``/proc`` of its own. A first process of ours holds it; when that one is killed, the kernel ends all
others in the room at once. A *seal* takes from the calling process whatever it could still reach out with.

Runs inside the cell, on its own: only the standard library.
"""

# pathlib would be one more import in every warm process.
# ruff: noqa: PTH123

import contextlib
import ctypes
import os
import platform
import signal
import struct

HOME = "/box"
FOLDERS = (HOME, "/tmp", "/dev/shm")  # noqa: S108
SIZE = 32 * 2**20
_USER = 65534  # inside; outside it is the user who started the cell, who is nobody on the host

_NEW_USER, _NEW_MOUNTS, _NEW_PIDS, _NEW_NETWORK = 0x10000000, 0x20000, 0x20000000, 0x40000000
_NEW_IPC, _NEW_UTS, _NEW_CGROUP = 0x08000000, 0x04000000, 0x02000000
_OTHERS = _NEW_USER | _NEW_MOUNTS | _NEW_NETWORK | _NEW_IPC | _NEW_UTS | _NEW_CGROUP

_READ_ONLY, _NO_SUID, _NO_DEVICES, _NO_PROGRAMS, _REMOUNT = 1, 2, 4, 8, 32
_CLONE = {"x86_64": 56, "aarch64": 220}
_CAPSET = {"x86_64": 126, "aarch64": 91}
_RULESET, _ADD_RULE, _RESTRICT = 444, 445, 446  # Landlock's calls have the same numbers everywhere

_DIE_WITH, _SECCOMP, _DROP_BOUND, _NO_NEW_PRIVS, _AMBIENT = 1, 22, 24, 38, 47
_FILTER_MODE, _AMBIENT_CLEAR = 2, 4
_COLLAPSE = 25
_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD = -1, -2, -3

_libc = ctypes.CDLL(None, use_errno=True)
_locked = ctypes.PyDLL(None, use_errno=True)  # calls that keep the interpreter's lock, as a fork must


class RoomError(OSError):
    """The kernel refused a step. The message says which."""


def _checked(result: int, step: str) -> int:
    if result < 0:
        code = ctypes.get_errno()
        raise RoomError(code, f"{step}: {os.strerror(code)}")
    return result


# Rooms


def build() -> int:
    """Makes an empty room. Returns a pidfd of its first process. Raises RoomError.

    For a process without threads, whose user may make user namespaces, and that ignores SIGCHLD.
    """
    reading, writing = os.pipe()
    pid = _born_outside_nothing()
    if pid == 0:
        _first_process(writing)
    first = os.pidfd_open(pid)
    os.close(writing)
    word = os.read(reading, 4096)
    os.close(reading)
    if word != b"ready":
        os.close(first)
        raise RoomError(0, word.decode("utf-8", "replace") or "the room's first process ended")
    return first


def _born_outside_nothing() -> int:
    """A fork whose child starts in new namespaces of every kind: it was never in any other."""
    flags = ctypes.c_ulong(_OTHERS | _NEW_PIDS | signal.SIGCHLD)
    ctypes.pythonapi.PyOS_BeforeFork()
    pid = int(_locked.syscall(_CLONE[platform.machine()], flags, None, None, None, None))
    if pid == 0:
        ctypes.pythonapi.PyOS_AfterFork_Child()
    else:
        ctypes.pythonapi.PyOS_AfterFork_Parent()
    return _checked(pid, "making namespaces")


def _first_process(writing: int) -> None:
    """Process 1 of the room: furnishes it, gives up everything, and lies there until it is killed.

    It ignores SIGCHLD, so the kernel buries orphans by itself. It keeps its capabilities, which count in this
    room only: a process without them may not trace it, or look into its memory.
    """
    try:
        _furnish()
        die_with_parent()
        os.closerange(0, writing)
        os.closerange(writing + 1, 4096)
        signal.pthread_sigmask(signal.SIG_BLOCK, set(signal.Signals))
        os.write(writing, b"ready")
        os.close(writing)
        while True:
            signal.pause()
    except BaseException as error:
        os.write(writing, str(error).encode()[:4000])
    finally:
        os._exit(1)


def _furnish() -> None:
    """Maps the one user, and mounts what is the room's own."""
    for name, text in (("setgroups", "deny"), ("uid_map", _map()), ("gid_map", _map())):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)
    for folder in FOLDERS:
        _mount("tmpfs", folder, _NO_SUID | _NO_DEVICES, f"mode=0755,size={SIZE}")
    # The cell's pseudo-terminals would be a place where two jobs can meet, so no job has any.
    _mount("tmpfs", "/dev/pts", _NO_SUID | _NO_DEVICES | _NO_PROGRAMS | _READ_ONLY, "mode=0555,size=4k")
    _mount("proc", "/proc", _NO_SUID | _NO_DEVICES | _NO_PROGRAMS, "")


def _map() -> str:
    return f"{_USER} {_USER} 1"


def _mount(kind: str, target: str, flags: int, options: str) -> None:
    words = (kind.encode(), target.encode(), kind.encode())
    _checked(_libc.mount(*words, ctypes.c_ulong(flags), options.encode()), f"mounting {target}")


def lend(first: int) -> None:
    """Lets the next fork of this process be born into the room's PID namespace."""
    _checked(_libc.setns(first, _NEW_PIDS), "joining the room's processes")


def enter(first: int) -> None:
    """Moves this process into the room's other namespaces and to its work folder."""
    _checked(_libc.setns(first, _OTHERS), "entering the room")
    os.chdir(HOME)


def resize(size: int) -> None:
    """Sets how many bytes each work folder may hold. Before the seal, and before anything is in them."""
    for folder in FOLDERS:
        _mount("tmpfs", folder, _REMOUNT | _NO_SUID | _NO_DEVICES, f"size={size}")


# Seals


def renounce() -> None:
    """Gives up every way to gain privileges; those that this process has in its room it keeps for now."""
    for capability in range(64):
        if _libc.prctl(_DROP_BOUND, capability, 0, 0, 0) < 0:
            break  # the kernel knows no more of them
    _checked(_libc.prctl(_AMBIENT, _AMBIENT_CLEAR, 0, 0, 0), "clearing ambient capabilities")
    _checked(_libc.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0), "no new privileges")
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
        file.write("1000")  # when the machine runs out of memory, this goes first


def seal(program: bytes, ruleset: int) -> None:
    """Landlock, no capability, and the system call filter, for good. Raises RoomError."""
    if ruleset >= 0:
        _checked(_libc.syscall(_RESTRICT, ruleset, 0), "Landlock")
        os.close(ruleset)
    header, nothing = struct.pack("=Ii", 0x20080522, 0), bytes(24)
    _checked(_libc.syscall(_CAPSET[platform.machine()], header, nothing), "dropping capabilities")
    if program:
        buffer = ctypes.create_string_buffer(program, len(program))
        # struct sock_fprog: how many instructions, and where they are
        filters = struct.pack("@HP", len(program) // 8, ctypes.addressof(buffer))
        _checked(_libc.prctl(_SECCOMP, _FILTER_MODE, filters, 0, 0), "the system call filter")


_WRITE, _TRUNCATE, _REFER = 1 << 1, 1 << 14, 1 << 13
_CHANGE = _WRITE | 0x1FF0  # and removing and making files of every kind


def landlock_version() -> int:
    """Which Landlock the kernel has; 0 for none."""
    return max(0, int(_libc.syscall(_RULESET, None, 0, 1)))


def landlock() -> int:
    """A ruleset: write only in the work folders and to devices, no TCP, no signal or socket to outside.

    Returns its descriptor, or -1 where the kernel has no Landlock: all this holds without it, too. Raises
    RoomError where the kernel has it and refuses.
    """
    version = landlock_version()
    if version < 1:
        return -1
    changing = _CHANGE | (_REFER if version >= 2 else 0) | (_TRUNCATE if version >= 3 else 0)
    attributes = struct.pack("=QQQ", changing, 3 if version >= 4 else 0, 3 if version >= 6 else 0)
    size = 24 if version >= 6 else 16 if version >= 4 else 8
    ruleset = _checked(int(_libc.syscall(_RULESET, attributes, size, 0)), "Landlock's ruleset")
    for folder, allowed in (
        *((folder, changing) for folder in FOLDERS),
        ("/dev", changing & ~_CHANGE | _WRITE),
    ):
        place = os.open(folder, os.O_PATH | os.O_CLOEXEC)
        rule = struct.pack("=Qi", allowed, place)
        _checked(int(_libc.syscall(_ADD_RULE, ruleset, 1, rule, 0)), "Landlock's rule")
        os.close(place)
    return ruleset


# Warm processes


def die_with_parent() -> None:
    """The kernel kills this process when its parent ends."""
    _checked(_libc.prctl(_DIE_WITH, int(signal.SIGKILL), 0, 0, 0), "dying with the parent")


def keep_memory() -> None:
    """Has the allocator keep what is freed: pages that a fork gets anew cost it a fault each."""
    for option, value in ((_TRIM_THRESHOLD, 2**26), (_TOP_PAD, 2**20), (_MMAP_THRESHOLD, 2**22)):
        _libc.mallopt(option, value)


def collapse() -> None:
    """Gathers this process's own memory in huge pages: fewer entries for every fork to copy. Best effort."""
    huge = 2**21
    with open("/proc/self/maps") as maps:
        lines = [line.split() for line in maps]
    for fields in lines:
        start, end = (int(number, 16) for number in fields[0].split("-"))
        start, end = -(-start // huge) * huge, end // huge * huge
        if fields[1] == "rw-p" and (len(fields) == 5 or fields[5] == "[heap]") and end > start:
            _libc.madvise(ctypes.c_void_p(start), ctypes.c_size_t(end - start), _COLLAPSE)
