"""A project's leaderboard: opt-in, by the hidden metric, and by how little compute reached it.

Only runs count that passed on the present content: others were measured by other tests, or on other data.
Compute is processor seconds on ``train-cpu`` and seconds of the device on ``train-gpu``.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import F

from cairn.accounts.models import User
from cairn.catalog.content import MetricCriterion, Project, TrainingSpec
from cairn.catalog.queries import library
from cairn.runs.models import Run
from cairn.submissions.models import LeaderboardPlace, Submission, Work
from cairn.ui.errors import NotFound, Refusal
from grader.contract import Kind, Verdict

MAX_ALIAS = 40
SHOWN = 100


class BadAlias(Refusal):
    """A name that cannot stand on a leaderboard."""

    status, code = 422, "bad-alias"


@dataclass(frozen=True)
class Entry:
    """One run that counts."""

    user_id: int
    run_id: UUID
    value: float
    seconds: float
    device: str
    target: float | None

    def meets(self, lowest: bool) -> bool:
        """Whether it reaches what the project asks for; where nothing is asked, every run does."""
        return self.target is None or (self.value <= self.target if lowest else self.value >= self.target)


@dataclass(frozen=True)
class Standing:
    """A row of the board. Equal values share a rank."""

    rank: int
    name: str
    entry: Entry
    is_me: bool


@dataclass(frozen=True)
class Board:
    """A project's leaderboard as one person sees it; ``mine`` is their own place, if they take part."""

    metric: str
    lowest: bool
    target: float | None
    by_metric: tuple[Standing, ...]
    by_compute: tuple[Standing, ...]
    mine: LeaderboardPlace | None


def board(user: User, slug: str) -> Board:
    """The leaderboard of a project. Raises NotFound where it has none. Two queries, and the library."""
    project, spec = _ranked(slug)
    places = {
        place.user_id: place for place in LeaderboardPlace.objects.filter(slug=slug).select_related("user")
    }
    target = _target(project, spec)
    entries = list(_entries(slug, spec.leaderboard, target, places))
    sign = 1 if spec.leaderboard_lowest else -1
    reaching = [entry for entry in entries if entry.meets(spec.leaderboard_lowest)]
    return Board(
        metric=spec.leaderboard,
        lowest=spec.leaderboard_lowest,
        target=target,
        by_metric=_standings([(sign * e.value, e.seconds, e) for e in entries], places, user),
        by_compute=_standings([(e.seconds, sign * e.value, e) for e in reaching], places, user),
        mine=places.get(user.pk),
    )


def _ranked(slug: str) -> tuple[Project, TrainingSpec]:
    project = library().project(slug).content
    if project.training is None or not project.training.leaderboard:
        raise NotFound("This project has no leaderboard.")
    return project, project.training


def _target(project: Project, spec: TrainingSpec) -> float | None:
    for criterion in project.criteria:
        if isinstance(criterion, MetricCriterion) and criterion.metric == spec.leaderboard:
            bounds = (criterion.at_least, criterion.at_most, criterion.above)
            return next(bound for bound in bounds if bound is not None)
    return None


def _entries(slug: str, metric: str, target: float | None, people: Iterable[int]) -> Iterable[Entry]:
    counted = Submission.objects.filter(
        work=Work.PROJECT,
        slug=slug,
        user__in=list(people),
        content_hash=library().project(slug).content_hash,
        run__kind=Kind.TRAIN,
        run__verdict=Verdict.PASSED,
    ).order_by("created_at")
    rows = counted.annotate(
        metrics=F("run__report__metrics"),
        cpu=F("run__report__cpu_seconds"),
        wall=F("run__report__wall_seconds"),
    ).values_list("user_id", "run_id", "run__queue", "metrics", "cpu", "wall")
    for user_id, run_id, queue, metrics, cpu, wall in rows:
        value = (metrics or {}).get(metric)
        if value is not None:
            on_gpu = queue == Run.Queue.TRAIN_GPU
            yield Entry(
                user_id, run_id, value, wall if on_gpu else cpu, "GPU" if on_gpu else "processor", target
            )


def _standings(
    keyed: list[tuple[float, float, Entry]], places: Mapping[int, LeaderboardPlace], user: User
) -> tuple[Standing, ...]:
    """Each person's best, in order; the earlier run of equals."""
    best: dict[int, tuple[float, float, Entry]] = {}
    for key in sorted(keyed, key=lambda one: one[:2]):
        best.setdefault(key[2].user_id, key)
    ordered = list(best.values())
    firsts = [key[0] for key in ordered]
    return tuple(
        Standing(1 + firsts.index(key[0]), _name(places[key[2].user_id]), key[2], key[2].user_id == user.pk)
        for key in ordered[:SHOWN]
    )


def _name(place: LeaderboardPlace) -> str:
    return place.alias or place.user.display_name


def take_part(user: User, slug: str, alias: str) -> LeaderboardPlace:
    """Let one's runs stand on the board, under an alias if given. Raises NotFound, BadAlias."""
    _ranked(slug)
    words = " ".join(alias.replace("\x00", "").split())
    if len(words) > MAX_ALIAS or not words.isprintable():
        raise BadAlias(f"An alias has at most {MAX_ALIAS} characters. Nothing changed.")
    taken: Any = LeaderboardPlace.objects.filter(slug=slug, alias__iexact=words).exclude(user=user)
    if words and taken.exists():
        raise BadAlias("Somebody stands on this board under that alias. Nothing changed: choose another.")
    place, _ = LeaderboardPlace.objects.update_or_create(user=user, slug=slug, defaults={"alias": words})
    return place


def leave(user: User, slug: str) -> None:
    """Take one's runs off the board."""
    LeaderboardPlace.objects.filter(user=user, slug=slug).delete()
