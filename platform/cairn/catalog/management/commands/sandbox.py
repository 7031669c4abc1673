"""The command ``manage.py sandbox doctor [--json]``."""

from typing import Any

import typer
from django.core.management.base import BaseCommand, CommandParser

from grader.sandbox import doctor


class Command(BaseCommand):
    """Exit 0: every guarantee holds. 2: this machine does not isolate learner code."""

    help = "Tells which isolation this machine gives, each guarantee tested, not assumed."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """See the class."""
        doing = parser.add_subparsers(dest="do", required=True)
        check = doing.add_parser("doctor", help="try to break each guarantee")
        check.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        """Leave the work to the grader, which ends by raising its exit status."""
        try:
            doctor.main(as_json=options["json"])
        except typer.Exit as end:
            raise SystemExit(end.exit_code) from None
