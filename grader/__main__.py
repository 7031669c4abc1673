"""``python -m grader FOLDER FILE...``: grades files against an exercise's folder, with no server running."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from grader.contract import Kind, Report, TestStatus, Verdict
from grader.local import NoExercise, job_for_folder, prove
from grader.run import run
from grader.sandbox.base import SandboxUnavailable

_MARKS = {TestStatus.PASSED: "[green]passed[/]", TestStatus.SKIPPED: "[dim]skipped[/]"}


def verdict(exercise: str, report: Report) -> dict[str, Any]:
    """The JSON verdict of the outside contract."""
    tests = [
        {"name": test.name, "status": str(test.status), "message": test.message, "seconds": test.seconds}
        for test in report.tests
    ]
    kept = report.model_dump(
        mode="json",
        include={
            "score",
            "output",
            "wall_seconds",
            "cpu_seconds",
            "peak_bytes",
            "content_hash",
            "message",
            "metrics",
        },
    )
    return {"exercise": exercise, "status": str(report.status), "tests": tests, **kept}


def exit_code(report: Report) -> int:
    """0 passed, 1 the learner's failure, 2 ours."""
    return {Verdict.PASSED: 0, Verdict.INTERNAL: 2}.get(report.status, 1)


def show(report: Report, console: Console) -> None:
    """A report as a person reads it in a terminal."""
    if report.output:
        console.print(report.output.rstrip(), markup=False, highlight=False)
    for test in report.tests:
        console.print(f"{_MARKS.get(test.status, f'[red]{test.status}[/]'):<18} ", end="")
        console.print(f"{test.title} ({test.seconds * 1000:.1f} ms)", markup=False, highlight=False)
        if test.message and test.status is not TestStatus.SKIPPED:
            line = f" (line {test.line})" if test.line else ""
            console.print(f"    {test.message}{line}", markup=False, highlight=False)
        if test.difference and test.difference.call:
            console.print(f"    call: {test.difference.call}", markup=False, highlight=False)
    for name, value in report.metrics.items():
        console.print(f"{name} = {value:g}", markup=False, highlight=False)
    console.print(f"{report.status}  {report.score:.0%}  {report.message}", markup=False, highlight=False)


def main(
    folder: Annotated[Path, typer.Argument(help="an exercise's or project's folder")],
    files: Annotated[list[Path] | None, typer.Argument(help="the files to grade")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON document")] = False,
    try_it: Annotated[bool, typer.Option("--try", help="only the examples, as the Run button does")] = False,
    prove_it: Annotated[
        bool, typer.Option("--prove", help="run the folder's own solution, starter and wrong/")
    ] = False,
) -> None:
    """Grades FILES against FOLDER. Exit 0 passed, 1 the learner's failure, 2 ours."""
    console = Console(soft_wrap=True)
    try:
        if prove_it:
            raise typer.Exit(_prove(folder, console, as_json))
        texts = {path.name: path.read_text(encoding="utf-8", errors="replace") for path in files or ()}
        report = run(job_for_folder(folder, texts, Kind.TRY if try_it else Kind.GRADE), lambda event: None)
    except (NoExercise, SandboxUnavailable, OSError) as error:
        Console(stderr=True, soft_wrap=True).print(str(error), markup=False, highlight=False)
        raise typer.Exit(2) from None
    if as_json:
        typer.echo(json.dumps(verdict(folder.name, report)))
    else:
        show(report, console)
    raise typer.Exit(exit_code(report))


def _prove(folder: Path, console: Console, as_json: bool) -> int:
    """Shows each proof as it comes. Returns 0 only if there are some and all hold."""
    holding = []
    for proof in prove(folder):
        holding.append(proof.holds)
        if as_json:
            typer.echo(
                json.dumps(
                    {
                        "file": proof.name,
                        "wanted": proof.wanted,
                        "holds": proof.holds,
                        **verdict(folder.name, proof.report),
                    }
                )
            )
            continue
        mark = "[green]holds[/]" if proof.holds else "[red]BROKEN[/]"
        console.print(f"{mark} ", end="")
        console.print(
            f"{proof.name}: wanted {proof.wanted}, got {proof.report.status}", markup=False, highlight=False
        )
        if not proof.holds:
            show(proof.report, console)
    return 0 if holding and all(holding) else 1


if __name__ == "__main__":
    typer.run(main)
