"""Asking the index: what is found, best first, with the hits marked.

The databases differ in how they weigh words; who is found and what comes first do not: things whose title
says all that was asked, then those whose summary helps, then those that say it in their text.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db import connection
from django.urls import reverse

from cairn.catalog.models import SearchEntry
from cairn.catalog.search_words import fold, pattern, term, words
from cairn.ui.errors import Refusal

Kind = SearchEntry.Kind
LONGEST = 200  # characters of a question
MOST = 200  # entries that are weighed
EXCERPT = 190  # characters shown of a text
BEFORE = 60  # of them before the hit
KINDS = {  # in this order where they are equally good
    Kind.TOPIC: "Topics",
    Kind.EXERCISE: "Exercises",
    Kind.PROJECT: "Projects",
    Kind.MILESTONE: "Milestones",
    Kind.QUIZ: "Quizzes",
    Kind.PATH: "Paths",
    Kind.ASSESSMENT: "Assessments",
    Kind.MAP: "Skill maps",
    Kind.ACTIVITY: "Activities",
    Kind.DATASET: "Data sets",
    Kind.RESOURCE: "Resources",
    Kind.COMMUNITY: "Communities",
    Kind.CONFERENCE: "Conferences",
}
_VIEWS = {Kind.TOPIC: "learning:lesson", Kind.MAP: "learning:skill-map", Kind.DATASET: "catalog:dataset"}
Part = tuple[str, bool]  # a piece of text, and whether it is a hit


class BadSearch(Refusal):
    """The question cannot be asked."""

    code = "bad-search"


@dataclass(frozen=True)
class Question:
    """What a person looks for, as words that no database can misread."""

    text: str
    words: tuple[str, ...]

    @classmethod
    def of(cls, text: str) -> "Question":
        """Read what was typed: any characters are fine, but not any number of them. Raises BadSearch."""
        if len(text) > LONGEST:
            raise BadSearch(
                f"A search may have up to {LONGEST} characters; this one has {len(text):,}. "
                "Search for a few words of it."
            )
        shown = "".join(c if c.isprintable() else " " for c in text)
        return cls(" ".join(shown.split()), tuple(words(text)))

    @cached_property
    def terms(self) -> tuple[tuple[str, bool], ...]:
        """Each word, and whether those that it begins count too. They always do for the last one."""
        last = len(self.words) - 1
        return tuple(dict.fromkeys(term(word, i == last) for i, word in enumerate(self.words)))

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Finds the words asked for in a folded text."""
        return pattern(self.terms)

    def is_said_by(self, text: str) -> bool:
        """Whether the text has all words."""
        folded = fold(text)
        return all(pattern([one]).search(folded) for one in self.terms)


@dataclass(frozen=True)
class Found:
    """Something that was found. ``title`` and ``excerpt`` are pieces of text with the hits told apart."""

    entry: SearchEntry
    title: tuple[Part, ...]
    excerpt: tuple[Part, ...] = ()

    @property
    def url(self) -> str:
        """Where it is."""
        return address(self.entry)


@dataclass(frozen=True)
class Group:
    """What was found of one kind: how many things, and those of them that are shown."""

    kind: str
    name: str
    found: tuple[Found, ...]
    count: int


def address(entry: SearchEntry) -> str:
    """The page of what was found."""
    match entry.kind:
        case Kind.MILESTONE:
            return reverse("learning:milestone", args=[entry.path, entry.slug])
        case Kind.RESOURCE | Kind.COMMUNITY | Kind.CONFERENCE:
            return f"{reverse('learning:resources')}#r-{entry.slug}"
    return reverse(_VIEWS.get(Kind(entry.kind), f"learning:{entry.kind}"), args=[entry.slug])


def suggest(question: Question, count: int = 8) -> list[Found]:
    """The best few, without their texts: one query, asked at every key."""
    return [Found(entry, marked(entry.title, question)) for entry in _best(question)[:count]]


def find(question: Question, count: int = 20, kind: str = "") -> list[Found]:
    """The best ``count``, of one kind or of all, with what each says about it. Two queries."""
    best = [entry for entry in _best(question) if kind in ("", entry.kind)]
    return _shown(best[:count], question)


def find_groups(question: Question, each: int = 6, kind: str = "") -> list[Group]:
    """Everything found, by kind: the kind with the best hit first. Two queries.

    ``each`` of every kind are shown, or of ``kind`` alone where it is named.
    """
    by_kind: dict[str, list[SearchEntry]] = {}
    for entry in _best(question):
        by_kind.setdefault(entry.kind, []).append(entry)
    best = [one for name, entries in by_kind.items() if kind in ("", name) for one in entries[:each]]
    shown = _shown(best, question)
    return [
        Group(name, KINDS[Kind(name)], tuple(one for one in shown if one.entry.kind == name), len(entries))
        for name, entries in by_kind.items()
    ]


def _shown(entries: list[SearchEntry], question: Question) -> list[Found]:
    texts = dict(SearchEntry.objects.filter(pk__in=[one.pk for one in entries]).values_list("pk", "text"))
    return [
        Found(
            entry, marked(entry.title, question), excerpt((entry.summary, texts.get(entry.pk, "")), question)
        )
        for entry in entries
    ]


# --- the databases

_COLUMNS = "e.id, e.kind, e.slug, e.path, e.title, e.context, e.summary, e.written"
_ASK = {
    "sqlite": f"""
        SELECT {_COLUMNS}, bm25(catalog_searchwords, 10.0, 4.0, 1.0) AS rank
        FROM catalog_searchwords JOIN catalog_searchentry e ON e.id = catalog_searchwords.rowid
        WHERE catalog_searchwords MATCH %s ORDER BY rank, e.id LIMIT %s""",  # noqa: S608 - our own columns
    "postgresql": f"""
        SELECT {_COLUMNS}, -ts_rank('{{0.1, 0.1, 0.4, 1.0}}', e.vector, asked) AS rank
        FROM catalog_searchentry e, to_tsquery('simple', %s) asked
        WHERE e.vector @@ asked ORDER BY rank, e.id LIMIT %s""",  # noqa: S608 - our own columns
}
# Words are letters and digits only, so quoting them is all it takes.
_ALL_OF = {  # what stands between words, a word, and what makes it the beginning of one
    "sqlite": (" AND ", '"{}"', " *"),
    "postgresql": (" & ", "'{}'", ":*"),
}


def _best(question: Question, most: int = MOST) -> list[SearchEntry]:
    """What has all words, best first, without texts. One query; none where nothing was asked."""
    if not question.terms:
        return []
    between, whole, begun = _ALL_OF[connection.vendor]
    asked = between.join(whole.format(word) + begun * longer for word, longer in question.terms)
    found = list(SearchEntry.objects.raw(_ASK[connection.vendor], [asked, most]))
    start = fold(question.text)
    order = list(KINDS)

    def goodness(entry: Any) -> tuple[object, ...]:
        tier, begins, kind = (
            _tier(entry, question),
            fold(entry.title).startswith(start),
            order.index(entry.kind),
        )
        weight = (
            (kind, entry.rank) if tier == 0 else (entry.rank, kind)
        )  # equal titles: the topic, then its quiz
        return tier, not begins, *weight, entry.pk

    return sorted(found, key=goodness)


def _tier(entry: SearchEntry, question: Question) -> int:
    if question.is_said_by(entry.title):
        return 0
    return 1 if question.is_said_by(f"{entry.title} {entry.summary}") else 2


# --- what is shown


def marked(text: str, question: Question) -> tuple[Part, ...]:
    """The text in pieces, each with whether it is a hit."""
    return tuple(_pieces(text, question))


def _pieces(text: str, question: Question) -> Iterator[Part]:
    end = 0
    for hit in question.pattern.finditer(fold(text)):
        if hit.start() > end:
            yield text[end : hit.start()], False
        yield text[hit.start() : hit.end()], True
        end = hit.end()
    if text[end:]:
        yield text[end:], False


def excerpt(texts: Iterable[str], question: Question) -> tuple[Part, ...]:
    """What the first text with a hit says around it; the start of the first text where none has one."""
    texts = list(texts)
    for text in texts:
        if hit := question.pattern.search(fold(text)):
            return marked(_around(text, hit.start()), question)
    return marked(_around(next(filter(None, texts), ""), 0), question)


def _around(text: str, place: int) -> str:
    """A stretch of the text with that place in it, cut between words."""
    if len(text) <= EXCERPT:
        return text
    start = 0 if place <= BEFORE else text.find(" ", place - BEFORE, place) + 1 or place
    end = len(text) if start + EXCERPT >= len(text) else text.rfind(" ", place + 1, start + EXCERPT)
    end = end if end > place else start + EXCERPT
    return ("… " if start else "") + text[start:end] + (" …" if end < len(text) else "")
