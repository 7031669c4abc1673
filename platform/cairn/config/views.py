"""Pages that belong to the site as a whole."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form whose secret went stale, usually because the person signed out or in elsewhere."""
    message = (
        "This page was open for so long that its form expired. "
        "Nothing was changed, and your draft is kept. Reload the page and try again."
    )
    return render(request, "refusal.html", {"message": message, "status": 403}, status=403)
