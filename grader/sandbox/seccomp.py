"""A small system call filter for the sandbox, assembled by hand: classic BPF, x86-64 and arm64.

What is only ever used to break out ends the process (SIGSYS, shown as "forbidden"). What honest code may
try, such as opening a network socket, is refused with an error that Python turns into PermissionError.
All else is allowed: namespaces, dropped capabilities and limits hold without the filter, which narrows
what of the kernel can be reached at all.
"""

import platform
import struct
from dataclasses import dataclass

_LOAD, _JUMP_EQ, _JUMP_GE, _JUMP_SET, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_KILL, _ALLOW, _ERRNO = 0x80000000, 0x7FFF0000, 0x00050000
_EPERM, _ENOSYS = 1, 38
_NUMBER, _ARCH, _ARGUMENT_0, _ARGUMENT_1 = 0, 4, 16, 24  # offsets in struct seccomp_data
_NEW_NAMESPACES = 0x7E020080  # CLONE_NEW{NS,CGROUP,UTS,IPC,USER,PID,NET,TIME}
_IO_URING = (425, 426, 427)  # the same on both machines
_AF_UNIX = 1
_LOCAL_NETWORK = (2, 10, 16)  # AF_INET, AF_INET6, and AF_NETLINK to list one's own interfaces
_TERMINAL_INJECTION = (0x5412, 0x541C)  # TIOCSTI, TIOCLINUX


@dataclass(frozen=True)
class _Machine:
    arch: int
    kill: tuple[int, ...]
    refuse: tuple[int, ...]
    clone: int
    clone3: int
    socket: int
    ioctl: int


# Killed, in order of kernel names: ptrace, process_vm_readv/writev, kcmp, pidfd_getfd, keyctl, add_key,
# request_key, bpf, userfaultfd, mount, umount2, pivot_root, chroot, unshare, setns, fsopen, fsconfig,
# fsmount, fspick, open_tree, move_mount, mount_setattr, kexec_load, kexec_file_load, init_module,
# finit_module, delete_module, io_uring_setup/enter/register, open_by_handle_at, quotactl, acct, swapon,
# swapoff, reboot, settimeofday, clock_settime, syslog, fanotify_init, memfd_secret; on x86-64 also iopl,
# ioperm, modify_ldt.
# Refused: perf_event_open, name_to_handle_at, personality, adjtimex, clock_adjtime, memfd_create and shmget
# (memory that no limit counts).
_MACHINES = {
    "x86_64": _Machine(
        arch=0xC000003E,
        kill=(
            101, 310, 311, 312, 438, 250, 248, 249, 321, 323, 165, 166, 155, 161, 272, 308, 430,
            431, 432, 433, 428, 429, 442, 246, 320, 175, 313, 176, 425, 426, 427, 304, 179, 163,
            167, 168, 169, 164, 227, 103, 300, 447, 172, 173, 154,
        ),
        refuse=(298, 303, 135, 159, 305, 319, 29),
        clone=56, clone3=435, socket=41, ioctl=16,
    ),
    "aarch64": _Machine(
        arch=0xC00000B7,
        kill=(
            117, 270, 271, 272, 438, 219, 217, 218, 280, 282, 40, 39, 41, 51, 97, 268, 430, 431,
            432, 433, 428, 429, 442, 104, 294, 105, 273, 106, 425, 426, 427, 265, 60, 89, 224, 225,
            142, 170, 112, 116, 262, 447,
        ),
        refuse=(241, 264, 92, 171, 266, 279, 194),
        clone=220, clone3=435, socket=198, ioctl=29,
    ),
}  # fmt: skip


def program(*, local_network: bool = False) -> bytes | None:
    """The filter for this machine, as the kernel and bubblewrap take it; None on another architecture.

    ``local_network`` is for several processes that talk to each other, where there is no other network.
    """
    machine = _MACHINES.get(platform.machine())
    if machine is None:
        return None
    code = [_op(_LOAD, _ARCH), _op(_JUMP_EQ, machine.arch, 1, 0), _op(_RETURN, _KILL), _op(_LOAD, _NUMBER)]
    if machine.arch == 0xC000003E:  # numbers from here on are the x32 calls, a second door to the same rooms
        code += _when(_JUMP_GE, 0x40000000, _KILL)
    if local_network:  # libuv, which torch's processes meet through, tries io_uring and can do without
        for number in _IO_URING:
            code += _when(_JUMP_EQ, number, _ERRNO | _ENOSYS)
    for number in machine.kill:
        code += _when(_JUMP_EQ, number, _KILL)
    for number in machine.refuse:
        code += _when(_JUMP_EQ, number, _ERRNO | _EPERM)
    # clone3 hides its flags behind a pointer; told that it does not exist, libc falls back to clone.
    code += _when(_JUMP_EQ, machine.clone3, _ERRNO | _ENOSYS)
    code += _inside(
        machine.clone, [_op(_LOAD, _ARGUMENT_0), *_when(_JUMP_SET, _NEW_NAMESPACES, _ERRNO | _EPERM)]
    )
    families = [_AF_UNIX, *(_LOCAL_NETWORK if local_network else ())]
    allowed = [word for family in families for word in _when(_JUMP_EQ, family, _ALLOW)]
    code += _inside(machine.socket, [_op(_LOAD, _ARGUMENT_0), *allowed, _op(_RETURN, _ERRNO | _EPERM)])
    injection = [
        word for request in _TERMINAL_INJECTION for word in _when(_JUMP_EQ, request, _ERRNO | _EPERM)
    ]
    code += _inside(machine.ioctl, [_op(_LOAD, _ARGUMENT_1), *injection])
    return b"".join([*code, _op(_RETURN, _ALLOW)])


def _op(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("<HBBI", code, if_true, if_false, value)


def _when(test: int, value: int, verdict: int) -> list[bytes]:
    """Returns ``verdict`` where the test holds, else goes on."""
    return [_op(test, value, 0, 1), _op(_RETURN, verdict)]


def _inside(number: int, body: list[bytes]) -> list[bytes]:
    """Runs ``body`` for one system call, which is allowed if nothing in it returns first."""
    body = [*body, _op(_RETURN, _ALLOW)]
    return [_op(_JUMP_EQ, number, 0, len(body)), *body]
