"""How numbers and dates are written: one number format for pages, progress and the API."""

import math
from datetime import date

THIN = "\u202f"  # no-break, before a per cent and a times sign
NO_BREAK = "\u00a0"


def plural(count: int, noun: str) -> str:
    """``1 test``, ``2 tests``, ``3 quizzes``, ``4 criteria``."""
    if noun == "criterion":
        return f"{count} {noun if count == 1 else 'criteria'}"
    ending = "" if count == 1 else "zes" if noun.endswith("z") else "s"
    return f"{count} {noun}{ending}"


def share(value: float) -> str:
    """A share from 0 to 1 as a whole percentage, rounded down: 0.699 must not read as 70 %."""
    return f"{int(value * 100 + 1e-9)}{THIN}%"


def metric(value: float, unit: str = "") -> str:
    """A measured number with its unit. ``percent`` is a share from 0 to 1, cut off after two decimals."""
    if not math.isfinite(value):
        return "not a number"
    match unit:
        case "percent":
            return f"{math.floor(value * 10_000 + 1e-9) / 100:.2f}{THIN}%"
        case "seconds":
            return f"{value:.3g}{NO_BREAK}s"
        case "times":
            return f"{value:.3g}{THIN}\u00d7"
        case _:
            return f"{value:.4g}"


def duration(minutes: int) -> str:
    """``25 min``, ``1 h 30``, ``12 h``: hours alone once minutes no longer matter."""
    hours, rest = divmod(minutes, 60)
    if not hours:
        return f"{minutes}{NO_BREAK}min"
    return f"{hours}{NO_BREAK}h" if hours >= 5 or not rest else f"{hours}{NO_BREAK}h{NO_BREAK}{rest:02d}"


def day(on: date, today: date) -> str:
    """A date as people say it: ``today``, ``Tuesday`` within the last six days, else ``17 November``."""
    gone = (today - on).days
    if gone in (0, 1):
        return ("today", "yesterday")[gone]
    if 1 < gone < 7:
        return f"{on:%A}"
    return f"{on.day} {on:%B}" if on.year == today.year else f"{on.day} {on:%B} {on.year}"
