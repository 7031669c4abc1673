"""What a learner wrote and handed in: drafts, submissions, quiz attempts, exams."""

import uuid
from typing import Any, ClassVar

from django.conf import settings
from django.db import models

from cairn.accounts.models import Cohort
from cairn.runs.models import Run


class Work(models.TextChoices):
    """What a draft or a submission is for."""

    EXERCISE = "exercise"
    PROJECT = "project"


class Draft(models.Model):
    """The files a learner is writing for one exercise or project, on the server so that no device owns them.

    ``version`` counts saves: a save that names an older version is refused, so two devices cannot
    overwrite each other unseen.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="drafts")
    work = models.CharField(max_length=8, choices=Work.choices)
    slug = models.SlugField(max_length=80)
    files = models.JSONField(default=dict)  # {name: text}
    version = models.PositiveIntegerField(default=0)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["user", "work", "slug"], name="one_draft_per_work")
        ]

    def __str__(self) -> str:
        return f"{self.work} {self.slug} of {self.user} (version {self.version})"


class Submission(models.Model):
    """An attempt: files handed in for grading, pinned to the content they were written for.

    ``place`` counts what a learner handed in for one work from 1. It is not the number of the attempt: a run
    that ends ``internal`` or cancelled costs none, so ``queries.attempts`` counts those that remain.

    ``run`` is the run that counts. An accepted regrade puts another in its place; ``earned_at`` is then when
    the first one ended, so that grading again moves no date of the learner's.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="submissions")
    work = models.CharField(max_length=8, choices=Work.choices)
    slug = models.SlugField(max_length=80)
    title = models.CharField(max_length=200)
    content_hash = models.CharField(max_length=64)
    files = models.JSONField()  # {name: digest of a runs.Blob}
    files_digest = models.CharField(max_length=64)  # of names and digests together
    documents = models.JSONField(default=dict)  # {name: {"words", "headings"}} of the Markdown files
    place = models.PositiveIntegerField()
    run = models.OneToOneField(Run, on_delete=models.RESTRICT, related_name="submission")
    earned_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["user", "work", "slug", "place"], name="submissions_are_numbered")
        ]
        indexes = [models.Index(fields=["user", "-created_at"], name="submissions_of_user")]
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.title}, {self.place} of {self.user}"


class LeaderboardPlace(models.Model):
    """A person lets their runs of a project stand on its leaderboard, under ``alias`` where there is one."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    slug = models.SlugField(max_length=80)
    alias = models.CharField(max_length=40, blank=True)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["user", "slug"], name="one_place_on_a_leaderboard")
        ]

    def __str__(self) -> str:
        return f"{self.alias or self.user} on {self.slug}"


class Regrade(models.Model):
    """A submission graded again on other content. It changes nothing until an admin accepts it.

    ``before`` is the run that counted until then, and ``before_hash`` what it was graded on.
    """

    submission = models.ForeignKey(Submission, on_delete=models.CASCADE, related_name="regrades")
    run = models.OneToOneField(Run, on_delete=models.CASCADE, related_name="regrade")
    before = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="+")
    before_hash = models.CharField(max_length=64)
    content_hash = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)
    accepted_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.submission}, again"


class QuizAttempt(models.Model):
    """One go at a topic's quiz or at an assessment. ``finished_at`` seals the score.

    ``topic`` is the slug of either. The questions of an assessment are ``drawn``, each pinned to the content
    of its quiz; ``answers`` and ``results`` then go by ``<slug>--<question id>``.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="quiz_attempts")
    topic = models.SlugField(max_length=80)
    content_hash = models.CharField(max_length=64)
    seed = models.PositiveIntegerField()  # shuffles choices and items, picks variants and what is drawn
    drawn = models.JSONField(default=list)  # [[slug of a quiz, its content hash, question id], …]
    answers = models.JSONField(default=dict)  # {question id: answer as given}
    results = models.JSONField(default=dict)  # {question id: points from 0 to 1}, once answered
    hints = models.JSONField(default=list)  # ids of the questions whose hint was taken
    score = models.FloatField(null=True, blank=True)
    started_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["user", "topic"], name="quiz_attempts_of_user")]
        ordering = ["-started_at"]

    def __str__(self) -> str:
        return f"Quiz {self.topic} of {self.user}"


class ExamWindow(models.Model):
    """When a cohort may start an exam, as a mentor set it, and when its results were released by hand."""

    cohort = models.ForeignKey(Cohort, on_delete=models.CASCADE, related_name="exam_windows")
    assessment = models.SlugField(max_length=80)
    opens_at = models.DateTimeField()
    closes_at = models.DateTimeField()
    released_at = models.DateTimeField(null=True, blank=True)
    set_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["cohort", "assessment"], name="one_window_per_cohort"),
            models.CheckConstraint(
                condition=models.Q(opens_at__lt=models.F("closes_at")), name="windows_open_before_they_close"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.assessment} of {self.cohort}, {self.opens_at:%Y-%m-%d %H:%M}"


class ExtraTime(models.Model):
    """Time on top for one learner in one exam, also while it runs."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="extra_times")
    assessment = models.SlugField(max_length=80)
    percent = models.PositiveSmallIntegerField(default=0)
    minutes = models.PositiveSmallIntegerField(default=0)
    granted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    granted_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["user", "assessment"], name="one_extra_time_per_exam")
        ]

    def __str__(self) -> str:
        return f"{self.percent} % and {self.minutes} minutes for {self.user} in {self.assessment}"


class Sitting(models.Model):
    """The one go at an exam. Its attempt holds the answers, and is marked when the results are released.

    The author's rules are kept as they were at the start. ``versions`` counts the saves of each answer, so
    that a page that knows an older one cannot overwrite it.
    """

    class HandedInBy(models.TextChoices):
        LEARNER = "learner"
        CLOCK = "clock"

    attempt = models.OneToOneField(QuizAttempt, on_delete=models.CASCADE, related_name="sitting")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="sittings")
    assessment = models.SlugField(max_length=80)
    window = models.ForeignKey(
        ExamWindow, null=True, blank=True, on_delete=models.SET_NULL, related_name="sittings"
    )
    minutes = models.PositiveSmallIntegerField()
    late = models.CharField(max_length=11)
    release = models.CharField(max_length=10)
    started_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    versions = models.JSONField(default=dict)  # {question id: number of saves}
    saved_at = models.DateTimeField(null=True, blank=True)
    handed_in_at = models.DateTimeField(null=True, blank=True)
    handed_in_by = models.CharField(max_length=7, choices=HandedInBy.choices, blank=True)
    resumed_at = models.DateTimeField(null=True, blank=True)  # when time that was up came back, the last time
    released_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["user", "assessment"], name="one_sitting_per_exam")
        ]
        indexes = [
            models.Index(
                fields=["ends_at"],
                condition=models.Q(released_at__isnull=True),
                name="sittings_to_settle",
            )
        ]

    def __str__(self) -> str:
        return f"{self.assessment}, sat by {self.user}"
