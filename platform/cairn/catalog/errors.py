"""What is wrong with the curriculum: collected, each with its place and what to do, never one at a time."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class ContentError:
    """One thing to put right. ``file`` is relative to the curriculum; ``line`` counts from 1, 0: none."""

    file: str
    line: int
    message: str
    remedy: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.message}" + (f"\n    {self.remedy}" if self.remedy else "")


class ContentErrors(Exception):
    """The curriculum cannot be published as it is. Whatever was published before stays live."""

    def __init__(self, errors: Iterable[ContentError]) -> None:
        self.errors = sorted(set(errors))
        super().__init__("\n".join(map(str, self.errors)))
