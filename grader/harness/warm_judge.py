"""The nursery on the trusted side: warm processes whose forks become judges.

Started as ``python -m grader.harness.warm_judge SOCKET``. A judge needs no room: it runs the author's tests,
and sees of a learner's process only plain values. So one that has judged may stay for the next job: what it
has imported and used lies ready, and nobody forks. It ends when a job was out of the ordinary or has left
anything behind (``traces``), and after JOBS of them in any case.
"""

import os
import socket
import sys
from pathlib import Path

from grader.harness import forks, judge, room, traces

JOBS = 50


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

    def run(self, control: socket.socket, _: int | None, need: str) -> None:
        """A judge's life: job after job, until one was out of the ordinary, or there were enough.

        A job comes as four descriptors and two paths: of a folder to be made for its files, and of its
        materials, if there are any.
        """
        room.die_with_parent()
        os.setsid()
        judge.limit_memory()
        self.rehearse()
        traces.reseed()
        before = traces.Before()
        for _job in range(JOBS):
            control.send(b"ready")
            word, descriptors, _, _ = socket.recv_fds(control, 4096, 4)
            if not word:
                return
            scratch, _zero, materials = word.decode().partition("\0")
            if not _judge(Path(scratch), Path(materials) if materials else None, descriptors, before):
                break
        control.send(b"enough")
        control.recv(1)  # the node closes it, or ends this process: giving memory back is nobody's wait


def _judge(scratch: Path, data: Path | None, descriptors: list[int], before: traces.Before) -> bool:
    """Judges one job. Returns whether another may come after it: nothing was unusual, nothing is left."""
    rpc, events, errors, job = descriptors
    own = os.dup(2)
    os.dup2(errors, 2)
    with os.fdopen(job, "rb") as file:
        file.seek(0)
        text = file.read()
    ordinary = judge.judge(text, socket.socket(fileno=rpc), events, scratch, data)
    os.dup2(own, 2)
    os.close(own)
    os.close(errors)
    return not before.left(scratch) and ordinary and data is None


def main() -> None:
    """Serves the node on the socket named on the command line."""
    forks.serve(socket.socket(fileno=int(sys.argv[1])), Judges())


if __name__ == "__main__":
    main()
