"""The verbs of training: start a run of a project, or ask what it would cost.

A training run is a submission like any other: its files are pinned, its tests and metrics count. Two runs of
the same files are two submissions, because settings and seeds differ.
"""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from cairn.accounts.models import User
from cairn.catalog.content import HyperParameter, MetricCriterion, NumberParameter, Project, TrainingSpec
from cairn.catalog.models import Document
from cairn.catalog.queries import document_at, library
from cairn.runs import actions as runs
from cairn.runs import quotas, seats
from cairn.runs.models import Blob, Input, Run, RunArtifact
from cairn.submissions.actions import one_at_a_time, record, submit
from cairn.submissions.delivery import BadFiles, Files, Task, checked, task
from cairn.submissions.models import Draft, Submission, Work
from cairn.ui.errors import NotFound
from grader.contract import DatasetUse, Job, Kind, Limits, Parameter, Training

__all__ = ["Wish", "defaults", "estimate", "files_to_train", "hand_in", "start", "subject", "trains"]

OUTPUT_BYTES = 8 * 2**20  # a run of hours prints more than an exercise; its log keeps the end
CPU_FACTOR = 16  # processor time for each second of the clock: training may use the machine's cores


@dataclass(frozen=True)
class Wish:
    """What a learner chose for a run. ``inputs`` are artifacts of their own earlier runs, by name."""

    queue: str
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    seed: int = 0
    inputs: Mapping[str, RunArtifact] = field(default_factory=dict)


def subject(slug: str) -> str:
    """What runs of a project are filed under, which is also where its page is."""
    return f"projects/{slug}"


def trains(work: str, slug: str) -> bool:
    """Whether handing this work in starts a training run. Raises NotFound."""
    return work == Work.PROJECT and library().project(slug).content.training is not None


def training_of(slug: str) -> tuple[Task, TrainingSpec]:
    """The project as it is handed in, and how it trains. Raises NotFound for one that does not."""
    wanted = task(Work.PROJECT, slug)
    if wanted.training is None:
        raise NotFound("This project has nothing to train.")
    return wanted, wanted.training


def defaults(spec: TrainingSpec) -> Wish:
    """The author's settings on the first queue."""
    return Wish(f"train-{spec.queues[0]}", {one.name: _default(one) for one in spec.parameters})


def _default(parameter: HyperParameter) -> Parameter:
    if isinstance(parameter, NumberParameter) and parameter.whole:
        return int(parameter.default)
    return parameter.default


def hand_in(user: User, work: str, slug: str, files: Mapping[str, str]) -> Submission:
    """Hand in for a verdict: trains with the author's settings where the project trains, else grades.

    Raises as ``start`` and ``submit`` do.
    """
    if not trains(work, slug):
        return submit(user, work, slug, files)
    return start(user, slug, files, defaults(training_of(slug)[1]))


@transaction.atomic
def start(user: User, slug: str, files: Mapping[str, str], wish: Wish) -> Submission:
    """Start a training run. Raises NotFound, BadFiles, TooLarge, OverQuota, NoSuchNodes."""
    wanted, spec = training_of(slug)
    clean = checked(wanted, files)
    seats.check(spec.nodes)
    one_at_a_time(user)
    quotas.check(user, wish.queue)
    run = _enqueued(user, wanted, spec, Kind.TRAIN, clean, wish)
    return record(user, wanted, clean, run)


@transaction.atomic
def estimate(user: User, slug: str, files: Mapping[str, str], wish: Wish) -> Run:
    """Train for a few seconds to learn what the whole would cost. An earlier one under way is stopped.

    Raises NotFound, BadFiles, TooLarge.
    """
    wanted, spec = training_of(slug)
    clean = checked(wanted, files, complete=False)
    if not clean.get(spec.entry, "").strip():
        raise BadFiles(f"{spec.entry} is missing or empty, so there is nothing to estimate. Write it first.")
    one_at_a_time(user)
    for run in Run.objects.filter(owner=user, kind=Kind.ESTIMATE, state__in=("queued", "running")):
        runs.cancel(run, user)
    return _enqueued(user, wanted, spec, Kind.ESTIMATE, clean, wish)


def _enqueued(user: User, wanted: Task, spec: TrainingSpec, kind: Kind, files: Files, wish: Wish) -> Run:
    secrets = document_at(wanted.work, wanted.slug, wanted.content_hash).private
    run_id = uuid.uuid4()
    job = Job(
        id=str(run_id),
        kind=kind,
        entry=spec.entry,
        evaluated=wanted.entry,
        files=files,
        tests=secrets["tests"],
        loaders=secrets.get("loaders", {}),
        limits=_limits(spec),
        seed=wish.seed,
        content_hash=wanted.content_hash if kind is Kind.TRAIN else "",
        training=_training(wanted, spec, secrets, wish),
    )
    charts = charts_of(wanted.slug, wanted.content_hash)
    run = runs.enqueue(user, wanted.title, job, wish.queue, subject(wanted.slug), charts)
    Input.objects.bulk_create(Input(run=run, name=n, artifact=a) for n, a in wish.inputs.items())
    return run


def _limits(spec: TrainingSpec) -> Limits:
    seconds = spec.limits.minutes * 60
    return Limits(
        wall_seconds=seconds,
        cpu_seconds=CPU_FACTOR * seconds,
        memory_bytes=spec.limits.memory_mb * 2**20,
        output_bytes=OUTPUT_BYTES,
        file_bytes=spec.limits.disk_mb * 2**20,
        processes=256,
    )


def _training(wanted: Task, spec: TrainingSpec, secrets: Mapping[str, Any], wish: Wish) -> Training:
    """Processor time of the evaluation is twice its wall time, as everywhere."""
    return Training(
        parameters=dict(wish.parameters),
        datasets=tuple(DatasetUse.model_validate(one) for one in secrets.get("datasets", ())),
        inputs={name: artifact.message for name, artifact in wish.inputs.items()},
        device="gpu" if wish.queue == Run.Queue.TRAIN_GPU else "cpu",
        processes=spec.processes,
        nodes=spec.nodes,
        shares_device=spec.shares_device,
        disk_bytes=spec.limits.disk_mb * 2**20,
        artifact_bytes=spec.limits.artifact_mb * 2**20,
        evaluation=wanted.limits,
    )


# --- how a run's curves are drawn


def charts_of(slug: str, content_hash: str) -> str:
    """Charts for the runs of a project, as JSON: its curves first, with targets and the reference band."""
    project = library().project(slug).content
    spec = project.training
    if spec is None:
        return "[]"
    band = reference(slug, content_hash)
    return json.dumps([_chart(name, project, band.get(name)) for name in spec.curves])


def _chart(name: str, project: Project, band: Any) -> dict[str, Any]:
    chart: dict[str, Any] = {"title": name, "names": [name]}
    for criterion in project.criteria:
        if isinstance(criterion, MetricCriterion) and criterion.metric == name:
            bounds = (criterion.at_least, criterion.at_most, criterion.above)
            value = next(bound for bound in bounds if bound is not None)
            in_percent = criterion.unit == "percent"
            words = f"{value * 100:g} % needed" if in_percent else f"{value:g} needed"
            chart |= {"target": {"value": value, "label": words}}
            chart |= {"unit": "percent"} if in_percent else {}
    return chart | ({"band": band} if band else {})


def reference(slug: str, content_hash: str) -> dict[str, Any]:
    """The solution's curves over a few seeds: {curve: {"x", "low", "mean", "high"}}. Empty where unknown."""
    body = document_at(Document.Kind.PROJECT, slug, content_hash).body
    found: dict[str, Any] = body.get("reference") or {}
    return found


# --- what to train with


def files_to_train(user: User, slug: str) -> Files:
    """The draft, else what was handed in last, else nothing."""
    draft = Draft.objects.filter(user=user, work=Work.PROJECT, slug=slug).first()
    if draft is not None:
        return dict(draft.files)
    last = Submission.objects.filter(user=user, work=Work.PROJECT, slug=slug).first()
    if last is None:
        return {}
    texts = dict(Blob.objects.filter(digest__in=last.files.values()).values_list("digest", "text"))
    return {name: texts[digest] for name, digest in last.files.items()}
