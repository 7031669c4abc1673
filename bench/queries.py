"""Runs with the site's settings: counts the queries of each page, for the demo learner or a stranger."""

import json
import sys

import django


def main() -> None:
    """Reads ``{name: [url, signed in]}`` from the command line and prints ``{name: queries}``."""
    django.setup()
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from cairn.accounts.models import User

    stranger, learner = Client(SERVER_NAME="localhost"), Client(SERVER_NAME="localhost")
    learner.force_login(
        User.objects.get(username="learner"), "allauth.account.auth_backends.AuthenticationBackend"
    )
    counted: dict[str, int] = {}
    for name, (url, signed_in) in json.loads(sys.argv[1]).items():
        visitor = learner if signed_in else stranger
        visitor.get(url)
        with CaptureQueriesContext(connection) as captured:
            visitor.get(url)
        counted[name] = len(captured)
    sys.stdout.write(json.dumps(counted) + "\n")


if __name__ == "__main__":
    main()
