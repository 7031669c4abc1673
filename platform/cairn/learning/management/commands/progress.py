"""The command ``manage.py progress rebuild``."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from cairn.accounts.models import User
from cairn.learning.completion_actions import rebuild


class Command(BaseCommand):
    """Safe at any time: what is right already is left alone."""

    help = "Makes the rows of what was completed again, from stored results."

    def add_arguments(self, parser: CommandParser) -> None:
        """The one thing to do, and for whom."""
        commands = parser.add_subparsers(dest="do", required=True)
        again = commands.add_parser("rebuild", help="make the rows again")
        again.add_argument("username", nargs="?", default="", help="one learner; everybody without it")

    def handle(self, *args: Any, **options: Any) -> None:
        """Rebuild, and say how much was not as it should be."""
        try:
            learners, changed = rebuild(options["username"])
        except User.DoesNotExist:
            raise CommandError(f"There is nobody called {options['username']} here.") from None
        self.stdout.write(f"Looked at {learners} learners; {changed} rows were missing or wrong.")
