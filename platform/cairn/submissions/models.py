"""What a learner wrote and handed in: drafts, submissions, quiz attempts."""

import uuid
from typing import Any, ClassVar

from django.conf import settings
from django.db import models

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
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["user", "work", "slug", "place"], name="submissions_are_numbered")
        ]
        indexes = [models.Index(fields=["user", "-created_at"], name="submissions_of_user")]
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.title}, {self.place} of {self.user}"


class QuizAttempt(models.Model):
    """One go at a topic's quiz. Answers are stored one by one; ``finished_at`` seals the score."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="quiz_attempts")
    topic = models.SlugField(max_length=80)
    content_hash = models.CharField(max_length=64)
    seed = models.PositiveIntegerField()  # shuffles choices and items
    answers = models.JSONField(default=dict)  # {question id: answer as given}
    results = models.JSONField(default=dict)  # {question id: points from 0 to 1}, once answered
    score = models.FloatField(null=True, blank=True)
    started_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["user", "topic"], name="quiz_attempts_of_user")]
        ordering = ["-started_at"]

    def __str__(self) -> str:
        return f"Quiz {self.topic} of {self.user}"
