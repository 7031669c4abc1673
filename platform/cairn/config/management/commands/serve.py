"""``manage.py serve``: the site and what runs learner code, in one process tree."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser


class Command(BaseCommand):
    """Serve pages and sockets; run submissions unless told not to."""

    help = "Serves the site. Without REDIS_URL, grading runs in threads; with it, in a Celery worker."

    def add_arguments(self, parser: CommandParser) -> None:
        """Where to listen, and whether to grade."""
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--no-worker", action="store_true", help="Pages only; workers run elsewhere.")

    def handle(self, *args: Any, host: str, port: int, no_worker: bool = False, **options: Any) -> None:
        """Serve until Ctrl-C."""
        from cairn.config.local import serve  # imports Celery's worker, which other commands need not pay for

        try:
            serve(host, port, with_worker=not no_worker, say=self._say)
        except OSError as error:
            raise CommandError(
                f"Nothing can listen on {host}:{port} ({error.strerror}). "
                "Stop what uses the port, or choose another: PORT=8001 make run."
            ) from None

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()
