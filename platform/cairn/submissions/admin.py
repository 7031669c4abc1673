"""Submissions, quizzes and exams, to look at: their rows change only through verbs."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from cairn.accounts.person import person
from cairn.catalog.queries import library
from cairn.runs.admin import ReadOnly
from cairn.submissions import exams
from cairn.submissions.exam_rules import MOST_MINUTES, MOST_PERCENT
from cairn.submissions.models import ExamWindow, ExtraTime, QuizAttempt, Sitting, Submission
from cairn.ui.errors import Refusal


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


@admin.register(QuizAttempt)
class QuizAttemptAdmin(ReadOnly):
    """Marks can be computed again from what is here, so nothing of it is written by hand."""

    list_display = ("topic", "user", "score", "answered", "started_at", "finished_at")
    list_filter = (("finished_at", admin.EmptyFieldListFilter), ("sitting", admin.EmptyFieldListFilter))
    search_fields = ("topic", "user__username", "user__email", "user__first_name", "user__last_name")
    list_select_related = ("user",)
    date_hierarchy = "started_at"

    @admin.display(description="answers")
    def answered(self, attempt: QuizAttempt) -> int:
        """How many there are."""
        return len(attempt.answers)


@admin.register(Sitting)
class SittingAdmin(ReadOnly):
    """One go at an exam: when it began, ended and went on. Extra time is given in its own table."""

    list_display = (
        *("assessment", "user", "cohort", "started_at", "ends_at"),
        *("handed_in_at", "handed_in_by", "resumed_at", "released_at", "score"),
    )
    list_filter = (
        *("handed_in_by", "release", ("released_at", admin.EmptyFieldListFilter)),
        *(("resumed_at", admin.EmptyFieldListFilter), "assessment", "window__cohort"),
    )
    search_fields = ("assessment", "user__username", "user__email", "user__first_name", "user__last_name")
    list_select_related = ("user", "attempt", "window__cohort")
    date_hierarchy = "started_at"
    exclude = ("versions",)

    @admin.display(ordering="window__cohort__title")
    def cohort(self, sitting: Sitting) -> str:
        """In whose window it was begun; empty for who needed none."""
        return sitting.window.cohort.title if sitting.window else ""

    @admin.display(ordering="attempt__score")
    def score(self, sitting: Sitting) -> str:
        """The sealed score, once results are out."""
        score = sitting.attempt.score
        return "" if score is None else f"{score:.0%}"


class OfAnExam(forms.ModelForm[Any]):
    """A form that asks for one of the curriculum's exams."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "assessment" in self.fields:
            found = [entry for entry in library().assessments.values() if entry.content.exam]
            choices = [("", "---------"), *((entry.slug, entry.content.title) for entry in found)]
            self.fields["assessment"] = forms.ChoiceField(label="Exam", choices=choices)


class ByVerb(ReadOnly):
    """Rows that the room's verbs add and change, and that go only with the person or cohort they are of."""

    settled_fields: tuple[str, ...] = ()  # what a row is of; another one is another row

    def has_add_permission(self, request: HttpRequest) -> bool:
        return admin.ModelAdmin.has_add_permission(self, request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return admin.ModelAdmin.has_change_permission(self, request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return (*self.readonly_fields, *(self.settled_fields if obj else ()))

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The form again, with the reason, where the verb refuses."""
        try:
            return super().changeform_view(request, *args, **kwargs)
        except Refusal as refusal:
            self.message_user(request, refusal.message, messages.ERROR)
            return redirect(request.get_full_path())


class ExtraTimeForm(OfAnExam):
    percent = forms.IntegerField(min_value=0, max_value=MOST_PERCENT, initial=0)
    minutes = forms.IntegerField(min_value=0, max_value=MOST_MINUTES, initial=0)


@admin.register(ExtraTime)
class ExtraTimeAdmin(ByVerb):
    """Saving moves the clock of who sits the exam, and opens one again that the clock took."""

    form = ExtraTimeForm
    list_display = ("assessment", "user", "percent", "minutes", "granted_by", "granted_at")
    list_filter = ("assessment", "granted_at")
    search_fields = ("assessment", "user__username", "user__email", "user__first_name", "user__last_name")
    list_select_related = ("user", "granted_by")
    autocomplete_fields = ("user",)
    readonly_fields = ("granted_by", "granted_at")
    settled_fields = ("user", "assessment")

    def save_model(self, request: HttpRequest, obj: ExtraTime, form: Any, change: bool) -> None:
        by = person(request)
        obj.pk = exams.grant(by, obj.user, obj.assessment, obj.percent, obj.minutes).pk


class ExamWindowForm(OfAnExam):
    def clean(self) -> dict[str, Any]:
        """The times in their order."""
        given = super().clean() or {}
        opens_at, closes_at = given.get("opens_at"), given.get("closes_at")
        if opens_at and closes_at and opens_at >= closes_at:
            self.add_error("closes_at", "An exam opens before it closes.")
        return given


@admin.register(ExamWindow)
class ExamWindowAdmin(ByVerb):
    """Saving moves the clock of who sits the exam. Results are released by the action of that name."""

    form = ExamWindowForm
    list_display = ("assessment", "cohort", "opens_at", "closes_at", "released_at", "set_by")
    list_filter = ("assessment", "cohort", ("released_at", admin.EmptyFieldListFilter))
    search_fields = ("assessment", "cohort__title", "cohort__slug")
    list_select_related = ("cohort", "set_by")
    autocomplete_fields = ("cohort",)
    readonly_fields = ("released_at", "set_by")
    settled_fields = ("cohort", "assessment")
    date_hierarchy = "opens_at"
    actions = ("release",)

    def save_model(self, request: HttpRequest, obj: ExamWindow, form: Any, change: bool) -> None:
        by = person(request)
        obj.pk = exams.set_window(by, obj.cohort, obj.assessment, obj.opens_at, obj.closes_at).pk

    @admin.action(description="Release the results", permissions=["change"])
    def release(self, request: HttpRequest, windows: QuerySet[ExamWindow]) -> None:
        """Show these cohorts their results now, where nobody is writing any more."""
        for window in windows.select_related("cohort"):
            try:
                count = exams.release(person(request), window)
            except Refusal as refusal:
                self.message_user(request, f"{window.cohort}: {refusal.message}", messages.ERROR)
            else:
                self.message_user(
                    request, f"{window.cohort}: results are released, {count} more can be read."
                )
