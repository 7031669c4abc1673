"""The command ``manage.py grade EXERCISE FILE... [--json]``."""

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console

from cairn.catalog.folders import NoFolder, find_folder
from cairn.catalog.grading import grade
from grader.__main__ import exit_code, show, verdict
from grader.contract import Kind
from grader.local import NoExercise
from grader.sandbox.base import SandboxUnavailable


class Command(BaseCommand):
    """Exit 0: passed. 1: the learner's failure. 2: ours."""

    help = "Grades files against one exercise or project, exactly as a worker would; needs no server."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """See the class."""
        parser.add_argument("exercise", help="its slug, or its folder")
        parser.add_argument(
            "files", nargs="+", type=Path, help="the learner's files; a single one is the entry"
        )
        parser.add_argument("--try", dest="examples", action="store_true", help="only the visible examples")
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        """Grade and print the verdict."""
        try:
            folder = find_folder(options["exercise"], settings.CURRICULUM)
            report = grade(folder, options["files"], Kind.TRY if options["examples"] else Kind.GRADE)
        except (NoFolder, NoExercise, SandboxUnavailable, OSError) as error:
            raise CommandError(str(error), returncode=2) from None
        if options["json"]:
            self.stdout.write(json.dumps(verdict(folder.name, report)))
        else:
            show(report, Console(soft_wrap=True))
        if code := exit_code(report):
            raise SystemExit(code)
