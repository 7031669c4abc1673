"""The nursery inside the cell: warm processes whose forks become learners, each in a room of its own.

Started as ``python warm_learner.py SOCKET PACKAGES FILTER``: the socket of the node, the folder of packages,
and the system call filter in hexadecimal. The cell, a bubblewrap sandbox, has the read-only root already.
This process keeps the right to make namespaces in it; no fork has that right when it sees learner code.
"""

# ruff: noqa: PTH100, PTH118, PTH120  pathlib would be one more import in every warm process

import importlib.util
import os
import socket
import sys
from typing import Any


def _load(name: str) -> Any:
    """A file beside this one, under a name that no file of the learner's can have."""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), f"{name}.py")
    spec = importlib.util.spec_from_file_location(f"_cairn_{name}", path)
    assert spec is not None  # noqa: S101
    assert spec.loader is not None  # noqa: S101
    module = importlib.util.module_from_spec(spec)
    sys.modules[module.__name__] = module
    spec.loader.exec_module(module)
    return module


forks, room, learner = _load("forks"), _load("room"), _load("learner")


class Learners:
    """Forks that each enter a room, wait for a job, seal themselves, and serve the judge."""

    def __init__(self, program: bytes) -> None:
        self._program = program
        self._codec = learner.load_codec()

    def room(self) -> int:
        """A new room."""
        return int(room.build())

    def begin(self) -> None:
        """Ends with the nursery."""
        room.die_with_parent()

    def rehearse(self) -> None:
        """Does what every job does."""
        forks.touch()
        learner.rehearse(self._codec)

    def settle(self) -> None:
        """Makes forks cheap."""
        room.keep_memory()
        room.collapse()

    def lend(self, first: int) -> None:
        """Lets the next fork be born into the room."""
        room.lend(first)

    def run(self, control: socket.socket, first: int, need: str) -> None:
        """A learner's life. What is done before "ready" costs no submission any time.

        ``need`` is how many bytes each work folder may hold, if that is not what a new room's may.
        """
        os.setsid()  # a signal to process group 0 crosses PID namespaces
        room.enter(first)
        room.renounce()
        ruleset = room.landlock()
        if need:
            room.resize(int(need))
        self.rehearse()
        learner.rehearse_at_home()
        room.seal(self._program, ruleset)
        control.send(b"ready")
        word, descriptors, _, _ = socket.recv_fds(control, 1, 3)
        if not word:
            return  # a spare that nobody needed
        control.close()
        rpc, output, errors = descriptors
        os.dup2(output, 1)
        os.dup2(errors, 2)
        learner.serve(rpc, self._codec)


def main() -> None:
    """Serves the node on the socket named on the command line."""
    sock = socket.socket(fileno=int(sys.argv[1]))
    sys.path.append(sys.argv[2])
    learner.prepare()
    forks.serve(sock, Learners(bytes.fromhex(sys.argv[3])))


if __name__ == "__main__":
    main()
