"""How often a person may run and submit code, for pages and API alike."""

from typing import Any

from rest_framework.throttling import SimpleRateThrottle

from cairn.ui.errors import Refusal


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


def check_submit(request: Any) -> None:
    """Count one submission of the signed-in person. Raises TooFast."""
    _check(_Submit(), request)


def check_try(request: Any) -> None:
    """Count one run against the examples. Raises TooFast."""
    _check(_Try(), request)


def _check(throttle: _Throttle, request: Any) -> None:
    if not throttle.allow_request(request, None):  # type: ignore[arg-type]
        wait = max(1, round(throttle.wait() or 1))
        raise TooFast(f"That was too often within a minute. Your draft is kept. Try again in {wait} seconds.")
