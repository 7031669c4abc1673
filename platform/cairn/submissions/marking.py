"""How an answer is read and what it is worth. Pure: a question and an answer in, points from 0 to 1 out.

An answer is stored as plain JSON: the index of a choice (``single``), indices (``multiple``), the text as
typed (``numeric``, ``text``, ``predict``), the items' indices in the order given (``order``), for each left
side the index of the right one (``match``), or the text of each gap (``fill``). Indices are the author's; how
a page shuffles them is ``sheets``' matter.
"""

import math
import re
import unicodedata
from collections.abc import Sequence
from itertools import pairwise, zip_longest
from typing import Any

from cairn.catalog.content import (
    ChoiceQuestion,
    FillQuestion,
    MatchQuestion,
    NumericQuestion,
    OrderQuestion,
    PredictQuestion,
    Question,
    TextQuestion,
)
from cairn.submissions.units import factor
from cairn.ui.errors import Refusal

Answer = int | list[int] | list[str] | str

MAX_TEXT = 500
MAX_OUTPUT = 4000
OPEN = -1  # a left side that was matched with nothing yet
KEPT = "Nothing was counted; your other answers are kept."

# What keyboards, and above all phones, put in the place of the plain character; and what cannot be seen.
_PLAIN = str.maketrans("\u2018\u2019\u201a\u201c\u201d\u201e\u2212\u2013\u00a0\u2009\u202f", "'''\"\"\"--   ")
_UNSEEN = dict.fromkeys([0, 0x200B, 0x200C, 0x200D, 0x200E, 0x200F, 0x2060, 0xFEFF])


class BadAnswer(Refusal):
    """The answer cannot be one to this question."""

    code = "bad-answer"


def read_answer(question: Question, value: Any, *, whole: bool = True) -> Answer:
    """The answer in the form in which it is stored.

    Unless it must be ``whole``, pairs and gaps may be left open, as an exam saves them on the way.
    Raises BadAnswer, with a sentence for the person, if ``value`` cannot be an answer to this question.
    """
    match question:
        case ChoiceQuestion(type="single"):
            return _index(value, len(question.choices))
        case ChoiceQuestion():
            return _indices(value, len(question.choices))
        case NumericQuestion():
            read_number(_text(value), question.unit, required=question.unit_required)
            return _text(value)
        case TextQuestion():
            return _text(value)
        case OrderQuestion():
            return _permutation(value, len(question.items))
        case MatchQuestion():
            return _matched(value, len(question.pairs), len(question.rights), whole)
        case PredictQuestion():
            return _output(value)
        case FillQuestion():
            return _gaps(value, len(question.blanks), whole)


def mark(question: Question, answer: Answer) -> float:
    """Points from 0 to 1 for an answer that ``read_answer`` let through. 1 means right."""
    match question, answer:
        case ChoiceQuestion(type="single"), int():
            return float(question.choices[answer].correct)
        case ChoiceQuestion(), list():
            return _mark_multiple([one.correct for one in question.choices], {int(one) for one in answer})
        case NumericQuestion(), str():
            number = read_number(answer, question.unit, required=question.unit_required)
            return float(_near(number, question.answer, question.tolerance))
        case TextQuestion(), str():
            said = {answer.strip(), " ".join(plain(answer).split())}
            return float(any(re.fullmatch(p, one, re.IGNORECASE) for p in question.accept for one in said))
        case OrderQuestion(), list():
            return _mark_order([int(place) for place in answer])
        case ((MatchQuestion() | FillQuestion() | PredictQuestion()), _):
            right = marked_parts(question, answer)
            return sum(right) / len(right)
    raise BadAnswer(f"That is not an answer to this kind of question. {KEPT}")


def marked_parts(question: Question, answer: Answer) -> list[bool]:
    """Which pairs, gaps or lines of an answer are right, for the kinds that are marked part by part."""
    match question, answer:
        case MatchQuestion(), list():
            chosen = [question.rights[int(one)] if one != OPEN else None for one in answer]
            return [right == pair.right for right, pair in zip(chosen, question.pairs, strict=True)]
        case FillQuestion(), list():
            gaps = [question.blanks[name] for name in question.names]
            return [_fills(gap.answer, gap.accept, str(said)) for gap, said in zip(gaps, answer, strict=True)]
        case PredictQuestion(), str():
            said, shown = lines(plain(answer)), lines(plain(question.output))
            return [mine == theirs for mine, theirs in zip_longest(said, shown)]
    return []


def plain(text: str) -> str:
    """A text with straight quotes, hyphens and ordinary spaces, as code and most keyboards have them."""
    return unicodedata.normalize("NFC", text).translate(_PLAIN)


def lines(output: str) -> list[str]:
    """Printed lines without white space at their ends and without empty ones at the end."""
    return [line.rstrip() for line in output.rstrip().splitlines()]


def less_hint(points: float, cost: float) -> float:
    """Points after what a hint costs. Never less than none."""
    return max(0.0, points - cost)


def read_number(text: str, unit: str = "", *, required: bool = False) -> float:
    """The number a person typed, in ``unit`` where none follows: ``0,5``, ``1e-3``, ``2*10^-3``, ``3/4``.

    Another unit of the same kind is converted. Raises BadAnswer if it is not a finite number, has a unit of
    another kind, none where one is ``required``, or can be read in two ways.
    """
    bare = re.sub(r"[\s_]", "", plain(text.translate(_UNSEEN)))
    bare = re.sub(r"(?<=\d)[\u00d7\u00b7*]10\^([+-]?\d)", r"e\1", bare)
    found = re.fullmatch(rf"({_NUMBER})(?:/({_NUMBER}))?(.*)", bare)
    if not found:
        raise BadAnswer(f"“{text[:40]}” is not a number. Write it like 0.25, 0,25, 1/4 or 2.5e-1. {KEPT}")
    above, below, rest = found.groups()
    times = _conversion(rest, unit, required)
    number = _decimal(above) / (_decimal(below) or math.nan) if below else _decimal(above)
    if not math.isfinite(number):
        raise BadAnswer(f"“{text[:40]}” is not a finite number. {KEPT}")
    return number * times


_NUMBER = r"[+-]?(?:\d[\d.,]*|[.,]\d+)(?:[eE][+-]?\d+)?"


def _decimal(written: str) -> float:
    if re.fullmatch(r"[+-]?[1-9]\d{0,2},\d{3}", written):
        raise BadAnswer(
            f"{written} can be read as thousands or as decimals. Write it without the comma. {KEPT}"
        )
    if re.fullmatch(r"[+-]?[1-9]\d{0,2}(?:(?:,\d{3}){2,}|(?:\.\d{3}){2,})", written):
        written = re.sub("[.,]", "", written)
    elif "," in written and "." in written:
        thousands = "," if written.rindex(".") > written.rindex(",") else "."
        written = written.replace(thousands, "")
    try:
        return float(written.replace(",", "."))
    except ValueError:
        raise BadAnswer(f"“{written[:40]}” is not a number. Write it like 0.25 or 0,25. {KEPT}") from None


def _conversion(written: str, unit: str, required: bool) -> float:
    """What the number is multiplied with to be in ``unit``."""
    if required and not written:
        raise BadAnswer(f"The unit is part of the answer. Write it after the number. {KEPT}")
    if not written:
        return 1.0
    times = factor(written, re.sub(r"\s", "", unit))
    if times is None:
        if required:
            raise BadAnswer(f"“{written[:20]}” is not a unit that measures this. {KEPT}")
        asked = f"with {unit} after it" if unit else "without a unit"
        raise BadAnswer(f"After the number came “{written[:20]}”. Write the number alone or {asked}. {KEPT}")
    return times


def _near(value: float, answer: float, tolerance: float) -> bool:
    # The tolerance is decimal as the author wrote it; what binary arithmetic adds must not decide.
    return abs(value - answer) <= tolerance + 1e-12 * max(1.0, abs(answer))


def _mark_multiple(correct: list[bool], chosen: set[int]) -> float:
    """Share of right ones ticked less share of wrong ones ticked: ticking everything earns nothing."""
    right = {index for index, is_correct in enumerate(correct) if is_correct}
    wrong = set(range(len(correct))) - right
    earned = len(chosen & right) / len(right)
    lost = len(chosen & wrong) / len(wrong) if wrong else 0.0
    return max(0.0, earned - lost)


def _mark_order(order: list[int]) -> float:
    """Mean of two shares: items in their own place, and neighbours that follow each other as they should."""
    places = sum(place == item for place, item in enumerate(order)) / len(order)
    pairs = sum(b == a + 1 for a, b in pairwise(order)) / (len(order) - 1)
    return (places + pairs) / 2


def _index(value: Any, count: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise BadAnswer(f"Choose one of the {count} answers. {KEPT}")
    if not re.fullmatch(r"-?\d{1,4}", str(value)):
        raise BadAnswer(f"Choose one of the {count} answers. {KEPT}")
    if not 0 <= (index := int(value)) < count:
        raise BadAnswer(
            f"This question has {count} answers, and number {index + 1} is not one of them. {KEPT}"
        )
    return index


def _indices(value: Any, count: int) -> list[int]:
    if not isinstance(value, list | tuple) or not value:
        raise BadAnswer(f"Tick at least one answer. {KEPT}")
    return sorted({_index(one, count) for one in value})


def _permutation(value: Any, count: int) -> list[int]:
    if not isinstance(value, list | tuple) or len(value) != count:
        raise BadAnswer(f"Give each of the {count} items a place. {KEPT}")
    order = [_index(one, count) for one in value]
    if len(set(order)) != count:
        raise BadAnswer(f"Two items share a place. Give each of the {count} items its own. {KEPT}")
    return order


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.translate(_UNSEEN).strip():
        raise BadAnswer(f"Write an answer first. {KEPT}")
    if len(value) > MAX_TEXT:
        raise BadAnswer(f"An answer has at most {MAX_TEXT} characters, this one has {len(value)}. {KEPT}")
    return value.translate(_UNSEEN).strip()


def _matched(value: Any, count: int, among: int, whole: bool) -> list[int]:
    if not isinstance(value, list | tuple) or len(value) != count:
        raise BadAnswer(f"Find the other half of each of the {count}. {KEPT}")
    open_ones = [one in ("", None, OPEN, str(OPEN)) for one in value]
    if whole and any(open_ones):
        have = "has" if sum(open_ones) == 1 else "have"
        raise BadAnswer(f"{sum(open_ones)} of {count} {have} no other half yet. {KEPT}")
    return [OPEN if is_open else _index(one, among) for one, is_open in zip(value, open_ones, strict=True)]


def _gaps(value: Any, count: int, whole: bool) -> list[str]:
    if not isinstance(value, list | tuple) or len(value) != count:
        raise BadAnswer(f"Fill each of the {count} gaps. {KEPT}")
    if not all(isinstance(one, str) and len(one) <= MAX_TEXT for one in value):
        raise BadAnswer(f"A gap holds at most {MAX_TEXT} characters. {KEPT}")
    said = [str(one).translate(_UNSEEN).strip() for one in value]
    if whole and not all(said):
        empty = said.count("")
        words = (
            f"{empty} of {count} gaps {'is' if empty == 1 else 'are'} empty"
            if count > 1
            else "The gap is empty"
        )
        raise BadAnswer(f"{words}. {KEPT}")
    return said


def _fills(answer: str, accept: Sequence[str], said: str) -> bool:
    """Whether a gap's text is the answer, quotes and spaces aside, or one that a pattern accepts."""
    mine, theirs = (re.sub(r"\s", "", plain(one)).replace('"', "'") for one in (said, answer))
    return mine == theirs or any(
        re.fullmatch(pattern, one) for pattern in accept for one in {said, plain(said)}
    )


def _output(value: Any) -> str:
    if not isinstance(value, str) or not value.translate(_UNSEEN).strip():
        raise BadAnswer(f"Write what it prints first. {KEPT}")
    if len(value) > MAX_OUTPUT:
        raise BadAnswer(f"An answer has at most {MAX_OUTPUT} characters, this one has {len(value)}. {KEPT}")
    return "\n".join(lines(value.translate(_UNSEEN).replace("\r\n", "\n").replace("\r", "\n")))
