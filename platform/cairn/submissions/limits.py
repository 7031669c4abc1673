"""How often a person may run and submit code, for pages and API alike."""

from typing import Any

from rest_framework.throttling import SimpleRateThrottle

from cairn.ui.errors import Refusal

DRAFT_KEPT = "That was too often within a minute. Your draft is kept."


class TooFast(Refusal):
    """The person asks more often than is allowed."""

    status, code = 429, "too-fast"


class _Throttle(SimpleRateThrottle):
    def get_cache_key(self, request: Any, view: Any) -> str:
        return self.cache_format % {"scope": self.scope, "ident": request.user.pk}


class _Submit(_Throttle):
    scope = "submit"


class _Try(_Throttle):
    scope, rate = "try", "60/min"  # the Run button is pressed more freely than Submit


class _Train(_Throttle):
    scope, rate = "train", "12/min"


class _PerAddress(SimpleRateThrottle):
    """For pages that anybody may open: counts by network address, as the API does for guests."""

    scope, rate = "public", "60/min"

    def get_cache_key(self, request: Any, view: Any) -> str:
        return self.cache_format % {"scope": self.scope, "ident": self.get_ident(request)}


def check_public(request: Any) -> None:
    """Count one costly request to a public page. Raises TooFast."""
    _check(_PerAddress(), request, "That was too often within a minute.")


def check_submit(request: Any) -> None:
    """Count one submission of the signed-in person. Raises TooFast."""
    _check(_Submit(), request)


def check_try(request: Any) -> None:
    """Count one run against the examples. Raises TooFast."""
    _check(_Try(), request)


def check_train(request: Any) -> None:
    """Count one training run or estimate. Raises TooFast."""
    _check(_Train(), request, "That was too often within a minute. Your files and settings are kept.")


def _check(throttle: SimpleRateThrottle, request: Any, words: str = DRAFT_KEPT) -> None:
    if not throttle.allow_request(request, None):  # type: ignore[arg-type]
        raise TooFast(f"{words} Try again in {max(1, round(throttle.wait() or 1))} seconds.")
