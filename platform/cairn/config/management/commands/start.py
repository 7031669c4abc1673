"""``manage.py start``: everything from an empty folder to a served site, what ``make run`` calls."""

import os
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser


class Command(BaseCommand):
    """Migrate, gather static files, publish the curriculum, make the demo cohort, serve."""

    help = "Prepares the data in CAIRN_HOME and serves the site with grading workers."

    def add_arguments(self, parser: CommandParser) -> None:
        """The port is the environment's, so that ``PORT=9000 make run`` works."""
        parser.add_argument("--host", default=os.environ.get("HOST", "127.0.0.1"))
        parser.add_argument("--port", type=int, default=_port())

    def handle(self, *args: Any, host: str, port: int, **options: Any) -> None:
        """Each step does nothing where there is nothing to do, so a second start takes seconds."""
        call_command("migrate", verbosity=0)
        _gather_static()
        call_command("curriculum", "sync")
        if not settings.PRODUCTION:
            call_command("demo")
        self._serve(host, port)

    def _serve(self, host: str, port: int) -> None:
        """Become the server, in this process but on fresh memory: what publishing took is not held on to."""
        self.stdout.flush()
        manage = str(settings.ROOT / "manage.py")
        command = [sys.executable, manage, "serve", "--host", host, "--port", str(port)]
        os.execv(sys.executable, command)  # noqa: S606 - our own command


def _port() -> int:
    """The PORT of the environment, 8000 where there is none."""
    value = os.environ.get("PORT") or "8000"
    if not (value.isdigit() and 0 < int(value) < 65536):
        raise CommandError(f"PORT is {value!r}. Set it to a number from 1 to 65535.")
    return int(value)


def _gather_static() -> None:
    """Hash and compress the static files, unless that was done after the last front-end build."""
    built, gathered = settings.ROOT / "frontend/dist/.built", Path(settings.STATIC_ROOT) / "staticfiles.json"
    if gathered.exists() and built.exists() and gathered.stat().st_mtime >= built.stat().st_mtime:
        return
    call_command("collectstatic", interactive=False, clear=True, verbosity=0)
