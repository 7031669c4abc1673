"""The command ``manage.py demo``."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from cairn.accounts.actions import NoDemoHere, create_demo, demo_file


class Command(BaseCommand):
    """Refuses in production."""

    help = "Makes the demo cohort and its sign-ins, once, and prints them."

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the sign-ins, made now or earlier."""
        try:
            sign_ins = create_demo()
        except NoDemoHere as refusal:
            raise CommandError(refusal.message) from None
        for role, sign_in in sign_ins.items():
            self.stdout.write(f"{role:<8} user name {sign_in.username:<8} password {sign_in.password}")
        self.stdout.write(f"They are kept in {demo_file()}.")
