"""Errors for people and for programs: one place that turns a refusal into a page or an RFC 9457 problem."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from rest_framework.exceptions import APIException, ErrorDetail
from rest_framework.response import Response
from rest_framework.views import exception_handler

from cairn.ui.errors import Refusal

PROBLEM_JSON = "application/problem+json"


def problem(status: int, title: str, detail: str, code: str, **more: Any) -> dict[str, Any]:
    """The body of a problem document (RFC 9457). ``type`` names the reason, stable over releases."""
    return {"type": f"urn:cairn:{code}", "title": title, "status": status, "detail": detail, **more}


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler: every error of the API is a problem document."""
    if isinstance(error, Refusal):
        body = problem(error.status, HTTPStatus(error.status).phrase, error.message, error.code)
        return Response(body, status=error.status, content_type=PROBLEM_JSON)
    response = exception_handler(error, context)
    if response is None:
        return None
    response.data = _from_drf(error, response.status_code, response.data)
    response.content_type = PROBLEM_JSON
    return response


def _from_drf(error: Exception, status: int, data: Any) -> dict[str, Any]:
    title = HTTPStatus(status).phrase
    if isinstance(error, APIException) and isinstance(detail := error.detail, ErrorDetail):
        return problem(status, title, str(detail), detail.code or "refused")
    if isinstance(error, Http404):
        return problem(status, title, "There is nothing at this address.", "not-found")
    if isinstance(data, dict) and set(data) == {"detail"}:
        return problem(status, title, str(data["detail"]), "refused")
    return problem(status, title, "Some fields are not right; see errors.", "invalid", errors=data)


class RefusalMiddleware:
    """Turns a Refusal that a page raised into an error page, or a short text for HTMX and scripts."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer with the refusal's message and status; leave every other exception alone."""
        if not isinstance(error, Refusal):
            return None
        template = "ui/_refusal.html" if getattr(request, "htmx", False) else "refusal.html"
        return render(
            request, template, {"message": error.message, "status": error.status}, status=error.status
        )
