"""Files that runs made: taken in from nodes, kept once each by digest, given out, forgotten.

Their bytes lie in the storage named ``artifacts``. A node shows that it has what it names by sending it: an
upload is read to its end and compared even where the bytes are known already.
"""

import hashlib
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import IO, Protocol

from django.conf import settings
from django.core.files import File
from django.core.files.storage import FileSystemStorage, storages
from django.db import transaction
from django.db.models import Exists, OuterRef, Sum
from django.utils import timezone

from cairn.runs.models import Input, Run, RunArtifact, StoredFile
from cairn.ui.errors import NotFound, Refusal
from grader.contract import Artifact, ArtifactRole, Kind

PIECE = 2**20  # bytes read at once
CHECKPOINTS_KEPT = 2  # of one run: the newest is what a later try goes on from
MAX_ARTIFACTS = 500  # of one run
UNUSED_AFTER = timedelta(hours=1)  # what an upload under way may still want to name


class TooLarge(Refusal):
    """An artifact, or all of a run's together, over the project's limit."""

    status, code = 413, "too-large"


class DiskFull(Refusal):
    """The disk has no room that may be used."""

    status, code = 507, "disk-full"


class Mismatch(Refusal):
    """What came is not what was announced."""

    status, code = 422, "mismatch"


class Stream(Protocol):
    """What bytes are read from."""

    def read(self, size: int, /) -> bytes: ...


class _Landed(File):  # type: ignore[type-arg]
    """A finished file on disk, which a storage on the same disk moves instead of copying."""

    def temporary_file_path(self) -> str:
        return str(self.name)


def take(run: Run, announced: Artifact, body: Stream, fence: Callable[[], Run]) -> bool:
    """Store the bytes that a node sends for a run it holds, and note the artifact.

    ``fence`` locks the run once the bytes are here, or raises because it has become another node's. True
    where the bytes were not known yet. Raises TooLarge, DiskFull, Mismatch.
    """
    _check_limits(run, announced)
    is_new = not StoredFile.objects.filter(pk=announced.digest).exists()
    with _incoming() as landing:
        _receive(body, announced, landing)
        with transaction.atomic():
            run = fence()
            file, _ = StoredFile.objects.get_or_create(pk=announced.digest, defaults={"size": announced.size})
            if not _store().exists(file.path):
                _store().save(file.path, _Landed(landing))
            note(run, announced, file)
    if announced.role == ArtifactRole.CHECKPOINT:
        _forget_old_checkpoints(run)
    return is_new


def _check_limits(run: Run, announced: Artifact) -> None:
    training = run.spec.get("training") or {}
    if announced.size > training.get("artifact_bytes", 0):
        raise TooLarge(f"{announced.name} has {announced.size:,} bytes, more than this project allows.")
    mine = RunArtifact.objects.filter(run=run)
    if mine.count() >= MAX_ARTIFACTS:
        raise TooLarge(f"A run keeps at most {MAX_ARTIFACTS} artifacts.")
    kept = mine.aggregate(all=Sum("file__size"))["all"] or 0
    if kept + announced.size > training.get("disk_bytes", 0):
        raise TooLarge("Together the artifacts of this run are larger than this project allows.")
    if free_bytes() - announced.size < settings.ARTIFACTS_FREE_MB * 2**20:
        raise DiskFull("The site's disk has no room for this artifact.")


def free_bytes() -> int:
    """Room on the disk of the artifacts; without limit for a storage that is no disk of ours."""
    folder = _folder()
    return shutil.disk_usage(folder).free if folder else 2**62


def _store() -> FileSystemStorage:
    store: FileSystemStorage = storages["artifacts"]  # type: ignore[assignment]
    return store


def _folder() -> Path | None:
    store = storages["artifacts"]
    if not isinstance(store, FileSystemStorage):
        return None
    folder = Path(store.location)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def _incoming() -> Iterator[IO[bytes]]:
    """A file on the disk of the artifacts that vanishes unless it was moved to its place."""
    with tempfile.NamedTemporaryFile(dir=_folder(), prefix="incoming-", delete=False) as landing:
        try:
            yield landing
        finally:
            Path(landing.name).unlink(missing_ok=True)


def _receive(body: Stream, announced: Artifact, landing: IO[bytes]) -> None:
    told, left = hashlib.sha256(), announced.size
    while piece := body.read(min(PIECE, left + 1)):
        left -= len(piece)
        if left < 0:
            break
        told.update(piece)
        landing.write(piece)
    landing.flush()
    if left or told.hexdigest() != announced.digest:
        raise Mismatch("These are not the bytes that were announced: their size or digest differs.")


def note(run: Run, announced: Artifact, file: StoredFile) -> RunArtifact:
    """The artifact as a row of the run; the same one again is the row that there is."""
    row, _ = RunArtifact.objects.get_or_create(
        run=run,
        file=file,
        name=announced.name,
        step=announced.step,
        defaults={
            "role": announced.role,
            "media_type": announced.media_type[:100],
            "lease": max(1, len(run.starts)),
        },
    )
    return row


def _forget_old_checkpoints(run: Run) -> None:
    """Keep the newest checkpoints of a run; those that another run began from stay too."""
    mine = RunArtifact.objects.filter(run=run, role=ArtifactRole.CHECKPOINT, uses=None).order_by("-pk")
    old = list(mine.values_list("pk", "file_id"))[CHECKPOINTS_KEPT:]
    RunArtifact.objects.filter(pk__in=[pk for pk, _ in old]).delete()
    _forget_unnamed(digest for _, digest in old)


def _forget_unnamed(digests: Iterable[str]) -> int:
    """Delete the bytes that no artifact names any more. Returns how many files went."""
    gone = 0
    for digest in set(digests):
        with transaction.atomic():
            named = Exists(RunArtifact.objects.filter(file=OuterRef("pk")))
            file = StoredFile.objects.select_for_update().filter(~named, pk=digest).first()
            if file is not None:
                _store().delete(file.path)
                file.delete()
                gone += 1
    return gone


def forget_unused() -> int:
    """Delete bytes whose runs are gone, as when a person was deleted. Returns how many files went."""
    old = StoredFile.objects.filter(artifacts=None, at__lt=timezone.now() - UNUSED_AFTER)
    return _forget_unnamed(old.values_list("pk", flat=True)[:1000])


# --- reading


def newest_checkpoint(run: Run) -> RunArtifact | None:
    """What a later try goes on from. One query."""
    mine = RunArtifact.objects.filter(run=run, role=ArtifactRole.CHECKPOINT, step__isnull=False)
    return mine.select_related("file").order_by("-pk").first()


def opened(file: StoredFile) -> IO[bytes]:
    """The bytes, to be read and closed. Raises NotFound where the disk has lost them."""
    try:
        return _store().open(file.path, "rb")
    except FileNotFoundError:
        raise NotFound("The bytes of this artifact are no longer here.") from None


def for_job(run: Run, digest: str) -> StoredFile:
    """A file that the run's job may read: what it made, and its inputs. Raises NotFound."""
    mine = RunArtifact.objects.filter(run=run, file=digest).exists()
    if mine or Input.objects.filter(run=run, artifact__file=digest).exists():
        return StoredFile.objects.get(pk=digest)
    raise NotFound("This job has no such artifact.")


def listed(run: Run, *, samples: bool = True) -> list[RunArtifact]:
    """All artifacts of a run by name, the newest first, with or without samples. One query."""
    rows = RunArtifact.objects.filter(run=run).select_related("file").order_by("-pk")
    if not samples:
        rows = rows.exclude(role=ArtifactRole.SAMPLE)
    return sorted(rows, key=lambda row: row.name)


def named(run: Run, name: str, step: int | None = None) -> RunArtifact:
    """The newest artifact of that name, or the one of that step. Raises NotFound."""
    found = RunArtifact.objects.filter(run=run, name=name).select_related("file").order_by("-pk")
    if step is not None:
        found = found.filter(step=step)
    row = found.first()
    if row is None:
        raise NotFound("This run has no such artifact, or it made way for newer checkpoints.")
    return row


def usable(owner: int, subject: str, name: str) -> list[RunArtifact]:
    """Artifacts of that name from a person's own training runs of ``subject``, newest run first. One query.

    A run that failed a test may still have made a good one, so only the artifact is asked for.
    """
    found = RunArtifact.objects.filter(
        run__owner=owner, run__subject=subject, run__kind=Kind.TRAIN, name=name
    ).select_related("file", "run")
    newest: dict[uuid.UUID, RunArtifact] = {}
    for row in found.defer("run__spec", "run__report").order_by("-run__created_at", "-pk")[:200]:
        newest.setdefault(row.run_id, row)
    return list(newest.values())
