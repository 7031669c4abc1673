"""The verbs of handing in: keep a draft, try it against the examples, submit it for a verdict."""

import uuid
from collections.abc import Mapping

from django.db import IntegrityError, transaction
from django.db.models import F, Max
from django.utils import timezone

from cairn.accounts.models import User
from cairn.catalog.queries import document_at
from cairn.runs import actions as runs
from cairn.runs.models import Run
from cairn.runs.texts import digest
from cairn.submissions.delivery import BadFiles, Files, Task, TooLarge, checked, facts, files_digest, task
from cairn.submissions.models import Draft, Submission, Work
from cairn.ui.errors import Refusal
from grader.contract import Job, Kind, Verdict

__all__ = [
    "BadFiles",
    "DraftConflict",
    "TooLarge",
    "one_at_a_time",
    "record",
    "save_draft",
    "submit",
    "try_out",
]


class DraftConflict(Refusal):
    """The draft was saved elsewhere since this page read it. ``draft`` is the newer one."""

    status, code = 409, "draft-conflict"

    def __init__(self, draft: Draft) -> None:
        super().__init__(
            "This draft was saved on another page or device since you opened it. "
            "Nothing was overwritten: compare the two and keep the one you want."
        )
        self.draft = draft


def save_draft(user: User, work: str, slug: str, files: Mapping[str, str], version: int) -> Draft:
    """Save over version ``version`` (0: there was none). Saving the same text again changes nothing.

    Raises DraftConflict with the newer draft, TooLarge, BadFiles, NotFound.
    """
    clean = checked(task(work, slug), files, complete=False)
    if version == 0 and (first := _first_draft(user, work, slug, clean)):
        return first
    mine = Draft.objects.filter(user=user, work=work, slug=slug)
    saved = mine.filter(version=version).update(
        files=clean, version=F("version") + 1, updated_at=timezone.now()
    )
    draft = mine.get()
    if not saved and draft.files != clean:
        raise DraftConflict(draft)
    return draft


def _first_draft(user: User, work: str, slug: str, files: Files) -> Draft | None:
    try:
        with transaction.atomic():
            return Draft.objects.create(user=user, work=work, slug=slug, files=files, version=1)
    except IntegrityError:
        return None


@transaction.atomic
def try_out(user: User, slug: str, files: Mapping[str, str]) -> Run:
    """Run an exercise's file against its visible examples; an earlier try still under way is stopped.

    Raises NotFound, BadFiles, TooLarge.
    """
    wanted = task(Work.EXERCISE, slug)
    job = job_for(wanted, Kind.TRY, checked(wanted, files))
    one_at_a_time(user)
    active = Run.objects.filter(owner=user, kind=Kind.TRY, content_hash=wanted.content_hash)
    for run in active.filter(state__in=(Run.State.QUEUED, Run.State.RUNNING)):
        runs.cancel(run, user)
    return runs.enqueue(user, wanted.title, job, Run.Queue.INTERACTIVE)


@transaction.atomic
def submit(user: User, work: str, slug: str, files: Mapping[str, str]) -> Submission:
    """Hand files in for grading, pinned to the content of the current release.

    The same files on the same content give back the earlier submission, unless its run was cancelled or
    ended ``internal``. Raises NotFound, BadFiles, TooLarge.
    """
    wanted = task(work, slug)
    clean = checked(wanted, files)
    one_at_a_time(user)
    if earlier := _earlier(user, wanted, files_digest(_digests(clean))):
        return earlier
    run = runs.enqueue(user, wanted.title, job_for(wanted, Kind.GRADE, clean), Run.Queue.GRADE)
    return record(user, wanted, clean, run)


def record(user: User, wanted: Task, files: Files, run: Run) -> Submission:
    """Note what was handed in, with the run that tells what it is worth. Needs ``one_at_a_time``."""
    of_work = Submission.objects.filter(user=user, work=wanted.work, slug=wanted.slug)
    return Submission.objects.create(
        user=user,
        work=wanted.work,
        slug=wanted.slug,
        title=wanted.title,
        content_hash=wanted.content_hash,
        files=_digests(files),
        files_digest=files_digest(_digests(files)),
        documents=facts(files),
        place=1 + (of_work.aggregate(last=Max("place"))["last"] or 0),
        run=run,
    )


def _digests(files: Files) -> dict[str, str]:
    return {name: digest(text) for name, text in sorted(files.items())}


def one_at_a_time(user: User) -> None:
    """Lock the person's row: two requests of theirs must not both find that nothing was handed in yet."""
    User.objects.select_for_update().only("pk").get(pk=user.pk)


def _earlier(user: User, wanted: Task, whole: str) -> Submission | None:
    same = Submission.objects.filter(
        user=user,
        work=wanted.work,
        slug=wanted.slug,
        content_hash=wanted.content_hash,
        files_digest=whole,
    )
    usable = same.exclude(run__verdict=Verdict.INTERNAL).exclude(run__state=Run.State.CANCELLED)
    return usable.exclude(run__cancel_asked=True, run__state=Run.State.RUNNING).select_related("run").first()


def job_for(wanted: Task, kind: Kind, files: Files) -> Job:
    """The job that grades ``files`` on the content of ``wanted``, under a new id. Raises NotFound."""
    run_id = uuid.uuid4()
    return Job(
        id=str(run_id),
        kind=kind,
        entry=wanted.entry,
        files=files,
        tests=document_at(wanted.work, wanted.slug, wanted.content_hash).private["tests"],
        limits=wanted.limits,
        seed=run_id.int % 2**31,
        content_hash=wanted.content_hash,
    )
