"""Pages of training runs: curves, artifacts, notes, the table of experiments, the comparison, exports."""

import csv
import math
from collections.abc import Iterator, Sequence
from typing import Any, Literal
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from cairn.accounts.models import User
from cairn.accounts.person import person
from cairn.runs import artifacts, capsule, charts, curves, experiments, queries
from cairn.runs.curves import Window
from cairn.runs.experiments import Filter
from cairn.runs.media import media_type
from cairn.runs.models import Run, RunArtifact
from cairn.ui.errors import NotFound

MAX_POINTS = 5_000
FURTHEST = 2**53  # steps and seconds beyond are none
DOWNLOAD_POLICY = "sandbox; default-src 'none'"


def access_training(user: Any, run_id: UUID) -> Run:
    """A training run that the person may see. Raises NotFound, also for runs of other kinds."""
    run = queries.access_run(user, run_id)
    if not run.trains:
        raise NotFound("That run has no curves: it did not train.")
    return run


def context_of(run: Run) -> dict[str, Any]:
    """What a training run's page shows beside its results. Eight queries at most."""
    facts = experiments.curve_facts(run)
    began, uses = experiments.provenance(run)
    return {
        "parameters": experiments.parameters(run),
        "curves": facts,
        "charts": charts.config([run], [fact.name for fact in facts]),
        "departures": charts.departures(run),
        "charts_id": f"charts-{run.pk}",
        "journal_url": "/journal",
        "artifacts": artifacts.listed(run, samples=False),
        "samples": samples(run),
        "gaps": experiments.gaps(experiments.metrics(run)),
        "began": began,
        "uses": uses,
        "files": experiments.files(run),
        "seams": run.starts[1:],
    }


SAMPLES_READ, SAMPLES_OF_A_NAME = 200, 4


def samples(run: Run) -> list[dict[str, Any]]:
    """The newest samples of a run, a few of each name, by name. One query."""
    rows = run.events.filter(data__kind="sample").order_by("-seq").values_list("data", flat=True)
    by_name: dict[str, list[dict[str, Any]]] = {}
    for row in rows[:SAMPLES_READ]:
        by_name.setdefault(row["name"], []).append(dict(row))
    return [one for name in sorted(by_name) for one in by_name[name][:SAMPLES_OF_A_NAME]]


# --- curves


@never_cache
@require_GET
def charts_json(request: HttpRequest) -> HttpResponse:
    """The charts of a page that shows one run or several, as they are by now. Raises SignedOut, NotFound."""
    user = person(request)
    runs = [access_training(user, one) for one in dict.fromkeys(_ids(request))]
    if not 1 <= len(runs) <= experiments.MOST_COMPARED:
        raise NotFound("The address names no run, or more than fit on a page.")
    return JsonResponse({"charts": charts.together(runs[0], _names(runs))})


def _names(runs: Sequence[Run]) -> list[str]:
    """The curves of all of them, each once. One query a run."""
    return list(dict.fromkeys(name for run in runs for name in curves.names(run)))


@never_cache
@require_GET
def curves_json(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """Curves as JSON: ``names``, ``points``, ``axis``, ``from``, ``to``. Raises SignedOut, NotFound."""
    run = access_training(person(request), run_id)
    return JsonResponse(curves_of(run, request.GET))


def curves_of(run: Run, asked: Any) -> dict[str, Any]:
    """The answer for a query string's values; what makes no sense counts as not said."""
    names = [name for name in asked.get("names", "").split(",") if name]
    axis: Literal["step", "seconds"] = "seconds" if asked.get("axis") == "seconds" else "step"
    window = Window(
        axis=axis,
        first=_number(asked.get("from"), -math.inf),
        last=_number(asked.get("to"), math.inf),
        points=int(min(max(_number(asked.get("points"), 1000), 10), MAX_POINTS)),
    )
    # ``last`` is what the row said before the points were read: news that comes twice is known by it.
    return curves.as_json(curves.read(run, names[: curves.MAX_CURVES], window), run.last_seq)


def _number(text: str | None, otherwise: float) -> float:
    try:
        value = float(text) if text else otherwise
    except ValueError:
        return otherwise
    return value if abs(value) <= FURTHEST else otherwise


class _Lines:
    """A file that gives back what the CSV writer wrote."""

    def write(self, text: str) -> str:
        return text


@login_required
@require_GET
def export(request: HttpRequest, run_id: UUID) -> StreamingHttpResponse:
    """All points as CSV: curve, try, step, seconds of the try, value."""
    run = access_training(request.user, run_id)
    answer = StreamingHttpResponse(csv_lines(run), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="curves-{str(run.pk)[:8]}.csv"'
    return answer


def csv_lines(run: Run) -> Iterator[str]:
    """The lines of the export, the first of them the head."""
    writer = csv.writer(_Lines(), lineterminator="\n")
    yield writer.writerow(("curve", "try", "step", "seconds", "value"))
    for name, *point in curves.every_point(run):
        yield writer.writerow((_cell(name), *point))


# --- artifacts


@login_required
@require_GET
def artifact(request: HttpRequest, run_id: UUID, name: str) -> HttpResponseBase:
    """The bytes of an artifact, to be saved. A browser never renders them: see ``media``."""
    run = access_training(request.user, run_id)
    step = request.GET.get("step", "")
    row = artifacts.named(run, name, int(step) if step.isascii() and step.isdigit() else None)
    return download(row)


def download(row: RunArtifact) -> FileResponse:
    """An artifact as an answer. Raises NotFound where the disk has lost it."""
    file = artifacts.opened(row.file)
    answer = FileResponse(
        file,
        as_attachment=True,
        filename=_file_name(row),
        content_type=media_type(file, row.media_type),
    )
    answer["Content-Security-Policy"] = DOWNLOAD_POLICY
    answer["Cross-Origin-Resource-Policy"] = "same-origin"
    return answer


def _file_name(row: RunArtifact) -> str:
    base = row.name.replace("/", "-")
    step = f"-{row.step}" if row.step is not None else ""
    tail = ".safetensors" if row.role in ("checkpoint", "model") and "." not in base else ""
    return f"{base}{step}{tail}"


@login_required
@require_GET
def capsule_zip(request: HttpRequest, run_id: UUID) -> FileResponse:
    """All that is needed to repeat the run: see ``capsule``."""
    run = access_training(request.user, run_id)
    return FileResponse(
        capsule.packed(run, csv_lines(run)), as_attachment=True, filename=f"run-{str(run.pk)[:8]}.zip"
    )


# --- experiments


@login_required
@require_GET
def table(request: HttpRequest) -> HttpResponse:
    """The person's own training runs: filtered, sorted, to be compared. Three queries and the session's."""
    user = person(request)
    wanted = _wanted(request)
    found = experiments.rows(user, wanted)
    context = {
        "rows": found,
        "wanted": wanted,
        "subjects": experiments.subjects(user),
        "tags": sorted({tag for row in found for tag in row.run.tags}),
        "columns": columns(found),
        "outcomes": OUTCOMES,
    }
    return render(request, "runs/table.html", context)


def _wanted(request: HttpRequest) -> Filter:
    asked = {name: request.GET.get(name, "").replace("\x00", "")[:120] for name in
             ("subject", "outcome", "tag", "text", "sort")}  # fmt: skip
    return Filter(**asked | {"sort": asked["sort"] or "-created"})


@login_required
@require_GET
def table_export(request: HttpRequest) -> StreamingHttpResponse:
    """The table as CSV, filtered and sorted alike, with every metric and setting. One query."""
    found = experiments.rows(person(request), _wanted(request))
    answer = StreamingHttpResponse(_row_lines(found), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="training-runs.csv"'
    return answer


def _row_lines(rows: Sequence[experiments.Row]) -> Iterator[str]:
    """The lines of that export, the first of them the head."""
    writer = csv.writer(_Lines(), lineterminator="\n")
    metrics = list(dict.fromkeys(name for row in rows for name in row.metrics))
    settings = list(dict.fromkeys(name for row in rows for name in row.parameters))
    head = ("run", "title", "started", "outcome", "seconds", "tags", "note")
    yield writer.writerow((*head, *map(_cell, metrics), *(f"setting {name}" for name in settings)))
    for row in rows:
        run = row.run
        facts = (run.pk, run.title, run.created_at.isoformat(), run.verdict or run.state, row.seconds)
        words = (", ".join(run.tags), run.note)
        values = (*map(row.metrics.get, metrics), *map(row.parameters.get, settings))
        yield writer.writerow(_cell(value) for value in (*facts, *words, *values))


def _cell(value: Any) -> Any:
    """A spreadsheet must not take a text for a formula."""
    return f"'{value}" if isinstance(value, str) and value[:1] in tuple("=+-@\t\r") else value


OUTCOMES = (
    *(("queued", "Waiting"), ("running", "Running"), ("passed", "Passed"), ("failed", "Failed a test")),
    *(("error", "Stopped by an error"), ("timeout", "Over the time limit"), ("cancelled", "Stopped")),
)
MOST_COLUMNS = 4


def columns(rows: list[experiments.Row]) -> dict[str, list[str]]:
    """Names of metrics, and of settings that differ between the rows: what a table has room for."""
    metrics = list(dict.fromkeys(name for row in rows for name in row.metrics))
    settings: dict[str, set[str]] = {}
    for row in rows:
        for name, value in row.parameters.items():
            settings.setdefault(name, set()).add(str(value))
    differing = [name for name, values in settings.items() if len(values) > 1]
    return {"metrics": metrics[:MOST_COLUMNS], "parameters": differing[:MOST_COLUMNS]}


@login_required
@require_GET
def compare(request: HttpRequest) -> HttpResponse:
    """Runs side by side: curves, settings, metrics, code, artifacts. Raises NotFound."""
    chosen = experiments.compared(person(request), _ids(request))
    context = {
        "chosen": chosen,
        "labels": [charts.label(run) for run in chosen.runs],
        "charts": charts.config(chosen.runs, _names(chosen.runs)),
    }
    return render(request, "runs/compare.html", context)


def _ids(request: HttpRequest) -> list[UUID]:
    try:
        return [UUID(text) for text in request.GET.getlist("run")]
    except ValueError:
        raise NotFound("The address is mistyped.") from None


@login_required
@require_POST
def note(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """Keep the note and the tags of a run of one's own."""
    user: User = person(request)
    run = access_training(user, run_id)
    experiments.annotate(run, user, str(request.POST.get("note", "")), str(request.POST.get("tags", "")))
    return redirect(f"/runs/{run.pk}#note")
