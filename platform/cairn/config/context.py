"""What every page knows of the site."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, Any]:
    """``sandbox_unsafe`` puts the red banner on every page; ``theme`` avoids a flash of the other theme."""
    theme = request.COOKIES.get("theme", "")
    return {
        "sandbox_unsafe": settings.SANDBOX == "unsafe",
        "theme": theme if theme in ("light", "dark") else "",
    }
