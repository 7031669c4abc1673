"""Who stands before a page: one place that turns a request into a learner, and keeps their clock."""

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from cairn.accounts.models import User
from cairn.learning.queries import zone_of

View = Callable[..., HttpResponse]


def learner(request: HttpRequest) -> User | None:
    """The person signed in, or None for a guest."""
    return request.user if isinstance(request.user, User) else None


def in_their_zone(view: View) -> View:
    """Show dates in the learner's own time zone while the page is made."""

    @wraps(view)
    def shown(request: HttpRequest, *args: str, **kwargs: str) -> HttpResponse:
        with timezone.override(zone_of(learner(request))):
            return view(request, *args, **kwargs)

    return shown
