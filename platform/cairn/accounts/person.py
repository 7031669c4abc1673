"""Who asks: the signed-in person of a request, or the sentence that the session ended."""

from django.http import HttpRequest
from rest_framework.request import Request

from cairn.accounts.models import User
from cairn.ui.errors import Refusal


class SignedOut(Refusal):
    """The session ended while a page was open."""

    status, code = 401, "signed-out"

    def __init__(self) -> None:
        super().__init__(
            "Your session has ended. What was saved of your draft is kept. Sign in again in another tab, "
            "then go on here."
        )


def person(request: HttpRequest | Request) -> User:
    """The signed-in person. Raises SignedOut."""
    if not request.user.is_authenticated:
        raise SignedOut
    return request.user
