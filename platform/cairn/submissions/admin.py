"""Submissions, to look at: their rows change only through verbs."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from cairn.submissions.models import Submission


@admin.register(Submission)
class SubmissionAdmin(admin.ModelAdmin[Submission]):
    list_display = ("title", "user", "work", "place", "verdict", "created_at")
    list_filter = ("work", "run__verdict")
    search_fields = ("id", "slug", "user__username")
    list_select_related = ("user", "run")
    date_hierarchy = "created_at"

    @admin.display(ordering="run__verdict")
    def verdict(self, submission: Submission) -> str:
        """How its run ended, or how far it is."""
        return submission.run.verdict or submission.run.state

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
