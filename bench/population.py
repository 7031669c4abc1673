"""Fills a database with people who have learned for a year: ``python -m bench.population --learners 10000``.

A learner follows from the seed and their own number alone, so that walker 17 is the same person in a small
population and in a large one. They walk as if every topic of the library had its lesson, its quiz and two
exercises. How far they come is spread as on real sites: many begin, few go far.
"""

import hashlib
import json
import math
import os
import random
import sys
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import django
import typer

from bench.machine import ROOT

if TYPE_CHECKING:
    from django.db.models import Model

DOMAIN = "population.invalid"  # no address there can ever be somebody's
NAME = "walker"
EVENTS_EACH = 200  # stored progress events of a learner, on average
EVENTS_A_TOPIC = 23.5  # what a topic leaves behind on average, so that the mean above comes out
SPREAD = 0.9  # of the log-normal distribution of how many topics somebody worked at
QUESTIONS = 10
COHORT = 40
CHUNK = 2_000  # rows written at once
ZONES = ("UTC", "Europe/Paris", "America/New_York", "Asia/Kolkata", "Australia/Sydney")
HASH = hashlib.sha256(b"population").hexdigest()


@dataclass(frozen=True)
class Shape:
    """How many people, from which seed, until which day."""

    learners: int
    seed: int
    until: date
    events_each: int = EVENTS_EACH


@dataclass(frozen=True)
class World:
    """What of the library people work at: each path's topics in order, its projects, known exercises."""

    topics: Mapping[str, tuple[str, ...]]
    projects: Mapping[str, tuple[str, ...]]
    exercises: Mapping[str, tuple[str, ...]]
    hashes: Mapping[str, str]
    questions: Mapping[str, tuple[str, ...]]


Rows = dict[str, list[dict[str, Any]]]


@dataclass
class Life:
    """All rows of one learner, by model. ``events`` counts what they did."""

    rows: Rows = field(default_factory=dict)
    events: int = 0

    def add(self, model: str, events: int = 1, **values: Any) -> None:
        """One more row, which tells of ``events`` things done."""
        self.rows.setdefault(model, []).append(values)
        self.events += events


class Walker:
    """One learner, made up from a seed. ``life`` gives their rows, the same at every call."""

    def __init__(self, shape: Shape, world: World, index: int, pk: int, mentor: int) -> None:
        self._shape, self._world, self._pk, self._mentor = shape, world, pk, mentor
        self._random = random.Random(f"{shape.seed}:{index}")  # noqa: S311 - a benchmark's dice
        self._life = Life()

    def life(self) -> Life:
        """What they did, topic by topic."""
        dice = self._random
        paths = list(self._world.topics)
        path = dice.choices(paths, weights=range(len(paths), 0, -1))[0]
        begun = self._shape.until - timedelta(days=dice.randint(1, 364))
        hours = dice.randint(3, 15)
        self._life.add("learning.Enrolment", 0, user_id=self._pk, path=path, starts_on=begun,
                       hours_per_week=hours, created_at=_noon(begun),
                       last_opened_at=_noon(begun))  # fmt: skip
        topics = self._world.topics[path]
        mean = self._shape.events_each / EVENTS_A_TOPIC
        wanted = dice.lognormvariate(_location(mean), SPREAD)
        count = max(1, min(len(topics), round(wanted)))
        for slug, day in zip(topics, self._days(begun, count), strict=False):
            self._topic(slug, day)
        self._projects(path, count, begun)
        for _ in range(dice.randint(0, 6)):
            off = begun + timedelta(days=dice.randint(0, 364))
            self._once("learning.DayOff", day=off)
        return self._life

    def _completed(self, kind: str, slug: str, at: datetime) -> None:
        known = self._life.rows.setdefault("learning.Completion", [])
        if not any(row["kind"] == kind and row["slug"] == slug for row in known):
            self._life.add("learning.Completion", 0, user_id=self._pk, kind=kind, path="", slug=slug, at=at,
                           content_hash=self._world.hashes.get(slug, HASH))  # fmt: skip

    def _once(self, model: str, **values: Any) -> None:
        row = {"user_id": self._pk, **values}
        if row not in self._life.rows.get(model, []):
            self._life.add(model, 0, **row)

    def _days(self, begun: date, count: int) -> Iterator[date]:
        """A day for each topic in order, in bursts with pauses between; none lies in the future."""
        room = (self._shape.until - begun).days
        gaps = [self._random.expovariate(1) for _ in range(count)]
        scale = min(4.0, room / sum(gaps))
        gone = 0.0
        for gap in gaps:
            gone += gap * scale
            yield begun + timedelta(days=min(room, int(gone)))

    def _at(self, day: date, minutes: int = 0) -> datetime:
        evening = timedelta(hours=self._random.randint(6, 20), minutes=self._random.randint(0, 59) + minutes)
        return datetime(day.year, day.month, day.day, tzinfo=UTC) + evening

    def _topic(self, slug: str, day: date) -> None:
        at = self._at(day)
        self._life.add("learning.Reading", user_id=self._pk, topic=slug, content_hash=HASH, updated_at=at,
                       finished_at=at if self._random.random() < 0.85 else None)  # fmt: skip
        self._completed("lesson", slug, at)
        missed = self._quiz(slug, day)
        for exercise in self._world.exercises.get(slug) or (f"{slug}-first", f"{slug}-second"):
            self._exercise(exercise, day)
        for question in missed[:2]:
            self._card(slug, question, day)
        if self._random.random() < 0.3:
            self._note(slug, day)

    def _quiz(self, slug: str, day: date) -> list[str]:
        """One or two attempts; the questions missed."""
        missed: list[str] = []
        asked_in = self._world.questions.get(slug) or tuple(f"question-{n}" for n in range(QUESTIONS))
        for attempt in range(1 + (self._random.random() < 0.25)):
            whole = self._random.random() < 0.93
            names = asked_in if whole else asked_in[: self._random.randint(1, len(asked_in) - 1)]
            points = [float(self._random.random() < 0.8) for _ in names]
            at = self._at(day, 30 + 40 * attempt)
            self._life.add(
                "submissions.QuizAttempt", len(names), user_id=self._pk, topic=slug,
                content_hash=self._world.hashes.get(slug, HASH), seed=self._random.randint(0, 2**31 - 1),
                answers={name: index % 4 for index, name in enumerate(names)},
                results=dict(zip(names, points, strict=True)), started_at=at,
                score=sum(points) / len(names) if whole else None,
                finished_at=at + timedelta(minutes=12) if whole else None,
            )  # fmt: skip
            if whole and sum(points) / len(names) >= 0.7:
                self._completed("quiz", slug, at)
            missed += [name for name, got in zip(names, points, strict=True) if not got]
        return list(dict.fromkeys(missed))

    def _card(self, slug: str, question: str, day: date) -> None:
        last = min(self._shape.until, day + timedelta(days=self._random.randint(1, 40)))
        ahead = timedelta(days=self._random.randint(1, 40))
        self._life.add("learning.MasteryCard", user_id=self._pk, kind="question", topic=slug, item=question,
                       stability=self._random.uniform(0.4, 60), difficulty=self._random.uniform(2, 9),
                       reviewed_on=last, due_on=last + ahead, misses=1, seen=2**40,
                       practised_on=last)  # fmt: skip
        self._once("learning.PracticeDay", day=last, answers=3)

    def _note(self, slug: str, day: date) -> None:
        at = self._at(day, 90)
        title = f"What I learned of {slug.replace('-', ' ')}"
        text = f"# {title}\n\n" + "Shapes first, then the numbers. $y = Wx + b$ holds row by row.\n" * 6
        self._life.add("learning.Note", id=self._uuid(), user_id=self._pk, title=title[:120], text=text,
                       about=f"topic:{slug}", created_at=at, updated_at=at,
                       shared=self._random.random() < 0.2)  # fmt: skip

    def _exercise(self, slug: str, day: date) -> None:
        for _ in range(self._random.choice((0, 1, 1, 2))):
            self._run(slug, "try", self._at(day, 50), passed=self._random.random() < 0.6)
        chance = self._random.uniform(0.35, 0.9)
        for place in range(1, 5):
            passed = self._random.random() < chance
            at = self._at(day, 60 + place * 7)
            self._submission("exercise", slug, place, at, passed)
            if passed:
                self._completed("exercise", slug, at)
                return

    def _projects(self, path: str, topics: int, begun: date) -> None:
        """Projects as far as the topics lead, each handed in up to three times and then read by a mentor."""
        all_projects = self._world.projects[path]
        reached = len(all_projects) * topics // len(self._world.topics[path])
        for number, slug in enumerate(all_projects[:reached], start=1):
            day = min(self._shape.until, begun + timedelta(days=28 * number))
            for place in range(1, self._random.randint(2, 4)):
                handed_in = self._submission("project", slug, place, self._at(day, 60 * place), place > 1)
            read = self._at(day, 200)
            self._life.add("review.Review", submission_id=handed_in, mentor_id=self._mentor,
                           lines={"clear-code": self._random.random() < 0.7},
                           comment="The names tell what they hold. Say in the report how you chose the seed.",
                           created_at=read, updated_at=read)  # fmt: skip

    def _submission(self, work: str, slug: str, place: int, at: datetime, passed: bool) -> uuid.UUID:
        run, pk = self._run(slug, "grade", at, passed=passed), self._uuid()
        documents = (
            {"report.md": {"words": 900, "headings": ["Data", "Results"]}} if work == "project" else {}
        )
        self._life.add("submissions.Submission", id=pk, user_id=self._pk, work=work, slug=slug,
                       title=slug.replace("-", " ").capitalize(), files={"work.py": HASH},
                       content_hash=self._world.hashes.get(slug, HASH), files_digest=HASH,
                       documents=documents, place=place, run_id=run, created_at=at)  # fmt: skip
        return pk

    def _run(self, slug: str, kind: str, at: datetime, *, passed: bool) -> uuid.UUID:
        pk, total = self._uuid(), self._random.randint(4, 9)
        right = total if passed else self._random.randint(0, total - 1)
        tests = [
            {"name": f"test_{number}", "status": "passed" if number < right else "failed", "seconds": 0.01,
             "message": "" if number < right else "expected shape (3, 4), got (4, 3)", "points": 1.0}
            for number in range(total)
        ]  # fmt: skip
        ended, status = at + timedelta(seconds=self._random.uniform(0.3, 4)), "passed" if passed else "failed"
        self._life.add(
            "runs.Run", id=pk, owner_id=self._pk, title=slug.replace("-", " ").capitalize(), kind=kind,
            queue="interactive" if kind == "try" else "grade", state="finished", tries=1, node="local",
            spec={"id": str(pk), "kind": kind, "entry": "work.py", "files": {"work.py": HASH}, "seed": 1},
            content_hash=self._world.hashes.get(slug, HASH), verdict=status, score=right / total,
            tests_passed=right, tests_total=total, last_seq=3, batches=1,
            report={"job_id": str(pk), "status": status, "tests": tests, "score": right / total},
            created_at=at, started_at=at, finished_at=ended,
        )  # fmt: skip
        return pk

    def _uuid(self) -> uuid.UUID:
        return uuid.UUID(int=self._random.getrandbits(128), version=4)


def _noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def _location(mean: float) -> float:
    """The log-normal's location that gives this mean at SPREAD."""
    return math.log(mean) - SPREAD**2 / 2


# --- into the database


class NotHere(Exception):
    """The database is not one to fill with made-up people."""


@dataclass(frozen=True)
class Filled:
    """What was written. ``events`` are things done: answers, submissions, runs, readings, reviews, notes."""

    learners: int
    events: int
    rows: int
    seconds: float


def fill(shape: Shape, say: Callable[[str], None] = print) -> Filled:
    """Writes the population. Raises NotHere on a production site and beside people who may be real."""
    _refuse_elsewhere()
    began = time.perf_counter()
    world, mentors = _world(), _mentors(-(-shape.learners // COHORT))
    people = _people(f"{NAME}-{number}" for number in range(1, shape.learners + 1))
    _cohorts(people, mentors, shape)
    buffer, events, rows = Life(), 0, 0
    for index, pk in enumerate(people):
        life = Walker(shape, world, index, pk, mentors[index // COHORT]).life()
        events += life.events
        rows += sum(map(len, life.rows.values()))
        for model, new in life.rows.items():
            buffer.rows.setdefault(model, []).extend(new)
        if index % 100 == 99 or index == len(people) - 1:
            _write(buffer.rows)
            buffer = Life()
        if index % 1_000 == 999:
            say(f"{index + 1:,} learners, {events:,} events, {time.perf_counter() - began:.0f} s")
    _tell_the_planner()
    return Filled(len(people), events, rows, time.perf_counter() - began)


def _refuse_elsewhere() -> None:
    from django.conf import settings

    from cairn.accounts.actions import DEMO_DOMAIN
    from cairn.accounts.models import User

    if settings.PRODUCTION:
        raise NotHere("This is a production site. Nothing was written.")
    real = User.objects.exclude(email__endswith=f"@{DOMAIN}").exclude(email__endswith=f"@{DEMO_DOMAIN}")
    if real.exists():
        raise NotHere("There are people in this database who may be real. Nothing was written.")
    if User.objects.filter(email__endswith=f"@{DOMAIN}").exists():
        raise NotHere("This database has a population already. Nothing was written.")


def _world() -> World:
    from cairn.catalog.queries import library

    books = library()
    topics = {slug: _unique(s for m in path.content.milestones for s in m.topics)
              for slug, path in books.paths.items()}  # fmt: skip
    projects = {slug: _unique(s for m in path.content.milestones for s in m.projects)
                for slug, path in books.paths.items()}  # fmt: skip
    exercises = {slug: tuple(topic.content.exercises) for slug, topic in books.topics.items()}
    hashes = {slug: topic.quiz_hash for slug, topic in books.topics.items() if topic.quiz_hash}
    hashes |= {slug: entry.content_hash for slug, entry in books.exercises.items()}
    hashes |= {slug: entry.content_hash for slug, entry in books.projects.items() if entry.written}
    return World(topics, projects, exercises, hashes, _questions(set(hashes.values())))


def _questions(hashes: set[str]) -> dict[str, tuple[str, ...]]:
    from cairn.catalog.models import Document

    quizzes = Document.objects.filter(kind=Document.Kind.QUIZ, content_hash__in=hashes)
    return {slug: tuple(one["id"] for one in body["questions"]) for slug, body in
            quizzes.values_list("slug", "body")}  # fmt: skip


def _unique(slugs: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(slugs))


def _people(names: Iterable[str], **more: Any) -> list[int]:
    """Makes people who cannot sign in by password; their keys, in order."""
    from cairn.accounts.models import User

    new = [
        User(username=name, email=f"{name}@{DOMAIN}", first_name=name.title(), password="!",  # noqa: S106
             timezone=ZONES[number % len(ZONES)], **more)
        for number, name in enumerate(names)
    ]  # fmt: skip
    return [person.pk for person in User.objects.bulk_create(new, batch_size=500)]


def _mentors(count: int) -> list[int]:
    return _people((f"mentor-{number}" for number in range(1, count + 1)), is_mentor=True)


def _cohorts(people: list[int], mentors: list[int], shape: Shape) -> None:
    from cairn.accounts.models import Cohort, Membership

    for number, mentor in enumerate(mentors):
        cohort = Cohort.objects.create(slug=f"population-{number}", title=f"Cohort {number}",
                                       path="zero-to-llm", starts_on=shape.until)  # fmt: skip
        walking = people[number * COHORT : (number + 1) * COHORT]
        places = [Membership(cohort=cohort, user_id=pk, role="learner") for pk in walking]
        Membership.objects.bulk_create([*places, Membership(cohort=cohort, user_id=mentor, role="mentor")])


# Runs before the submissions that point to them, and those before their reviews.
_ORDER = (
    *("learning.Enrolment", "learning.Reading", "learning.MasteryCard", "learning.PracticeDay"),
    *("learning.Note", "learning.DayOff", "learning.Completion", "submissions.QuizAttempt"),
    *("runs.Run", "submissions.Submission", "review.Review"),
)


def _write(rows: Rows) -> None:
    from django.apps import apps
    from django.db import transaction

    with transaction.atomic():
        for name in _ORDER:
            model = apps.get_model(name)
            for start in range(0, len(rows.get(name, ())), CHUNK):
                _insert(model, rows[name][start : start + CHUNK])


def _insert(model: "type[Model]", rows: list[dict[str, Any]]) -> None:
    """Rows as they are: ``bulk_create`` would put today where a column keeps the day of its making."""
    from django.db import connection

    fields = [one for one in model._meta.concrete_fields if one.attname in rows[0] or not one.primary_key]
    default = {one.attname: one.get_default() for one in fields}
    values = [
        tuple(one.get_db_prep_save(row.get(one.attname, default[one.attname]), connection) for one in fields)
        for row in rows
    ]
    table = connection.ops.quote_name(model._meta.db_table)
    columns = ", ".join(connection.ops.quote_name(one.column) for one in fields if one.column)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                for row in values:
                    copy.write_row(row)
        else:
            marks = ", ".join(["%s"] * len(fields))
            cursor.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", values)  # noqa: S608


def _tell_the_planner() -> None:
    """Let the database count its rows, as a running one does by itself in the night."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def main(
    learners: Annotated[int, typer.Option(help="how many people")],
    seed: Annotated[int, typer.Option(help="the same seed gives the same people")] = 1,
    until: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="their last day (today)")
    ] = None,
) -> None:
    """Fills the site that the environment names (CAIRN_HOME, DATABASE_URL) with made-up learners."""
    sys.path.insert(0, str(ROOT / "platform"))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cairn.config.settings")
    django.setup()
    last = until.date() if until else datetime.now(UTC).date()
    try:
        filled = fill(Shape(learners, seed, last))
    except NotHere as refusal:
        raise SystemExit(str(refusal)) from None
    typer.echo(json.dumps(asdict(filled)))


if __name__ == "__main__":
    typer.run(main)
