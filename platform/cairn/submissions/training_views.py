"""A project's training runs: the form that starts one, what it would cost, and those there are."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from cairn.accounts.models import User
from cairn.catalog.queries import library
from cairn.runs import experiments, quotas
from cairn.runs.models import Run
from cairn.runs.queries import access_run
from cairn.runs.training_views import columns
from cairn.runs.views import person
from cairn.submissions import leaderboard, limits, training
from cairn.submissions.delivery import Files, uploaded
from cairn.submissions.training_forms import INPUT, PARAMETER, TrainingForm
from cairn.ui.errors import NotFound
from grader.contract import Kind

FILE_FIELD = "file:"
SHOWN = 20


def panel(user: User, slug: str, form_id: str = "") -> dict[str, Any]:
    """What a page needs to offer training of a project: form, quotas, the last estimate. Three queries."""
    _, spec = training.training_of(slug)
    return {
        "training": spec,
        "form": TrainingForm(spec, user, form_id=form_id),
        "quotas": quotas.quotas_of(user),
        "estimate": last_estimate(user, slug),
    }


def last_estimate(user: User, slug: str) -> Run | None:
    """The newest estimate of a project. One query."""
    mine = Run.objects.filter(owner=user, kind=Kind.ESTIMATE, subject=training.subject(slug))
    return mine.order_by("-created_at").first()


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def project_runs(request: HttpRequest, slug: str) -> HttpResponse:
    """GET lists the person's runs of a project and offers another; POST starts one."""
    user = person(request)
    _, spec = training.training_of(slug)
    if request.method != "POST":
        return _page(request, user, slug, TrainingForm(spec, user, initial=_again(request, user)))
    form, files = TrainingForm(spec, user, request.POST), _files(request, user, slug)
    if not form.is_valid():
        return _page(request, user, slug, form, files, status=422)
    limits.check_train(request)
    submission = training.start(user, slug, files, form.wish)
    return redirect("runs:page", submission.run_id)


@login_required
@require_POST
def estimates(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask what a run would cost: a dry run of a few seconds."""
    user = person(request)
    _, spec = training.training_of(slug)
    form, files = TrainingForm(spec, user, request.POST), _files(request, user, slug)
    if not form.is_valid():
        if getattr(request, "htmx", False):
            return render(request, "submissions/_training_errors.html", {"form": form}, status=200)
        return _page(request, user, slug, form, files, status=422)
    limits.check_train(request)
    run = training.estimate(user, slug, files, form.wish)
    if getattr(request, "htmx", False):
        return render(request, "runs/_live.html", {"run": run})
    return redirect(f"/projects/{slug}/runs#estimate")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def leaderboard_page(request: HttpRequest, slug: str) -> HttpResponse:
    """GET shows who stands where; POST takes part, under an alias if given, or leaves."""
    user = person(request)
    if request.method == "POST":
        if "leave" in request.POST:
            leaderboard.leave(user, slug)
        else:
            leaderboard.take_part(user, slug, str(request.POST.get("alias", "")))
        return redirect("submissions:leaderboard", slug)
    context = {"board": leaderboard.board(user, slug), "entry": library().project(slug), "slug": slug}
    return render(request, "submissions/leaderboard.html", context)


def _page(
    request: HttpRequest,
    user: User,
    slug: str,
    form: TrainingForm,
    files: Files | None = None,
    status: int = 200,
) -> HttpResponse:
    """``files`` came with a form that was wrong: they are kept in the page for the next try."""
    entry = library().project(slug)
    rows = experiments.rows(user, experiments.Filter(subject=training.subject(slug)))[:SHOWN]
    context = panel(user, slug) | {
        "entry": entry,
        "slug": slug,
        "form": form,
        "files": files or {},
        "rows": rows,
        "columns": columns(rows),
    }
    return render(request, "submissions/training.html", context, status=status)


def _files(request: HttpRequest, user: User, slug: str) -> Files:
    """The files of the form, else the last draft or submission."""
    if request.FILES:
        return uploaded(file for _, files in request.FILES.lists() for file in files)
    fields = ((name, value) for name, value in request.POST.items() if name.startswith(FILE_FIELD))
    given = {name.removeprefix(FILE_FIELD): str(value) for name, value in fields}
    return given or training.files_to_train(user, slug)


def _again(request: HttpRequest, user: User) -> Mapping[str, Any]:
    """The settings of the run that ``?again=`` names. Raises NotFound."""
    asked = request.GET.get("again")
    if not asked:
        return {}
    try:
        run = access_run(user, UUID(asked))
    except ValueError:
        raise NotFound("The address is mistyped.") from None
    settings = {PARAMETER + name: value for name, value in experiments.parameters(run).items()}
    inputs = {INPUT + one.name: str(one.artifact_id) for one in run.inputs.all()}
    return settings | inputs | {"seed": run.spec["seed"], "queue": run.queue}
