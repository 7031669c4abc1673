"""What a sandbox promises, each as a small program that tries to break it from inside.

A probe runs as learner code does, through ``grader.run``, on whatever backend is asked about. It prints
``held`` or what it found; a probe about a limit is judged by the verdict that it gets.
"""

import json
from dataclasses import dataclass
from pathlib import Path

from grader.contract import Verdict

_ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class Probe:
    """``code`` runs inside. ``verdict`` is what the run must end with; one that passes must print "held"."""

    name: str
    promise: str
    code: str
    verdict: Verdict = Verdict.PASSED


_CONNECT = """
import socket
def reach(family, address):
    try:
        with socket.socket(family, socket.SOCK_STREAM) as s:
            s.settimeout(1)
            s.connect(address)
        return True
    except OSError:
        return False
addresses = [(socket.AF_INET, ("127.0.0.1", 22)), (socket.AF_INET, ("1.1.1.1", 53)),
             (socket.AF_INET6, ("::1", 22)), (socket.AF_UNIX, "\\0/tmp/.X11-unix/X0")]
reached = [address for family, address in addresses if reach(family, address)]
names = {line.split(":")[0].strip() for line in open("/proc/net/dev").readlines()[2:]}
print("held" if not reached and names <= {"lo"} else f"reached {reached}, interfaces {names}")
"""

_FILES = """
import os
secret = {secret}
open_ones = [p for p in secret if os.path.exists(p)]
host = open("/etc/passwd").read()
print("held" if not open_ones and host.count("\\n") == 1 else f"seen: {{open_ones}}, {{host[:80]}}")
"""

_WRITE = """
import os
done = []
for place in ("/usr/lib/x", "/etc/passwd", "/harness/learner.py", "/packages/x", "/x", "/dev/x",
              "/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger", "/proc/sys/vm/drop_caches",
              os.path.dirname(os.__file__) + "/x"):
    try:
        with open(place, "a"):
            done.append(place)
    except OSError:
        pass
print("held" if not done else f"could write {done}")
"""

_PIDS = """
import os
seen = sorted(int(name) for name in os.listdir("/proc") if name.isdigit())
held = os.getpid() <= 5 and len(seen) <= 5
print("held" if held else f"sees {len(seen)} processes, is number {os.getpid()}")
"""

_ENVIRONMENT = """
import os
expected = {"PATH", "HOME", "USER", "LANG", "TMPDIR", "PYTHONHASHSEED", "PWD", "MALLOC_ARENA_MAX", "LC_CTYPE"}
extra = [name for name in os.environ if name not in expected and not name.endswith("_NUM_THREADS")]
fds = [fd for fd in os.listdir("/proc/self/fd") if int(fd) > 2]
links = [f"/proc/self/fd/{fd}" for fd in fds]
kinds = {os.readlink(link).split(":")[0] for link in links if os.path.lexists(link)}
print("held" if not extra and len(fds) <= 2 else f"environment {extra}, descriptors {kinds}")
"""

_PRIVILEGES = """
status = dict(line.split(":", 1) for line in open("/proc/self/status").read().splitlines() if ":" in line)
caps = {name: status[name].strip() for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")}
held = all(int(value, 16) == 0 for value in caps.values()) and status["NoNewPrivs"].strip() == "1"
print("held" if held and int(status["Uid"].split()[0]) != 0 else f"{caps}, NoNewPrivs {status['NoNewPrivs']}")
"""

_SECCOMP = """
status = dict(line.split(":", 1) for line in open("/proc/self/status").read().splitlines() if ":" in line)
print("held" if status["Seccomp"].strip() == "2" else "no filter")
"""

_TRACE = "import ctypes\nctypes.CDLL(None).ptrace(0, 0, 0, 0)\nprint('ptrace was let through')\n"
_NAMESPACE = "import ctypes\nctypes.CDLL(None).unshare(0x10000000)\nprint('unshare was let through')\n"
_MEMORY = "blocks = []\nwhile True:\n    blocks.append(bytearray(2**20))\n"
_MEMORY_OF_ALL = """
import os, time
for _ in range(4):
    if os.fork() == 0:
        block = bytearray(os.urandom(2**20) * 40)
        time.sleep(20)
time.sleep(20)
"""
_PROCESSES = """
import os, time
try:
    for _ in range(400):
        if os.fork() == 0:
            time.sleep(20)
except OSError as error:
    print("held"); raise SystemExit(0)
time.sleep(20)
"""
_DISK = """
import errno, os
held = []
for place in ("/tmp", "/box", "/dev/shm"):
    try:
        for number in range(64):
            with open(f"{place}/fill{number}", "wb") as file:
                file.write(bytes(2**20))
    except OSError as error:
        held.append(error.errno in (errno.ENOSPC, errno.EFBIG, errno.EROFS))
print("held" if held == [True] * 3 else f"wrote without end: {held}")
"""
_FILE_SIZE = """
import errno
try:
    with open("/tmp/large", "wb") as file:
        file.truncate(2**40)
    print("a file of a terabyte was made")
except OSError as error:
    print("held" if error.errno in (errno.EFBIG, errno.ENOSPC) else repr(error))
"""
_WALL = "import time\ntime.sleep(60)\n"
_CPU = "while True:\n    pass\n"
_OUTPUT = "while True:\n    print('x' * 1000)\n"


def probes() -> list[Probe]:
    """Every promise, for this machine."""
    home = str(Path.home()) if Path.home() != Path("/") else "/home"
    secret = json.dumps(
        [
            str(_ROOT / "grader" / "run.py"),
            str(_ROOT / "curriculum"),
            "/etc/shadow",
            "/etc/hostname",
            "/var",
            "/sys",
            f"{home}/.ssh",
            f"{home}/.bashrc",
            "/run",
            "/home",
        ]
    )
    return [
        Probe("network", "No address can be reached, not even this machine's own.", _CONNECT),
        Probe(
            "host files",
            "Files of the host, of the site and of the curriculum are not there.",
            _FILES.format(secret=secret),
        ),
        Probe("read-only system", "Nothing outside the work folders can be written.", _WRITE),
        Probe("own processes", "Only the learner's own processes can be seen.", _PIDS),
        Probe("environment", "No variable and no open file of ours is inherited.", _ENVIRONMENT),
        Probe("privileges", "No capability, none to be gained, not root.", _PRIVILEGES),
        Probe("system call filter", "A seccomp filter is in force.", _SECCOMP),
        Probe("tracing", "ptrace ends the process.", _TRACE, Verdict.FORBIDDEN),
        Probe("nested namespaces", "A new user namespace ends the process.", _NAMESPACE, Verdict.FORBIDDEN),
        Probe("memory", "More memory than allowed is its own verdict.", _MEMORY, Verdict.MEMORY),
        Probe(
            "memory of children",
            "The limit holds for all processes together.",
            _MEMORY_OF_ALL,
            Verdict.MEMORY,
        ),
        Probe("processes", "The number of processes is limited.", _PROCESSES, Verdict.FORBIDDEN),
        Probe("disk", "Work folders have a limited size.", _DISK),
        Probe("file size", "A single file has a limited size.", _FILE_SIZE),
        Probe("time", "A run ends at its deadline.", _WALL, Verdict.TIMEOUT),
        Probe("processor time", "A busy loop ends at its deadline.", _CPU, Verdict.TIMEOUT),
        Probe("output", "Output ends at its limit.", _OUTPUT, Verdict.OUTPUT),
    ]
