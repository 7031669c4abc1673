"""The rules behind the numbers of progress, in words that name the numbers they explain. Pure."""

from cairn.learning.progress import MilestoneState, PathProgress
from cairn.learning.wording import plural, share

LAID = "A stone is laid once what you handed in, answered or did meets its criterion; the best result counts."
TOPIC = (
    "A topic is finished once its lesson is read, its quiz passed and every exercise passed; who passes "
    "the quiz need not read. It counts on every path that it is on."
)


def of_milestone(state: MilestoneState) -> str:
    """How a milestone's stones are counted."""
    optional = len(state.stones) - state.total
    asked = f"This milestone asks for {plural(state.total, 'criterion')}, one stone each."
    left_out = f" {_are(optional)} optional: not counted, and nothing waits for it." if optional else ""
    return f"{asked}{left_out} {LAID} {_part(state.laid, state.total)} The cairn stands once all are laid."


def of_path(progress: PathProgress) -> str:
    """How a path's stones and cairns are counted."""
    optional = len(progress.milestones) - len(progress.asked)
    milestones, stones = plural(len(progress.asked), "milestone"), plural(progress.total, "stone")
    asked = f"This path asks for {milestones} with {stones}."
    left_out = f" {_milestones(optional)} optional and not counted." if optional else ""
    return (
        f"{asked}{left_out} {LAID} What you pass on another path counts here too. "
        f"{_part(progress.laid, progress.total)} {plural(progress.standing, 'cairn')} of "
        f"{len(progress.asked)} {'stands' if progress.standing == 1 else 'stand'}."
    )


def _part(laid: int, total: int) -> str:
    """How many of how many, and the percentage they make."""
    return f"{laid} of {total} laid make {share(laid / total)}." if total else "It has no stones yet."


def _are(count: int) -> str:
    return "One more is" if count == 1 else f"{count} more are"


def _milestones(count: int) -> str:
    return "One more milestone is" if count == 1 else f"{count} more milestones are"
