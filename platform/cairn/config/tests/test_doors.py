"""Every address of the site, and who may come in without an account.

A new address that is not listed as public is closed to guests, or this test says so. What a signed-in person
may not see is tested in each room, by name.
"""

import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

# What a guest may read: the catalogue, lessons, questions, data sets, certificates, the account doors,
# health, the API's schema.
PUBLIC = re.compile(
    r"^(|favicon\.ico|search.*|map|paths/SLUG|paths/SLUG/milestones/SLUG|topics/SLUG|topics/SLUG/quiz|exercises/SLUG"
    r"|projects/SLUG|certificates/(UUID|UUID[.](pdf|jwt|svg)|verify|issuer|keys.*|revocations)|datasets|datasets/SLUG|digest/STR"
    r"|resources|gatherings|gatherings\.ics|skill-maps/SLUG|healthz|readyz|account/(login|signup|logout|confirm-email|password/reset|inactive|reauthenticate"
    r"|login/code|verify|3rdparty).*|admin/log(in|out)/|api/v1/(schema|docs|auth/token|search|paths|topics|exercises).*)$"
)
VALUES = {"slug": "no-such-slug", "uuid": str(uuid4()), "int": "1", "str": "no-such-thing", "path": "x"}


def addresses(resolver: Any, prefix: str = "") -> Iterator[str]:
    """All routes below a resolver, as they are written."""
    for entry in resolver.url_patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from addresses(entry, route)
        elif isinstance(entry, URLPattern):
            yield route


def shape(route: str) -> str:
    """A route with its variable parts as words."""
    return re.sub(r"<(?:(\w+):)?\w+>", lambda found: (found[1] or "str").upper(), route)


def filled(route: str) -> str:
    """An address that the route matches, of something that does not exist."""
    return "/" + re.sub(r"<(?:(\w+):)?\w+>", lambda found: VALUES.get(found[1] or "str", "x"), route)


def closed() -> list[str]:
    """The routes that are not public, but for regular expressions: the admin's catch-all, allauth's keys."""
    routes = [route for route in addresses(get_resolver()) if "(?P" not in route and "$" not in route]
    return sorted(
        {route for route in routes if not PUBLIC.match(shape(route)) and not route.startswith("ui/")}
    )


def test_there_are_doors_to_try() -> None:
    assert len(closed()) > 30


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_guest_gets_into_no_closed_address(db: None, sample: Any, method: str) -> None:
    entered = {}
    for route in closed():
        client = Client()
        answer = getattr(client, method)(filled(route))
        to_sign_in = answer.status_code == 302 and "login" in answer.headers["Location"]
        no_lease = answer.status_code == 409 and route.startswith("api/node/jobs/")
        if not (to_sign_in or no_lease or answer.status_code in (401, 403, 404, 405, 422)):
            entered[route] = answer.status_code
    assert entered == {}


def test_a_learner_gets_into_no_page_of_the_admin(alice: Any) -> None:
    client = Client()
    client.force_login(alice)
    for route in closed():
        if route.startswith("admin/"):
            assert client.get(filled(route)).status_code in (302, 403, 404), route
