"""Runs with the site's settings: who visits the benchmark's pages, and how many queries each page costs them.

Reads ``{"path": slug, "crowd": count, "urls": {name: url}}`` from the command line. Prints the sessions of a
newcomer, of a learner in the middle and of the busiest one on the path, the crowd's, and the queries.
"""

import json
import sys
from typing import Any

import django

NEWCOMER = "newcomer"


def main() -> None:
    """Signs people in, visits every page twice as each of them, and tells what that took."""
    django.setup()
    wanted = json.loads(sys.argv[1])
    people = _people(wanted["path"])
    crowd = _crowd(wanted["path"], wanted["crowd"])
    found = {
        "sessions": {name: session_of(person) for name, person in people.items()},
        "crowd": [session_of(person) for person in crowd],
        "queries": {name: _queries(person, wanted["urls"]) for name, person in people.items()},
        "stored": {name: _stored(person) for name, person in people.items()},
    }
    sys.stdout.write(json.dumps(found) + "\n")


def _people(path: str) -> dict[str, Any]:
    """A newcomer on the path; where there is a population, its median and its busiest learner there."""
    from django.db.models import Count

    from cairn.accounts.models import User

    walking = User.objects.filter(enrolments__path=path, email__startswith="walker-")
    ranked = list(
        walking.annotate(read=Count("readings")).order_by("read", "pk").values_list("pk", flat=True)
    )
    found = {"newcomer": _newcomer(NEWCOMER, path)}
    if ranked:
        found["median learner"] = User.objects.get(pk=ranked[len(ranked) // 2])
        found["busiest learner"] = User.objects.get(pk=ranked[-1])
    return found


def _newcomer(name: str, path: str) -> Any:
    from django.utils import timezone

    from bench.population import DOMAIN
    from cairn.accounts.models import User
    from cairn.learning.models import Enrolment

    more = {"email": f"{name}@{DOMAIN}", "password": "!", "first_name": "Nora"}
    person, _ = User.objects.get_or_create(username=name, defaults=more)
    pace = {"starts_on": timezone.localdate(), "hours_per_week": 8}
    Enrolment.objects.get_or_create(user=person, path=path, defaults=pace)
    return person


def _crowd(path: str, count: int) -> list[Any]:
    """So many different learners: those of the population, or newcomers where there is none."""
    from cairn.accounts.models import User

    walking = User.objects.filter(enrolments__path=path, email__startswith="walker-").order_by("pk")
    return list(walking[:count]) or [_newcomer(f"{NEWCOMER}-{number}", path) for number in range(count)]


def _client(person: Any) -> Any:
    from django.test import Client

    client = Client(SERVER_NAME="localhost")
    client.force_login(person, "allauth.account.auth_backends.AuthenticationBackend")
    return client


def session_of(person: Any) -> str:
    """The cookie of a person who is signed in."""
    return str(_client(person).cookies["sessionid"].value)


def _queries(person: Any, urls: dict[str, str]) -> dict[str, list[int]]:
    """By page: queries of the first visit after a change, and of the next."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from cairn.learning.versions import changed

    client, counted = _client(person), dict[str, list[int]]()
    for name, url in urls.items():
        client.get(url)
        changed(person.pk)
        counted[name] = []
        for _ in range(2):
            with CaptureQueriesContext(connection) as captured:
                answer = client.get(url)
            if answer.status_code != 200:
                raise RuntimeError(f"{url} answered {answer.status_code}")
            counted[name].append(len(captured))
    return counted


def _stored(person: Any) -> int:
    """Rows about the person's work."""
    mine = (person.readings, person.quiz_attempts, person.submissions, person.runs, person.mastery_cards)
    return sum(rows.count() for rows in mine)


if __name__ == "__main__":
    main()
