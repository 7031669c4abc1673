"""A run as a folder that repeats it without the site: code, settings, seed, pinned packages, results.

The program gets the node's own module ``cairn``, read from the grader's files as text. Of its data sets it
gets the public arrays, and never the loader, which could make the hidden split. What is too large to pack is
named by its digest, with the way to get it.
"""

import json
import re
import tempfile
import zipfile
from collections.abc import Iterable
from typing import IO, Any

from django.conf import settings

from cairn.runs import artifacts, experiments
from cairn.runs.models import Blob, Input, Run
from cairn.ui.errors import NotFound
from grader.contract import DatasetUse
from grader.training.data import NotPrepared, cache

MOST_BYTES = 64 * 2**20  # of one data set's arrays, or of one input, that are packed

_RUN_SH = """\
#!/bin/sh
# Makes a virtual environment beside this file on the first call, then repeats the run.
set -e
cd "$(dirname "$0")"
test -d .venv || { python3 -m venv .venv && .venv/bin/pip install --quiet -r requirements.txt; }
exec .venv/bin/python run.py
"""


def packed(run: Run, curves: Iterable[str]) -> IO[bytes]:
    """The capsule as a zip, to be read and closed. ``curves`` are the lines of its CSV."""
    made = tempfile.SpooledTemporaryFile(max_size=2**22)  # noqa: SIM115 - the caller closes it
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in contents(run).items():
            archive.writestr(name, text)
        archive.writestr("results/curves.csv", "".join(curves))
        for use in run.spec["training"]["datasets"]:
            _pack_data(archive, run, DatasetUse.model_validate(use))
        _pack_inputs(archive, run)
    made.seek(0)
    return made


def _pack_data(archive: zipfile.ZipFile, run: Run, use: DatasetUse) -> None:
    """The public arrays, made where this machine has not got them yet. What cannot be made is left out."""
    digests = run.spec.get("loaders", {})
    texts = dict(Blob.objects.filter(pk__in=digests.values()).values_list("pk", "text"))
    try:
        with cache().holding([use], {name: texts[pk] for name, pk in digests.items()}) as (made,):
            files = sorted(made.public.iterdir())
            if sum(file.stat().st_size for file in files) <= MOST_BYTES:
                for file in files:
                    archive.write(file, f"data/{use.name}/{file.name}")
    except (NotPrepared, KeyError):
        return


def _pack_inputs(archive: zipfile.ZipFile, run: Run) -> None:
    """The artifacts of earlier runs that it began from."""
    for row in Input.objects.filter(run=run).select_related("artifact__file"):
        if row.artifact.file.size > MOST_BYTES:
            continue
        try:
            with artifacts.opened(row.artifact.file) as file:
                archive.writestr(f"given/inputs/{row.name}", file.read())
        except NotFound:
            continue


def contents(run: Run) -> dict[str, str]:
    """The texts of a capsule by file name. Five queries."""
    about, grader = description(run), settings.ROOT / "grader"
    return {
        "README.md": _readme(run, about),
        "capsule.json": json.dumps(about, indent=2),
        "requirements.txt": _pins((grader / "requirements.txt").read_text()),
        "run.py": (settings.ROOT / "platform/cairn/runs/offline/run.py").read_text(),
        "run.sh": _RUN_SH,
        "cairn.py": (grader / "training/client.py").read_text(),
        "_cairn_tensors.py": (grader / "training/tensors.py").read_text(),
        "_cairn_shims.py": (grader / "training/shims.py").read_text(),
        "results/metrics.json": json.dumps(experiments.metrics(run), indent=2),
        **{f"code/{name}": text for name, text in experiments.files(run).items()},
    }


def description(run: Run) -> dict[str, Any]:
    """What the run was: all that its repetition depends on, and what came of it."""
    training = run.spec["training"]
    return {
        "run": str(run.pk),
        "title": run.title,
        "entry": run.spec["entry"],
        "seed": run.spec["seed"],
        "device": training["device"],
        "parameters": training["parameters"],
        "inputs": {name: one["digest"] for name, one in training["inputs"].items()},
        "datasets": {one["name"]: one["digest"] for one in training["datasets"]},
        "content_hash": run.content_hash,
        "verdict": run.verdict,
        "metrics": experiments.metrics(run),
        "last": {
            fact.name: fact.last
            for fact in experiments.curve_facts(run)
            if not fact.name.startswith("system/")
        },
    }


def _pins(requirements: str) -> str:
    """The grader's packages without the words beside them."""
    lines = (re.sub(r"\s*#.*", "", line) for line in requirements.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("-")) + "\n"


def _readme(run: Run, about: dict[str, Any]) -> str:
    data = "".join(f"- `{name}`, loader {digest}\n" for name, digest in about["datasets"].items())
    return (
        f"# {run.title}: run of {run.created_at:%-d %B %Y, %H:%M} UTC\n\n"
        "`sh run.sh` makes a virtual environment with the pinned packages and repeats the run; where they "
        "are installed already, `python run.py` is enough. It needs no network and writes to `out/`.\n\n"
        f"Seed {about['seed']}, device {about['device']}. Settings: `{json.dumps(about['parameters'])}`.\n"
        + (f"\nData sets; those too large to be packed belong into `data/`:\n{data}" if data else "")
        + "\n`results/` holds what was recorded. On the same packages and processor the curves are the same; "
        "elsewhere they differ in the last digits.\n"
    )
