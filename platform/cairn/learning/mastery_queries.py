"""A learner's deck: what they missed, when each comes back, and what to ask today.

The deck follows from stored answers. Reading it writes nothing: a card that was never practised has no row.
Pages show what is kept of it; who stores anything reads it anew, under a lock.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, NamedTuple

from django.core.cache import cache

from cairn.accounts.models import User
from cairn.catalog.models import Document
from cairn.catalog.queries import Library, library
from cairn.learning.mastery_rules import (
    QUESTIONS_A_DAY,
    SECONDS_A_QUESTION,
    Memory,
    days_ahead,
    for_today,
    remembered,
    review,
)
from cairn.learning.models import MasteryCard
from cairn.learning.queries import today_for, zone_of
from cairn.learning.versions import Version, shared, version_of
from cairn.runs.models import Run
from cairn.submissions.models import QuizAttempt, Submission, Work
from cairn.submissions.sheets import BETWEEN
from cairn.ui.errors import NotFound
from grader.contract import Verdict

QUESTION, EXERCISE = MasteryCard.Kind.QUESTION, MasteryCard.Kind.EXERCISE
KEPT_SECONDS = 24 * 3600
BAR = 44  # pixels: the highest bar of the week


class Key(NamedTuple):
    """What a card is about. ``topic`` is empty for an exercise."""

    kind: str
    topic: str
    item: str


@dataclass(frozen=True)
class Card:
    """One thing that comes back, with where its content stands now."""

    key: Key
    memory: Memory
    seen: int = 0
    practised_on: date | None = None
    begun_at: datetime | None = None
    topic: str = ""  # slug
    title: str = ""  # of its topic, or of the exercise
    minutes: int = 1

    @property
    def name(self) -> str:
        """Its key as one text."""
        return "/".join(self.key)


class Answer(NamedTuple):
    """Points for a question's answer, in a quiz's attempt, on the learner's day."""

    attempt: int
    key: Key
    points: float
    on: date


class Judged(NamedTuple):
    """An exercise handed in, and whether it passed."""

    slug: str
    passed: bool
    at: datetime
    on: date


@dataclass(frozen=True)
class TopicDue:
    """A topic of which something comes back, told by its weakest question."""

    slug: str
    title: str
    count: int
    wording: str


@dataclass(frozen=True)
class Deck:
    """All cards whose content is still there, on one day."""

    cards: dict[Key, Card]
    today: date

    @property
    def due(self) -> list[Card]:
        """Questions to be asked by today."""
        return [card for card in self._of(QUESTION) if card.memory.due_on <= self.today]

    @property
    def exercises(self) -> list[Card]:
        """Exercises to be solved again by today, the one due longest first."""
        due = [card for card in self._of(EXERCISE) if card.memory.due_on <= self.today]
        return sorted(due, key=lambda card: (card.memory.due_on, card.name))

    @property
    def done_today(self) -> int:
        """Questions practised today."""
        return sum(card.practised_on == self.today for card in self._of(QUESTION))

    @property
    def week(self) -> tuple[tuple[date, int], ...]:
        """How many questions come due on each of seven days, from today."""
        return days_ahead((card.memory.due_on for card in self._of(QUESTION)), self.today)

    @property
    def bars(self) -> list[tuple[date, int, int]]:
        """The week with the height of each day's bar, in pixels."""
        most = max(count for _, count in self.week)
        return [(day, count, round(BAR * count / most) if most else 0) for day, count in self.week]

    @property
    def topics(self) -> list[TopicDue]:
        """The topics of the questions, the weakest first."""
        weakest_first = sorted(self._of(QUESTION), key=lambda card: (card.memory.stability, card.name))
        by_topic: dict[str, list[Card]] = {}
        for card in weakest_first:
            by_topic.setdefault(card.topic, []).append(card)
        return [
            TopicDue(slug, cards[0].title, len(cards), cards[0].memory.wording)
            for slug, cards in by_topic.items()
        ]

    def batch(self, *, more: bool = False) -> list[Card]:
        """The questions to ask now: about ten minutes a day, or all that are due for who wants ``more``."""
        named = {card.name: card for card in self.due}
        most = {"most": len(named) + self.done_today} if more else {}
        chosen = for_today([(card.memory, name) for name, card in named.items()], self.done_today, **most)
        return [named[name] for name in chosen]

    def card(self, key: Key) -> Card:
        """The card about that. Raises NotFound where nothing was missed, or the content is gone."""
        if key not in self.cards:
            raise NotFound("This is not one of your reviews, or its content is gone. Nothing was counted.")
        return self.cards[key]

    def _of(self, kind: str) -> Iterator[Card]:
        return (card for card in self.cards.values() if card.key.kind == kind)


@dataclass(frozen=True)
class Due:
    """Today's reviews in short, for the home page."""

    count: int
    topics: tuple[str, ...]
    minutes: int
    exercises: int
    bars: list[tuple[date, int, int]]  # of seven days; empty where nothing comes back in them


@dataclass(frozen=True)
class Ahead:
    """What the page of practice shows of a deck, whichever question it asks. ``due`` come weakest first."""

    due: tuple[Card, ...]
    done: int
    bars: tuple[tuple[date, int, int], ...]
    topics: tuple[TopicDue, ...]
    exercise: Card | None  # to be solved again
    next_on: date | None  # None where nothing ever comes back

    def batch(self, *, more: bool = False) -> tuple[Card, ...]:
        """The questions to ask now: about ten minutes a day, or all that are due for who wants ``more``."""
        return self.due if more else self.due[: max(0, QUESTIONS_A_DAY - self.done)]


def due_today(user: User, version: Version | None = None) -> Due:
    """How many questions wait today, from which topics, and how long they take. Queries as ``deck_shown``.

    Who has asked for the learner's ``version`` already saves one.
    """
    deck = _deck_at(user, version or version_of(user))
    batch = deck.batch()
    topics = tuple(dict.fromkeys(card.title for card in batch))
    minutes = -(-len(batch) * SECONDS_A_QUESTION // 60)
    bars = deck.bars if any(count for _, count in deck.week) else []
    return Due(len(batch), topics, minutes, len(deck.exercises), bars)


def ahead_of(user: User) -> Ahead:
    """What the page of practice shows today. One query, more after a change."""
    version = version_of(user)

    def look() -> Ahead:
        deck = _deck_at(user, version)
        return Ahead(
            due=tuple(deck.batch(more=True)),
            done=deck.done_today,
            bars=tuple(deck.bars),
            topics=tuple(deck.topics),
            exercise=next(iter(deck.exercises), None),
            next_on=min((card.memory.due_on for card in deck.cards.values()), default=None),
        )

    return shared(user, _seen_in(version), "ahead", look, *_clock(user))


def deck_shown(user: User) -> Deck:
    """The learner's deck today, as it is kept: one query, and up to four more after a change."""
    return _deck_at(user, version_of(user))


def _deck_at(user: User, version: Version) -> Deck:
    """Only what changed of it is read again."""

    def make() -> Deck:
        zone = str(zone_of(user))
        given = shared(user, version.quizzes, "answers", lambda: tuple(_answers(user)), zone)
        judged = shared(user, version.code, "judged", lambda: tuple(_judged(user)), zone)
        return _deck(user, given, judged)

    return shared(user, _seen_in(version), "deck", make, *_clock(user))


def _seen_in(version: Version) -> tuple[int, ...]:
    """The numbers that a deck follows from."""
    return version.code, version.quizzes, version.cards


def _clock(user: User) -> tuple[str, date]:
    """Days are the learner's own."""
    return str(zone_of(user)), today_for(user)


def deck_of(user: User) -> Deck:
    """The learner's deck today, read anew. Three queries, and one more for a quiz not asked for in a day."""
    return _deck(user, _answers(user), _judged(user))


def _deck(user: User, given: Iterable[Answer], judged: Iterable[Judged]) -> Deck:
    rows = {card.key: card for card in map(_stored, _rows(user))}
    cards = _questions(given, rows) | _exercises(judged, rows)
    return Deck(dict(_still_there(cards, library())), today_for(user))


def _rows(user: User) -> Iterable[tuple[Any, ...]]:
    """What ``_stored`` makes a card of; plain values, because there are hundreds."""
    memory = ("stability", "difficulty", "reviewed_on", "due_on", "misses")
    more = ("seen", "practised_on", "begun_at")
    return MasteryCard.objects.filter(user=user).values_list("kind", "topic", "item", *memory, *more)


def _stored(row: tuple[Any, ...]) -> Card:
    return Card(Key(*row[:3]), Memory(*row[3:8]), *row[8:])


def _answers(user: User) -> Iterator[Answer]:
    """Every quiz answer given, drawn ones included, oldest first. One query."""
    zone = zone_of(user)
    attempts = QuizAttempt.objects.filter(user=user).order_by("pk")
    for pk, topic, results, begun, ended in attempts.values_list(
        "pk", "topic", "results", "started_at", "finished_at"
    ):
        on = (ended or begun).astimezone(zone).date()
        for question, points in results.items():
            drawn_from, _, own_id = question.rpartition(BETWEEN)
            yield Answer(pk, Key(QUESTION, drawn_from or topic, own_id), points, on)


def _questions(given: Iterable[Answer], rows: dict[Key, Card]) -> dict[Key, Card]:
    """Cards of questions: what is stored, and every answer given since."""
    cards = {key: card for key, card in rows.items() if key.kind == QUESTION}
    for attempt, key, points, on in given:
        before = cards.get(key)
        if before and attempt <= before.seen:
            continue
        memory = remembered(before.memory if before else None, [(points, on)])
        if memory:
            cards[key] = (
                replace(before, memory=memory, seen=attempt) if before else Card(key, memory, attempt)
            )
    return cards


def _exercises(judged: Iterable[Judged], rows: dict[Key, Card]) -> dict[Key, Card]:
    """Cards of exercises that failed before they passed; one begun again is settled by what came next."""
    cards = {key: card for key, card in rows.items() if key.kind == EXERCISE}
    failed: set[str] = set()
    for slug, passed, at, on in judged:
        key = Key(EXERCISE, "", slug)
        card = cards.get(key)
        if card and card.begun_at and at > card.begun_at:
            memory = review(card.memory, float(passed), on)
            cards[key] = replace(card, memory=memory, begun_at=None, practised_on=on)
        elif not card and passed and slug in failed:
            cards[key] = Card(key, review(None, 0.5, on))
        if not passed:
            failed.add(slug)
    return {key: card for key, card in cards.items() if key in rows or key.item in failed}


def _judged(user: User) -> Iterator[Judged]:
    """All exercises that were judged, oldest first. One query."""
    zone = zone_of(user)
    judged = Submission.objects.filter(user=user, work=Work.EXERCISE, run__state=Run.State.FINISHED)
    theirs = judged.exclude(run__verdict=Verdict.INTERNAL).order_by("created_at")
    for slug, verdict, at in theirs.values_list("slug", "run__verdict", "created_at"):
        yield Judged(slug, verdict == Verdict.PASSED, at, at.astimezone(zone).date())


def _still_there(cards: dict[Key, Card], books: Library) -> Iterator[tuple[Key, Card]]:
    """The cards whose question or exercise is in the current release, with its titles."""
    known = _question_ids({key.topic for key in cards if key.topic in books.topics}, books)
    for key, card in cards.items():
        if key.kind == QUESTION and key.item in known.get(key.topic, ()):
            yield key, replace(card, topic=key.topic, title=books.topics[key.topic].content.title)
        elif key.kind == EXERCISE and key.item in books.exercises:
            entry = books.exercises[key.item]
            if books.topics[entry.topic].written:
                title, minutes = entry.content.title, entry.content.minutes
                yield key, replace(card, topic=entry.topic, title=title, minutes=minutes)


def _question_ids(topics: set[str], books: Library) -> dict[str, set[str]]:
    """The questions that each quiz has now. A hash names one content for ever, so the cache may keep it."""
    hashes = {slug: books.topics[slug].quiz_hash for slug in topics if books.topics[slug].quiz_hash}
    known: dict[str, list[str]] = cache.get_many([_cached(one) for one in hashes.values()])
    missing = [one for one in hashes.values() if _cached(one) not in known]
    if missing:
        quizzes = Document.objects.filter(kind=Document.Kind.QUIZ, content_hash__in=missing)
        rows = quizzes.values_list("content_hash", "body__questions")
        found = {_cached(one): [question["id"] for question in questions] for one, questions in rows}
        cache.set_many(found, KEPT_SECONDS)
        known |= found
    return {slug: set(known.get(_cached(one), ())) for slug, one in hashes.items()}


def _cached(content_hash: str) -> str:
    return f"quiz-questions:{content_hash}"
