"""Whether the site is alive, and whether it can do its work. For machines; no sign-in, nothing private."""

import structlog
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from cairn.config.celery import app
from cairn.runs.queries import grading_state

BROKER_SECONDS = 2

log = structlog.get_logger("cairn.health")


@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """The process answers. Asks nothing of anybody else."""
    return JsonResponse({"status": "ok"})


@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Database, broker, cache, and a worker seen lately; 503 says what is missing, and what that means."""
    checks = {"database": _database(), "broker": _broker(), "cache": _cache()}
    checks["worker"] = _worker() if checks["database"] == "ok" else "unknown"
    ready = all(said == "ok" for said in checks.values())
    return JsonResponse({"status": "ready" if ready else "not ready", **checks}, status=200 if ready else 503)


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        log.warning("database does not answer", error=str(error))
        return "does not answer: no page works"
    return "ok"


def _broker() -> str:
    try:
        with app.connection_for_write() as broker:
            broker.ensure_connection(max_retries=1, timeout=BROKER_SECONDS)
    except Exception as error:  # whatever the transport raises, the broker can't be used
        log.warning("broker does not answer", error=str(error))
        return "does not answer: pages work, and what is handed in waits"
    return "ok"


def _cache() -> str:
    """Ours says whether its Redis is there; one in this process always is."""
    answers = getattr(cache, "answers", None)
    return "ok" if answers is None or answers() else "does not answer: pages work, and no rate is limited"


def _worker() -> str:
    state = grading_state()
    return "ok" if state.available else "not seen"
