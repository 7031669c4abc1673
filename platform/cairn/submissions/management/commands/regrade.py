"""The command ``manage.py regrade EXERCISE``: grade again after the content changed, look, then accept."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich import box
from rich.console import Console
from rich.table import Table

from cairn.submissions import regrading
from cairn.submissions.regrading import Change
from cairn.ui.errors import Refusal


class Command(BaseCommand):
    """Nothing counts before ``--accept``; until then learners see what they saw."""

    help = "Grades an exercise's or a project's submissions again, on the current content."

    def add_arguments(self, parser: CommandParser) -> None:
        """See the class."""
        parser.add_argument("exercise", help="the slug of an exercise or a project")
        parser.add_argument("--all", action="store_true", help="also what the current content has graded")
        then = parser.add_mutually_exclusive_group()
        then.add_argument("--dry-run", action="store_true", help="only say what would be queued")
        then.add_argument("--show", action="store_true", help="queue nothing; show what was graded so far")
        then.add_argument("--accept", action="store_true", help="have what is ready count from now on")
        then.add_argument("--discard", action="store_true", help="forget what was not accepted")

    def handle(self, *args: Any, **options: Any) -> None:
        """Queue, show, accept or discard."""
        slug = options["exercise"]
        try:
            work = regrading.work_named(slug)
            if options["discard"]:
                self.stdout.write(f"{_of(regrading.discard(work, slug), 'regrade')} forgotten.")
                return
            if not (options["show"] or options["accept"]):
                self._queue(work, slug, everything=options["all"], dry=options["dry_run"])
            changes = regrading.changes(work, slug)
            accepted = regrading.accept(work, slug) if options["accept"] else []
        except Refusal as refusal:
            raise CommandError(refusal.message) from None
        self._show(changes)
        if options["accept"]:
            self.stdout.write(f"{_of(len(accepted), 'regrade')} accepted.")

    def _queue(self, work: str, slug: str, *, everything: bool, dry: bool) -> None:
        found = regrading.candidates(work, slug, everything=everything).select_related("user", "run")
        if dry:
            self.stdout.write(
                f"{_of(found.count(), 'submission')} would be graded again. Nothing was queued."
            )
            return
        asked = regrading.regrade(found)
        self.stdout.write(f"{_of(len(asked.queued), 'submission')} queued. Nothing counts before --accept.")
        for submission in asked.unfit:
            self.stdout.write(f"Left out: {submission}. Its files are not those that it takes today.")

    def _show(self, changes: list[Change]) -> None:
        waiting = sum(not change.is_ready for change in changes)
        table = Table("Submission", "Counts now", "Would count", box=box.SIMPLE)
        for change in changes:
            if change.differs:
                table.add_row(str(change.regrade.submission), change.now, change.then)
        same = len(changes) - waiting - table.row_count
        if table.row_count:
            console = Console(soft_wrap=True, markup=False, highlight=False)
            with console.capture() as drawn:
                console.print(table)
            self.stdout.write(drawn.get())
        self.stdout.write(f"{table.row_count} would change, {same} stay the same, {waiting} not graded yet.")


def _of(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
