"""No isolation: learner code runs as an ordinary process of this user. Only when asked for by name."""

import os
import signal
import subprocess
import tempfile
from collections.abc import Sequence

from grader.contract import Limits
from grader.sandbox.base import Confined, ProcessTree
from grader.sandbox.runtime import runtime


class Unsafe:
    """For a machine whose owner trusts everybody who submits. The page says so in red."""

    name = "unsafe"
    isolates = False

    def self_test(self) -> str:
        """Always works; it promises nothing."""
        return ""

    def launch(self, rpc: int, limits: Limits, libraries: Sequence[str] = ()) -> Confined:
        """Starts the harness in a fresh folder, with nothing of this process's environment."""
        here = runtime()
        folder = tempfile.TemporaryDirectory(prefix="cairn-unsafe-")
        packages = sorted({str(path.parent) for path in here.packages})
        process = subprocess.Popen(  # noqa: S603
            [str(here.python), "-I", "-S", "-B", "-u", str(here.harness[0]), str(rpc), *packages],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=[rpc],
            env={"LANG": "C.UTF-8", "HOME": folder.name},
            cwd=folder.name,
            start_new_session=True,
        )
        return _InFolder(process, folder)


class _InFolder(ProcessTree):
    """A process tree whose folder goes with it."""

    def __init__(
        self, process: "subprocess.Popen[bytes]", folder: "tempfile.TemporaryDirectory[str]"
    ) -> None:
        super().__init__(process)
        self._folder = folder

    def kill(self) -> None:
        """Kills what can be found. The root is the learner's own process, with nothing to account for."""
        super().kill()
        if not self.ended():
            os.killpg(self._process.pid, signal.SIGKILL)

    def close(self) -> None:
        """Closes the pipes and removes the folder."""
        super().close()
        self._folder.cleanup()
