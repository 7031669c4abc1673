"""``python -m bench``: measures, prints ratios, writes ``var/bench/*.json``."""

from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.console import Console

from bench import grading, live, machine, pages, publish, report, training

Say = Callable[[str], None]


class Part(StrEnum):
    """What can be measured by itself."""

    GRADING = "grading"
    PAGES = "pages"
    PUBLISH = "publish"
    LIVE = "live"
    TRAINING = "training"


def main(
    parts: Annotated[list[Part] | None, typer.Argument(help="what to measure (everything)")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="few repetitions: a look, not a result")] = False,
    write_docs: Annotated[
        bool, typer.Option("--write-docs", help="only put the last results into docs/performance.md")
    ] = False,
    port: Annotated[int, typer.Option(help="where the benchmark serves the site")] = 9600,
) -> None:
    """Measures on two cores of this machine, in one run, everything in turns.

    Pages at full size take about 20 minutes and 6 GB of disk: 10,000 learners are made up first, on SQLite
    and on PostgreSQL, which is most of it; on a machine that does other work too, up to twice that.
    With --quick, 200 learners: 5 minutes.
    """
    console = Console()
    if write_docs:
        report.write_document(report.last())
        console.print(f"Wrote {report.DOCUMENT}.")
        return
    machine.use_two_cores()
    for part in parts or list(Part):
        facts = machine.facts()
        found = {"machine": facts, "quick": quick, **_measure(part, quick, port, console.print)}
        report.show(part, found, console)
        console.print(f"Written to {report.save(part, found)}.")


def _measure(part: Part, quick: bool, port: int, say: Say) -> dict[str, Any]:
    match part:
        case Part.GRADING:
            return grading.measure(grading.QUICK if quick else grading.FULL, say)
        case Part.PAGES:
            return pages.measure(port, pages.QUICK if quick else pages.FULL, say)
        case Part.PUBLISH:
            return publish.measure(1 if quick else 5, say)
        case Part.LIVE:
            return live.measure(port, live.QUICK if quick else live.FULL, say)
        case Part.TRAINING:
            return training.measure(training.QUICK if quick else training.FULL, say)


if __name__ == "__main__":
    typer.run(main)
