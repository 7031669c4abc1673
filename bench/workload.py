"""The three submissions to measure with: a learner's file and the five calls it is asked for."""

from dataclasses import dataclass
from pathlib import Path

from grader.contract import Job, Limits

KINDS = ("plain", "numpy", "torch")
CALLS = 5
PROOF = "five calls answered"
_FOLDER = Path(__file__).resolve().parent / "workloads"
_LIMITS = Limits(wall_seconds=60, cpu_seconds=60, memory_bytes=4 * 2**30)


@dataclass(frozen=True)
class Workload:
    """``solution`` is the learner's; ``calls`` holds ``call(student, number)``, which checks the answer."""

    kind: str
    solution: str
    calls: str

    def job(self) -> Job:
        """As Cairn grades it: each call is a hidden test."""
        tests = [f"def test_{n}(student):\n    call(student, {n})\n" for n in range(CALLS)]
        return job(self.solution, "\n\n".join([self.calls, *tests]))

    def script(self) -> str:
        """As one file that calls itself, and prints PROOF if every answer was right."""
        asking = f"import sys\nfor number in range({CALLS}):\n    call(sys.modules[__name__], number)\n"
        return "\n\n".join([self.solution, self.calls, f"{asking}print({PROOF!r})\n"])


def workload(kind: str) -> Workload:
    """The submission of one of KINDS. Raises OSError for another."""
    folder = _FOLDER / kind
    return Workload(kind, (folder / "solution.py").read_text(), (folder / "calls.py").read_text())


def job(solution: str, tests: str) -> Job:
    """A job for the grader, with limits that no benchmark meets."""
    return Job(id="bench", files={"solution.py": solution}, tests={"tests.py": tests}, limits=_LIMITS)
