"""Submissions, to look at: their rows change only through verbs."""

from django.contrib import admin

from cairn.runs.admin import ReadOnly
from cairn.submissions.models import Submission


@admin.register(Submission)
class SubmissionAdmin(ReadOnly):
    list_display = ("title", "user", "work", "place", "verdict", "created_at")
    list_filter = ("work", "run__verdict")
    search_fields = ("id", "slug", "user__username")
    list_select_related = ("user", "run")
    date_hierarchy = "created_at"

    @admin.display(ordering="run__verdict")
    def verdict(self, submission: Submission) -> str:
        """How its run ended, or how far it is."""
        return submission.run.verdict or submission.run.state
