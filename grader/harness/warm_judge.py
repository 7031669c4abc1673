"""The nursery on the trusted side: warm processes whose forks become judges.

Started as ``python -m grader.harness.warm_judge SOCKET``. A judge needs no room: it runs the author's tests.
It has a process of its own, so that one job's tests cannot see another's, and so that it can be ended.
"""

import os
import random
import socket
import sys
from pathlib import Path

import numpy as np

from grader.harness import forks, judge, room


class Judges:
    """Forks that each wait for a job, and judge it."""

    def room(self) -> None:
        """Judges are not confined."""

    def begin(self) -> None:
        """Ends with the nursery."""
        room.die_with_parent()

    def rehearse(self) -> None:
        """Judges a small job."""
        forks.touch()
        judge.rehearse()

    def settle(self) -> None:
        """Makes forks cheap."""
        room.keep_memory()
        room.collapse()

    def lend(self, room: int) -> None:
        """There is no room to lend."""

    def run(self, control: socket.socket, _: int | None) -> None:
        """A judge's life. The job comes as the path of its scratch folder and four descriptors."""
        room.die_with_parent()
        os.setsid()
        self.rehearse()
        _reseed()
        control.send(b"ready")
        word, descriptors, _, _ = socket.recv_fds(control, 4096, 4)
        if word:
            rpc, events, errors, job = descriptors
            os.dup2(errors, 2)
            with os.fdopen(job, "rb") as file:
                file.seek(0)
                judge.judge(file.read(), socket.socket(fileno=rpc), events, Path(word.decode()))
            control.recv(1)  # the node closes it, or ends this process: giving memory back is nobody's wait


def _reseed() -> None:
    """No two forks draw the same numbers, unless a test seeds them itself."""
    random.seed()
    np.random.seed()
    if torch := sys.modules.get("torch"):
        torch.default_generator.seed()


def main() -> None:
    """Serves the node on the socket named on the command line."""
    forks.serve(socket.socket(fileno=int(sys.argv[1])), Judges())


if __name__ == "__main__":
    main()
