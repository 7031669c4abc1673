"""What worker nodes may ask over HTTP: claim, post events, keep a lease, report. Nothing else is readable.

A node has no account. A ticket from a wake-up lets it claim from one queue; the token of a claim lets it
speak for that run until the lease is over. Bodies and answers are the JSON of ``grader.contract``.
"""

import uuid
from collections.abc import Callable
from functools import partial, wraps
from typing import Literal, TypeVar

import structlog
from django.core.exceptions import RequestDataTooBig
from django.http import FileResponse, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cairn.runs import actions, artifacts
from cairn.runs.models import Run
from cairn.runs.wake import admits
from cairn.ui.errors import Refusal
from grader.contract import Artifact, Batch, Claim, NodeState, Report

Message = TypeVar("Message", bound=BaseModel)
Answer = HttpResponseBase | dict[str, bool] | Claim | None


class Ask(BaseModel):
    """A node's wish for work."""

    model_config = ConfigDict(extra="forbid")

    queue: Literal[Run.Queue.INTERACTIVE, Run.Queue.GRADE, Run.Queue.TRAIN_CPU, Run.Queue.TRAIN_GPU]
    ticket: str = Field(max_length=200)
    node: str = Field(pattern=r"^[A-Za-z0-9_.:@-]{1,80}$")
    slots: int | None = Field(None, ge=1, le=1000)
    about: NodeState | None = None


class Beat(BaseModel):
    """A sign of life, and now and then what the node says of itself."""

    model_config = ConfigDict(extra="forbid")

    about: NodeState | None = None


def _problem(status: int, detail: str) -> JsonResponse:
    return JsonResponse({"detail": detail}, status=status)


def _node_view(view: Callable[..., Answer]) -> Callable[..., HttpResponseBase]:
    """No session and no CSRF; refusals and malformed bodies become their status."""

    @csrf_exempt
    @never_cache
    @wraps(view)
    def answer(request: HttpRequest, **places: uuid.UUID | str) -> HttpResponseBase:
        try:
            return _as_response(view(request, **places))
        except Refusal as refusal:
            return _problem(refusal.status, refusal.message)
        except RequestDataTooBig:
            return _problem(413, "This message is larger than the site takes.")
        except ValidationError as error:
            return _problem(
                422, str(error.errors(include_url=False, include_input=False, include_context=False))
            )

    return answer


def _as_response(answer: Answer) -> HttpResponseBase:
    if answer is None:
        return HttpResponse(status=204)
    if isinstance(answer, Claim):
        return HttpResponse(answer.model_dump_json(), content_type="application/json")
    return answer if isinstance(answer, HttpResponseBase) else JsonResponse(answer)


def _body(request: HttpRequest, shape: type[Message]) -> Message:
    return shape.model_validate_json(request.body)


def _said(request: HttpRequest) -> NodeState | None:
    """What a heartbeat says of its node; one without a body says nothing."""
    return _body(request, Beat).about if request.body else None


def _token(request: HttpRequest) -> str:
    return request.headers.get("Authorization", "").removeprefix("Bearer ")


@require_POST
@_node_view
def claim(request: HttpRequest) -> Answer:
    """200 with a Claim, or 204 where nothing waits. 403 for a ticket that is not ours or has run out."""
    ask = _body(request, Ask)
    if not admits(ask.ticket, ask.queue):
        return _problem(403, "This ticket does not admit to that queue, or it has run out.")
    return actions.claim(ask.queue, ask.node, ask.slots, ask.about)


@require_POST
@_node_view
def events(request: HttpRequest, run_id: uuid.UUID) -> Answer:
    """Store a Batch; ``cancel`` tells the node to stop."""
    structlog.contextvars.bind_contextvars(run=str(run_id))
    return {"cancel": actions.append_events(run_id, _token(request), _body(request, Batch))}


@require_POST
@_node_view
def heartbeat(request: HttpRequest, run_id: uuid.UUID) -> Answer:
    """Keep the lease; ``cancel`` tells the node to stop."""
    return {"cancel": actions.heartbeat(run_id, _token(request), _said(request))}


@require_POST
@_node_view
def report(request: HttpRequest, run_id: uuid.UUID) -> Answer:
    """Close the run with a Report. The answer is the next Claim of the queue first asked for, or 204."""
    structlog.contextvars.bind_contextvars(run=str(run_id))
    token = _token(request)
    run = actions.finish(run_id, token, _body(request, Report))
    return actions.claim(actions.served_queue(token), run.node)


@require_POST
@_node_view
def release(request: HttpRequest, run_id: uuid.UUID) -> Answer:
    """Give the lease back: the node stops, or was asked to stop this run."""
    actions.release(run_id, _token(request))
    return None


@require_http_methods(["GET", "PUT"])
@_node_view
def artifact(request: HttpRequest, run_id: uuid.UUID, digest: str) -> Answer:
    """PUT stores the bytes of the Artifact that the header X-Artifact describes; GET gives those of the job.

    201, or 200 where the bytes were known. 413 and 507 over a limit, 422 for other bytes than announced.
    """
    structlog.contextvars.bind_contextvars(run=str(run_id))
    if request.method == "GET":
        file = artifacts.for_job(actions.read_by(run_id, _token(request)), digest)
        return FileResponse(artifacts.opened(file), content_type="application/octet-stream")
    run = actions.held(run_id, _token(request))
    announced = Artifact.model_validate_json(request.headers.get("X-Artifact", ""))
    length = request.headers.get("Content-Length", "")
    if announced.digest != digest or length != str(announced.size):
        return _problem(422, "The address, the announcement and the length of the body do not agree.")
    fence = partial(actions.held, run_id, _token(request), lock=True)
    is_new = artifacts.take(run, announced, request, fence)
    return JsonResponse({}, status=201 if is_new else 200)
