"""When a learner arrives: what is left of a path, divided by the hours a week they give it. Pure."""

import math
from datetime import date, timedelta

from cairn.learning.progress import PathProgress


def remaining_hours(progress: PathProgress) -> float:
    """Hours that the path still asks for; a milestone's share shrinks with each stone laid on it."""
    hours = 0.0
    for placed, whole in zip(progress.milestones, milestone_hours(progress), strict=True):
        stones = len(placed.state.stones)
        left = 1 - placed.state.laid / stones if stones else 1.0
        hours += whole * left
    return hours


def milestone_hours(progress: PathProgress) -> list[float]:
    """Each milestone's hours; those that say nothing share what the path's hours leave."""
    stated = [placed.milestone.hours for placed in progress.milestones]
    silent = stated.count(0)
    spare = max(0.0, progress.path.content.hours - sum(stated))
    return [hours or spare / silent for hours in stated]


def arrival(progress: PathProgress, starts_on: date, hours_per_week: float, today: date) -> date:
    """The day on which the last stone would be laid at this pace, counted from today or a later start."""
    days = math.ceil(remaining_hours(progress) / hours_per_week * 7)
    return max(today, starts_on) + timedelta(days=days)
