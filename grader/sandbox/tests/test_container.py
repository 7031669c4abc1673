"""The profile of the worker's container leaves the sandbox its calls: tried as a filter, with no engine."""

import json
import platform
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PROFILE = ROOT / "docker" / "seccomp-worker.json"
X86_64 = {
    "acct": 163, "add_key": 248, "bpf": 321, "clock_adjtime": 305, "clock_settime": 227, "create_module": 174,
    "delete_module": 176, "finit_module": 313, "get_kernel_syms": 177, "init_module": 175, "ioperm": 173,
    "iopl": 172, "kcmp": 312, "kexec_file_load": 320, "kexec_load": 246, "keyctl": 250, "lookup_dcookie": 212,
    "mbind": 237, "migrate_pages": 256, "move_pages": 279, "nfsservctl": 180, "open_by_handle_at": 304,
    "perf_event_open": 298, "process_vm_readv": 310, "process_vm_writev": 311, "ptrace": 101,
    "query_module": 178, "quotactl": 179, "quotactl_fd": 443, "reboot": 169, "request_key": 249,
    "set_mempolicy": 238, "settimeofday": 164, "swapoff": 168, "swapon": 167, "sysfs": 139, "_sysctl": 156,
    "userfaultfd": 323, "uselib": 134,
}  # fmt: skip
NEEDED = {
    "capset", "clone", "clone3", "dup2", "fchdir", "landlock_add_rule", "landlock_create_ruleset",
    "landlock_restrict_self", "madvise", "memfd_create", "mount", "mount_setattr", "pidfd_open",
    "pidfd_send_signal", "pivot_root", "prctl", "prlimit64", "recvmsg", "seccomp", "sendmsg", "setgroups",
    "sethostname", "setns", "setpriority", "setresgid", "setresuid", "setsid", "umount2", "unshare", "wait4",
}  # fmt: skip
UNDER_THE_PROFILE = """
import ctypes, os, struct, sys
from grader.sandbox.seccomp import _LOAD, _JUMP_EQ, _RETURN, _ALLOW, _ERRNO, _NUMBER, _op, _when
numbers = [int(word) for word in sys.argv[1].split(",")]
code = b"".join([_op(_LOAD, _NUMBER)] + [w for n in numbers for w in _when(_JUMP_EQ, n, _ERRNO | 1)])
code += _op(_RETURN, _ALLOW)
libc = ctypes.CDLL(None, use_errno=True)
buffer = ctypes.create_string_buffer(code, len(code))
words = struct.pack("@HP", len(code) // 8, ctypes.addressof(buffer))
assert libc.prctl(38, 1, 0, 0, 0) == 0 and libc.prctl(22, 2, words, 0, 0) == 0
assert libc.ptrace(0, 0, 0, 0) == -1 and ctypes.get_errno() == 1, "the profile is in force"
os.execv(sys.executable, [sys.executable, "-m", "grader.sandbox", "doctor", "--json"])
"""


def refused() -> set[str]:
    """The calls that the container's profile does not let through."""
    profile = json.loads(PROFILE.read_text())
    assert profile["defaultAction"] == "SCMP_ACT_ALLOW"
    rules = [rule for rule in profile["syscalls"] if rule["action"] != "SCMP_ACT_ALLOW"]
    return {name for rule in rules for name in rule["names"]}


def test_nothing_is_refused_that_the_sandbox_calls() -> None:
    assert refused() & NEEDED == set()
    assert {"ptrace", "bpf", "userfaultfd", "kexec_load"} <= refused()


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the numbers of calls are those of x86-64")
def test_every_guarantee_holds_under_the_containers_profile_without_new_privileges() -> None:
    numbers = ",".join(str(X86_64[name]) for name in refused() if name in X86_64)
    done = subprocess.run(
        [sys.executable, "-c", UNDER_THE_PROFILE, numbers],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:] + done.stdout[-2000:]
    found = json.loads(done.stdout)
    assert found["isolates"] is True
    assert found["backend"] == "warm"
