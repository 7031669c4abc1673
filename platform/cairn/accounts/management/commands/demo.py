"""The command ``manage.py demo``."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from cairn.accounts.actions import NoDemoHere, create_demo, demo_file, read_sign_ins


class Command(BaseCommand):
    """Refuses in production."""

    help = "Makes the demo cohort and its sign-ins, and prints the passwords once."

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the sign-ins; passwords only those made now, since a terminal's log lives long."""
        known = read_sign_ins()
        try:
            sign_ins = create_demo()
        except NoDemoHere as refusal:
            raise CommandError(refusal.message) from None
        for role, sign_in in sign_ins.items():
            password = sign_in.password if sign_in != known.get(role) else "as before"
            self.stdout.write(f"{role:<8} user name {sign_in.username:<8} password {password}")
        self.stdout.write(f"The passwords are kept in {demo_file()}.")
