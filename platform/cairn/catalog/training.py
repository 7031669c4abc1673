"""Trains a project's own variants (solution, baseline, wrong ones) without a server: for authors."""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cairn.catalog import content, datasets
from cairn.catalog.documents import REFERENCE, TRUSTED_SUFFIXES
from cairn.catalog.folders import used
from cairn.catalog.source import Source
from grader.contract import Event, Job, Kind, Limits, Output, Phase, Points, Report, Training
from grader.local import Proof, meets
from grader.training.depot import Folder
from grader.training.run import train

CPU_FACTOR = 16  # processor time for each second of the clock
PLACES = 100  # points that a reference curve has at most
Curves = dict[str, tuple[list[int], list[float]]]
Say = Callable[[str], None]


@dataclass(frozen=True)
class Trained:
    """What a training came to: its report and the curves that were logged, by name."""

    report: Report
    curves: Curves


def project(folder: Path) -> content.Project:
    """The project of that folder. Raises ValueError with what is wrong."""
    source = Source(folder.parent.parent)
    found = source.yaml(folder / "project.yaml", content.Project)
    if found is None:
        raise ValueError("\n".join(map(str, source.errors)))
    return found


def job(folder: Path, variant: str, seed: int) -> Job:
    """The job that trains the files of ``variant`` with the author's settings. Raises OSError, ValueError."""
    model, source = project(folder), Source(folder.parent.parent)
    spec = model.training
    if spec is None:
        raise ValueError(f"{folder.name} has nothing to train: its project.yaml has no `training`.")
    texts = {
        slug: datasets.loader_texts(source.root / datasets.LOADERS, one.loader)
        for slug, one in used(source, model).items()
    }
    uses = tuple(datasets.use(slug, one, texts[slug]) for slug, one in used(source, model).items())
    return Job(
        id=f"{folder.name}-{folder_name(variant)}-{seed}",
        kind=Kind.TRAIN,
        entry=spec.entry,
        evaluated=model.entry,
        files=_files(folder, variant),
        tests=_tests(folder),
        loaders={name: text for one in texts.values() for name, text in one.items()},
        seed=seed,
        limits=_limits(spec.limits),
        training=Training(
            parameters={one.name: _default(one) for one in spec.parameters},
            datasets=uses,
            disk_bytes=spec.limits.disk_mb * 2**20,
            artifact_bytes=spec.limits.artifact_mb * 2**20,
            processes=spec.processes,
            nodes=spec.nodes,
            evaluation=Limits(
                wall_seconds=model.limits.seconds,
                cpu_seconds=2 * model.limits.seconds,
                memory_bytes=model.limits.memory_mb * 2**20,
            ),
        ),
    )


def folder_name(variant: str) -> str:
    """A variant's path in one word."""
    return variant.replace("/", "-")


def _files(folder: Path, variant: str) -> dict[str, str]:
    """A variant's files. A wrong one holds what differs from the solution."""
    places = [folder / "solution", folder / variant] if variant.startswith("wrong/") else [folder / variant]
    found = (path for place in places for path in sorted(place.glob("*.py")))  # no training reads a report
    return {path.name: path.read_text(encoding="utf-8") for path in found}


def _tests(folder: Path) -> dict[str, str]:
    files = [path for path in sorted(folder.glob("*")) if path.suffix in TRUSTED_SUFFIXES]
    texts = {path.name: path.read_text(encoding="utf-8") for path in files if path.name != REFERENCE}
    return {"tests.py" if name == "evaluate.py" else name: text for name, text in texts.items()}


def _limits(asked: content.TrainingLimits) -> Limits:
    return Limits(
        wall_seconds=asked.minutes * 60,
        cpu_seconds=CPU_FACTOR * asked.minutes * 60,
        memory_bytes=asked.memory_mb * 2**20,
        file_bytes=asked.disk_mb * 2**20,
        output_bytes=2**20,
        processes=256,
    )


def _default(parameter: content.HyperParameter) -> bool | int | float | str:
    if isinstance(parameter, content.NumberParameter) and parameter.whole:
        return int(parameter.default)
    return parameter.default


def trained(task: Job, kept: Path, say: Say) -> Trained:
    """Trains, and keeps report and curves under ``kept``: the same job is not trained twice."""
    name = hashlib.sha256(task.model_dump_json().encode()).hexdigest()[:24]
    file = kept / f"{task.id}-{name}.json"
    if file.is_file():
        found = json.loads(file.read_text(encoding="utf-8"))
        return Trained(Report.model_validate(found["report"]), found["curves"])
    curves: Curves = {}

    def heard(event: Event) -> None:
        match event:
            case Points() if not event.name.startswith("system/"):
                steps, values = curves.setdefault(event.name, ([], []))
                steps += event.steps
                values += [float("nan") if value is None else value for value in event.values]
            case Phase():
                say(f"{task.id}: {event.name}")
            case Output() if event.stream == "stdout":
                say(event.text.rstrip("\n"))

    report = train(task, heard, depot=Folder(kept / "artifacts"))
    kept.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"report": report.model_dump(mode="json"), "curves": curves}))
    return Trained(report, curves)


# --- proofs


def prove(folder: Path, kept: Path, say: Say) -> Iterator[Proof]:
    """The solution passes and meets every metric; the baseline runs, and does not; each wrong one is caught.

    ``wrong/<mistake>/`` holds the files in which a wrong one differs from the solution. Caught means that a
    test says no, or that the signature of that name is found: a metric alone tells nobody what to look at.
    """
    criteria = [one.model_dump() for one in project(folder).criteria if one.kind == "metric"]
    for variant in variants(folder):
        report = trained(job(folder, variant, 0), kept, say).report
        met = all(meets(one, report.metrics) for one in criteria)
        passed = report.status == "passed" and met
        if variant == "solution":
            holds, wanted = passed and not report.findings, "passed, every metric met, nothing found"
        elif variant == "baseline":
            holds, wanted = report.status in ("passed", "failed") and not met, "runs, and is not enough"
        else:
            found = Path(variant).name in {one.signature for one in report.findings}
            holds, wanted = found or report.status not in ("passed", "internal"), "caught, and told of"
        yield Proof(variant, wanted, report, holds)


def variants(folder: Path) -> list[str]:
    """What can be trained in a project's folder."""
    named = [name for name in ("solution", "baseline") if (folder / name).is_dir()]
    return named + [f"wrong/{path.name}" for path in sorted(folder.glob("wrong/*")) if path.is_dir()]


# --- the reference band


def reference(folder: Path, seeds: list[int], kept: Path, say: Say) -> dict[str, Any]:
    """What ``reference.json`` holds: the solution's curves over seeds, the baseline's, and what they cost.

    ``curves`` has ``x``, ``low``, ``mean`` and ``high`` of each; long ones are averaged over stretches.
    """
    runs = [trained(job(folder, "solution", seed), kept, say) for seed in seeds]
    if bad := [run.report for run in runs if run.report.status != "passed"]:
        raise ValueError(f"{bad[0].job_id} ended as {bad[0].status}: {bad[0].message}")
    baseline = trained(job(folder, "baseline", 0), kept, say)
    shown = project(folder).training
    names = [name for name in (shown.curves if shown else ()) if all(name in run.curves for run in runs)]
    return {
        "curves": {name: _band([run.curves[name] for run in runs]) for name in names},
        "baseline": {name: _line(*baseline.curves[name]) for name in names if name in baseline.curves},
        "seeds": seeds,
        "metrics": {
            name: [round(run.report.metrics[name], 5) for run in runs] for name in runs[0].report.metrics
        },
        "baseline_metrics": {name: round(value, 5) for name, value in baseline.report.metrics.items()},
        "cpu_seconds": [round(run.report.cpu_seconds, 1) for run in runs],
    }


def _line(steps: list[int], values: list[float]) -> dict[str, list[float]]:
    """A curve of at most PLACES points, each the mean of its stretch."""
    groups = np.array_split(np.arange(len(steps)), min(PLACES, len(steps)))
    x = [round(float(np.mean(np.take(steps, group))), 1) for group in groups]
    return {"x": x, "y": [_rounded(np.mean(np.take(values, group))) for group in groups]}


def _band(curves: list[tuple[list[int], list[float]]]) -> dict[str, list[float]]:
    lines = [_line(*curve) for curve in curves]
    x = lines[0]["x"]
    values = np.array([np.interp(x, line["x"], line["y"]) for line in lines])
    parts = {"low": values.min(0), "mean": values.mean(0), "high": values.max(0)}
    return {"x": x} | {name: [_rounded(value) for value in part] for name, part in parts.items()}


def _rounded(value: Any) -> float:
    return float(f"{float(value):.5g}")
