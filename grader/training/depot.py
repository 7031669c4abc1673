"""Where a run's artifacts are safe outside the node: the site's files, or a folder."""

import hashlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import Protocol

from grader.contract import Artifact


class LeaseLost(Exception):
    """The site gave this run to somebody else, or ended it; what we say of it no longer counts."""


class Unreachable(Exception):
    """The site did not take or give something within the time that retrying is worth, or refused it."""


class TooLarge(Unreachable):
    """The site has no room for this file, and will not have: trying again is of no use."""


class Depot(Protocol):
    """A safe place for artifacts, addressed by their digest."""

    def save(self, path: Path, artifact: Artifact) -> None:
        """Stores the file; returns when it is safe. Raises LeaseLost or Unreachable."""

    def fetch(self, artifact: Artifact, to: Path) -> None:
        """Writes the artifact's bytes to ``to`` and checks its digest. Raises LeaseLost or Unreachable."""


class Folder:
    """A depot on this machine's disk: for tests, and for training without a site."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.mkdir(parents=True, exist_ok=True)

    def save(self, path: Path, artifact: Artifact) -> None:
        """Copies the file in; half a copy never has the name."""
        if self.place(artifact).exists():
            return
        number, name = tempfile.mkstemp(dir=self._path, prefix=".")
        os.close(number)
        shutil.copyfile(path, name)
        Path(name).replace(self.place(artifact))

    def fetch(self, artifact: Artifact, to: Path) -> None:
        """Copies the file out."""
        try:
            shutil.copyfile(self.place(artifact), to)
        except OSError as error:
            raise Unreachable(f"{artifact.name} could not be read: {error}") from None
        verify(to, artifact)

    def place(self, artifact: Artifact) -> Path:
        """Where an artifact's bytes lie."""
        return self._path / artifact.digest


def digest_of(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def verify(path: Path, artifact: Artifact) -> None:
    """Raises Unreachable if the file is not the artifact."""
    if path.stat().st_size != artifact.size or digest_of(path) != artifact.digest:
        raise Unreachable(f"{artifact.name} arrived damaged: its digest is not {artifact.digest[:12]}…")
