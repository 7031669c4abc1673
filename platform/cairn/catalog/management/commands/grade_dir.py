"""The command ``manage.py grade_dir DIR --exercise EXERCISE [--json]``."""

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from cairn.catalog.folders import NoFolder, find_folder
from cairn.catalog.grading import grade
from grader.__main__ import exit_code, verdict
from grader.contract import Report
from grader.local import NoExercise
from grader.sandbox.base import SandboxUnavailable


class Command(BaseCommand):
    """Exit 0: all passed. 1: some did not. 2: a failure of ours."""

    help = "Grades every *.py in a folder as a submission of its own."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """See the class."""
        parser.add_argument("folder", metavar="DIR", type=Path)
        parser.add_argument("--exercise", required=True, help="its slug, or its folder")
        parser.add_argument("--json", action="store_true", help="print one JSON verdict a line")

    def handle(self, *args: Any, **options: Any) -> None:
        """Grade each file and print a line for it."""
        files = sorted(options["folder"].glob("*.py"))
        if not files:
            raise CommandError(f"There is no *.py in {options['folder']}.", returncode=2)
        try:
            folder = find_folder(options["exercise"], settings.CURRICULUM)
            codes = [self._one(file, folder, options["json"]) for file in files]
        except (NoFolder, NoExercise, SandboxUnavailable, OSError) as error:
            raise CommandError(str(error), returncode=2) from None
        if code := max(codes):
            raise SystemExit(code)

    def _one(self, file: Path, folder: Path, as_json: bool) -> int:
        report = grade(folder, [file])
        line = {"file": file.name, **verdict(folder.name, report)}
        self.stdout.write(json.dumps(line) if as_json else _line(file, report))
        self.stdout.flush()
        return exit_code(report)


def _line(file: Path, report: Report) -> str:
    passed = sum(test.status == "passed" for test in report.tests)
    return f"{file.name}: {report.status}, {passed} of {len(report.tests)} tests. {report.message}".rstrip()
