"""A person's training runs as experiments: found, sorted, annotated, compared."""

import difflib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from django.db.models import F, Q

from cairn.accounts.models import User
from cairn.runs import curves
from cairn.runs.curves import SYSTEM
from cairn.runs.models import Blob, Chunk, Run, RunArtifact
from cairn.runs.queries import access_run
from cairn.runs.quotas import DEVICES
from cairn.ui.errors import Forbidden, NotFound, Refusal
from grader.contract import ArtifactRole, Kind

MOST_ROWS = 500
MOST_COMPARED = 6
MAX_NOTE, MAX_TAGS, MAX_TAG = 4_000, 12, 30
_LESS_IS_BETTER = re.compile(r"loss|error|perplexity|seconds|distance", re.IGNORECASE)


class BadNote(Refusal):
    """A note or tags that are too long."""

    status, code = 422, "bad-note"


# --- the table


@dataclass(frozen=True)
class Filter:
    """The table. ``sort``: a column, ``metric:NAME`` or ``param:NAME``; with "-" before it, falling."""

    subject: str = ""
    outcome: str = ""  # a state, or a verdict
    tag: str = ""
    text: str = ""
    sort: str = "-created"


@dataclass(frozen=True)
class Row:
    """A training run in a table, without its files and report."""

    run: Run
    parameters: Mapping[str, Any]
    metrics: Mapping[str, float]
    seconds: float | None


def rows(user: User, wanted: Filter) -> list[Row]:
    """The person's own training runs, at most ``MOST_ROWS`` of the newest. One query."""
    found = Run.objects.filter(owner=user, kind=Kind.TRAIN).order_by("-created_at")
    if wanted.subject:
        found = found.filter(subject=wanted.subject)
    if wanted.outcome:
        found = found.filter(Q(state=wanted.outcome) | Q(verdict=wanted.outcome))
    if wanted.text:
        found = found.filter(Q(note__icontains=wanted.text) | Q(title__icontains=wanted.text))
    settings, measured = F("spec__training__parameters"), F("report__metrics")
    slim = found.defer("spec", "report").annotate(settings=settings, measured=measured)[:MOST_ROWS]
    made = [_row(run) for run in slim if not wanted.tag or wanted.tag in run.tags]
    return _sorted(made, wanted.sort)


def _row(run: Any) -> Row:
    metrics = {name: value for name, value in (run.measured or {}).items() if value is not None}
    return Row(run, run.settings or {}, metrics, run.used.total_seconds() if run.started_at else None)


def _sorted(made: list[Row], sort: str) -> list[Row]:
    """Rows without a value come last, whichever way."""
    falling, column = sort.startswith("-"), sort.removeprefix("-")
    key = _key(column)
    known = [row for row in made if key(row) is not None]
    unknown = [row for row in made if key(row) is None]
    return sorted(known, key=lambda row: (str(type(key(row)) is str), key(row)), reverse=falling) + unknown


def _key(column: str) -> Callable[[Row], Any]:
    kind, _, name = column.partition(":")
    plain: dict[str, Callable[[Row], Any]] = {
        "created": lambda row: row.run.created_at,
        "title": lambda row: row.run.title,
        "seconds": lambda row: row.seconds,
        "score": lambda row: row.run.score if row.run.verdict else None,
        "metric": lambda row: row.metrics.get(name),
        "param": lambda row: row.parameters.get(name),
    }
    return plain.get(kind, plain["created"])


def subjects(user: User) -> list[tuple[str, str]]:
    """What the person's training runs are of: (subject, title). One query."""
    mine = Run.objects.filter(owner=user, kind=Kind.TRAIN).order_by("title")
    return list(mine.values_list("subject", "title").distinct())


def parameters(run: Run) -> dict[str, Any]:
    """The settings of a run; none of one that does not train."""
    return dict((run.spec.get("training") or {}).get("parameters", {}))


def metrics(run: Run) -> dict[str, float]:
    """What the evaluation measured."""
    measured = (run.report or {}).get("metrics", {})
    return {name: value for name, value in measured.items() if value is not None}


def annotate(run: Run, user: User, note: str, tags: str) -> None:
    """Keep the owner's note and comma-separated tags. Raises Forbidden, BadNote."""
    if run.owner_id != user.pk:
        raise Forbidden("Only the person who started this run writes its note.")
    words = list(dict.fromkeys(" ".join(tag.split()) for tag in tags.split(",") if tag.strip()))
    if len(note) > MAX_NOTE or len(words) > MAX_TAGS or any(len(word) > MAX_TAG for word in words):
        raise BadNote(
            f"A note has at most {MAX_NOTE:,} characters, and a run at most {MAX_TAGS} tags of {MAX_TAG} "
            "characters. Nothing was saved; the last saved note is kept."
        )
    clean = note.replace("\x00", "\ufffd").replace("\r\n", "\n")
    Run.objects.filter(pk=run.pk).update(note=clean, tags=[w.replace("\x00", "\ufffd") for w in words])


# --- one run


@dataclass(frozen=True)
class CurveFacts:
    """One curve in words: its last value, its extremes, how many points."""

    name: str
    last: float | None
    low: float | None
    high: float | None
    count: int


def curve_facts(run: Run) -> list[CurveFacts]:
    """All curves of a run, the node's own readings last. Two queries."""
    seen: dict[str, list[Any]] = {}
    chunks = Chunk.objects.filter(run=run).order_by("name", "place")
    for row in chunks.values_list("name", "pk", "count", "low", "high"):
        seen.setdefault(row[0], []).append(row)
    newest = [found[-1][1] for found in seen.values()]
    ends = dict(Chunk.objects.filter(pk__in=newest).values_list("name", "values"))
    facts = [
        CurveFacts(
            name,
            curves.last_of(bytes(ends[name])),
            min((low for *_, low, _ in found if low is not None), default=None),
            max((high for *_, high in found if high is not None), default=None),
            sum(row[2] for row in found),
        )
        for name, found in seen.items()
    ]
    return sorted(facts, key=lambda fact: (fact.name.startswith(SYSTEM), fact.name))


@dataclass(frozen=True)
class Gap:
    """A metric on hidden and on public data, and what the difference says."""

    name: str
    hidden: float
    public: float
    says: str


def gaps(measured: Mapping[str, float]) -> list[Gap]:
    """Each metric that was measured on both: ``name`` on hidden data, ``name/public`` on public."""
    pairs = [(name, value, measured.get(f"{name}/public")) for name, value in measured.items()]
    return [Gap(name, hidden, public, _gap(name, hidden, public)) for name, hidden, public in pairs
            if public is not None]  # fmt: skip


def _gap(name: str, hidden: float, public: float) -> str:
    ahead = (hidden - public) if _LESS_IS_BETTER.search(name) else (public - hidden)
    near = 0.01 * max(abs(hidden), abs(public), 1e-9)
    if abs(ahead) <= near:
        return "Both agree: what the model learned holds for data that it never met."
    if ahead > 0:
        return (
            "It does better on the public data than on the hidden. Your choices have begun to fit what is "
            "special to the public split: stop earlier, regularise more, or train on more varied data."
        )
    return "It does better on the hidden data than on the public. That is chance in small splits, not skill."


# --- comparing


@dataclass(frozen=True)
class Line:
    """A line of a difference: added, removed, the same, or where it stands in the file."""

    kind: Literal["add", "del", "same", "at"]
    text: str


@dataclass(frozen=True)
class FileDiff:
    """One file in the first run and in another."""

    name: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Value:
    """One row of the comparison: a value for each run."""

    name: str
    values: tuple[Any, ...]

    @property
    def differs(self) -> bool:
        """Whether the runs do not agree."""
        return any(value != self.values[0] for value in self.values)


@dataclass(frozen=True)
class Comparison:
    """Runs side by side; ``code`` holds for each but the first its differences from the first."""

    runs: tuple[Run, ...]
    parameters: tuple[Value, ...]
    metrics: tuple[Value, ...]
    artifacts: tuple[tuple[RunArtifact, ...], ...]
    code: tuple[tuple[Run, tuple[FileDiff, ...]], ...]


def compared(user: User, ids: Sequence[UUID]) -> Comparison:
    """The runs named, in that order. Raises NotFound, also for fewer than two or more than six."""
    distinct = list(dict.fromkeys(ids))
    if not 2 <= len(distinct) <= MOST_COMPARED:
        raise NotFound(f"Choose two to {MOST_COMPARED} runs to compare.")
    runs = [access_run(user, one) for one in distinct]
    if not all(run.trains for run in runs):
        raise NotFound("Only training runs can be compared.")
    made: dict[UUID, list[RunArtifact]] = {run.pk: [] for run in runs}
    kept = RunArtifact.objects.filter(run__in=runs).exclude(role=ArtifactRole.SAMPLE)
    for row in kept.select_related("file").order_by("name", "pk"):
        made[row.run_id].append(row)
    settings = [
        parameters(run) | {"seed": run.spec["seed"], "device": DEVICES[Run.Queue(run.queue)]} for run in runs
    ]
    return Comparison(
        runs=tuple(runs),
        parameters=_side_by_side(settings),
        metrics=_side_by_side([metrics(run) for run in runs]),
        artifacts=tuple(tuple(made[run.pk]) for run in runs),
        code=tuple(_differences(runs)),
    )


def _side_by_side(maps: Sequence[Mapping[str, Any]]) -> tuple[Value, ...]:
    names = dict.fromkeys(name for one in maps for name in one)
    return tuple(Value(name, tuple(one.get(name) for one in maps)) for name in names)


def _differences(runs: Sequence[Run]) -> Iterator[tuple[Run, tuple[FileDiff, ...]]]:
    wanted = {digest for run in runs for digest in run.spec["files"].values()}
    texts = dict(Blob.objects.filter(digest__in=wanted).values_list("digest", "text"))
    first = runs[0].spec["files"]
    for run in runs[1:]:
        other = run.spec["files"]
        changed = [name for name in sorted({*first, *other}) if first.get(name) != other.get(name)]
        yield (
            run,
            tuple(
                FileDiff(name, _diff(texts.get(first.get(name), ""), texts.get(other.get(name), "")))
                for name in changed
            ),
        )


def _diff(before: str, after: str) -> tuple[Line, ...]:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=3)
    kinds: dict[str, Literal["add", "del", "at"]] = {"+": "add", "-": "del", "@": "at"}
    body = list(lines)[2:]
    return tuple(
        Line(kinds.get(line[:1], "same"), line if line.startswith("@") else line[1:]) for line in body
    )


def files(run: Run) -> dict[str, str]:
    """The texts that a run was started with. One query."""
    digests = run.spec["files"]
    texts = dict(Blob.objects.filter(digest__in=digests.values()).values_list("digest", "text"))
    return {name: texts[digest] for name, digest in digests.items()}


def provenance(run: Run) -> tuple[list[Any], list[Any]]:
    """What the run began from, and which runs began from what it made. Two queries."""
    began = list(run.inputs.select_related("artifact__run", "artifact__file"))
    uses = [use for row in _used(run) for use in row.uses.all()]
    return began, uses


def _used(run: Run) -> list[RunArtifact]:
    found = RunArtifact.objects.filter(run=run, uses__isnull=False).distinct()
    return list(found.prefetch_related("uses__run"))
