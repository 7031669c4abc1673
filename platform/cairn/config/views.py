"""Pages that belong to the site as a whole."""

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.views import defaults


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """A request that could not be read. One that is too large says so, and that nothing was lost."""
    if not isinstance(exception, RequestDataTooBig):
        return defaults.bad_request(request, exception)
    limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE // 2**20
    message = (
        f"What you sent is larger than the {limit} MB that are taken at once. Nothing was handed in, and the "
        "draft saved last is kept. Go back, make it smaller, and send it again."
    )
    template = "ui/_refusal.html" if request.headers.get("HX-Request") else "refusal.html"
    return render(request, template, {"message": message, "status": 413}, status=413)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form whose secret went stale, usually because the person signed out or in elsewhere."""
    message = (
        "This page was open for so long that its form expired. "
        "Nothing was changed, and your draft is kept. Reload the page and try again."
    )
    return render(request, "refusal.html", {"message": message, "status": 403}, status=403)


def favicon(request: HttpRequest) -> HttpResponse:
    """The old address that browsers ask for where a page names no icon, such as the admin's."""
    return redirect(static("favicon.svg"))
