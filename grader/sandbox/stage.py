"""Root's detour: how a node that runs as root starts a sandbox as somebody who is nobody on the host.

Inside a user namespace an unprivileged user is still the host user that started it. For root that means
that `/proc/sys` can be written and that no limit on processes counts. So root becomes an unprivileged user
before it starts bubblewrap. That user may not be able to walk to the interpreter (which may live below
/root), so a helper process holds a mount namespace in which all that is needed lies in one open folder.
"""

import atexit
import contextlib
import subprocess
import tempfile
from pathlib import Path

HOST_ID = 965_534  # a user and group that own nothing on the host
_SCRIPT = """
set -e
stage=$1; shift
mount -t tmpfs -o mode=0755,size=1m stage "$stage"
while [ $# -gt 0 ]; do
    if [ -d "$2" ]; then mkdir -p "$stage/$1"; else mkdir -p "$(dirname "$stage/$1")"; : > "$stage/$1"; fi
    mount --bind "$2" "$stage/$1"
    shift 2
done
echo ready
exec cat
"""


class Stage:
    """A mount namespace with ``paths`` (name in the folder: path on the host), until this process ends."""

    def __init__(self, paths: dict[str, Path]) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="cairn-stage-"))
        atexit.register(self._remove)
        pairs = [word for name, path in paths.items() for word in (name, str(path))]
        command = ["unshare", "--mount", "--propagation", "private", "sh", "-c", _SCRIPT, "stage"]
        self._helper = subprocess.Popen(  # noqa: S603
            [*command, str(self._folder), *pairs],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert self._helper.stdout is not None  # noqa: S101
        assert self._helper.stderr is not None  # noqa: S101
        if self._helper.stdout.readline() != "ready\n":
            raise OSError(f"no mount namespace could be prepared: {self._helper.stderr.read().strip()[:300]}")

    def stands(self) -> bool:
        """Whether the helper that holds the namespace still lives."""
        return self._helper.poll() is None

    def path(self, name: str) -> str:
        """Where ``name`` lies, for a command started with ``entering``."""
        return str(self._folder / name)

    def entering(self) -> list[str]:
        """The words that start a command inside, as the unprivileged user."""
        where = f"--mount=/proc/{self._helper.pid}/ns/mnt"
        return ["nsenter", where, "--setgid", str(HOST_ID), "--setuid", str(HOST_ID), "--"]

    def end(self) -> None:
        """Takes it down, now rather than with this process."""
        atexit.unregister(self._remove)
        self._remove()

    def _remove(self) -> None:
        """Ends the helper, with which its mounts go; the empty folder is left to remove."""
        self._helper.kill()
        self._helper.wait()
        with contextlib.suppress(OSError):
            self._folder.rmdir()
