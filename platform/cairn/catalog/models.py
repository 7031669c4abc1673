"""Releases of the curriculum: what was published, kept for ever."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q


class Document(models.Model):
    """One page's content as published, addressed by the hash of what it was made from.

    ``body`` holds what pages need (rendered HTML, titles), ``private`` what must never reach a learner
    (tests, solutions, right answers). The same content in two releases is the same row.
    """

    class Kind(models.TextChoices):
        TOPIC = "topic"  # the lesson
        QUIZ = "quiz"  # slug of its topic
        EXERCISE = "exercise"
        PROJECT = "project"
        DATASET = "dataset"

    kind = models.CharField(max_length=8, choices=Kind.choices)
    slug = models.SlugField(max_length=80)
    content_hash = models.CharField(max_length=64)
    body = models.JSONField()
    private = models.JSONField(default=dict)
    renderer = models.CharField(max_length=16, default="")  # a body that another renderer made is made again

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["kind", "slug", "content_hash"], name="one_document_per_content")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.slug} {self.content_hash[:8]}"


class Release(models.Model):
    """The whole library at one moment. Immutable; the newest one is what learners see.

    ``structure`` is everything but the page bodies: paths, stages, milestones, topics, projects and, for
    each document, its content hash. One process keeps it in memory by release id.
    """

    digest = models.CharField(max_length=64)
    structure = models.JSONField()
    published_at = models.DateTimeField(auto_now_add=True)
    is_current = models.BooleanField(default=True)
    documents: "models.ManyToManyField[Document, models.Model]" = models.ManyToManyField(
        Document, related_name="releases"
    )

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["is_current"], condition=Q(is_current=True), name="one_current_release"
            )
        ]
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"Release {self.pk} of {self.published_at:%Y-%m-%d}"


class SearchEntry(models.Model):
    """One thing of the current release that a search may find. Publishing keeps the rows in step.

    Only what everybody may read is here. The words are indexed beside it, as the database does that: see
    ``search_index``. ``made_from`` says what the row was made of, so that one that is right is left alone.
    """

    class Kind(models.TextChoices):
        TOPIC = "topic"
        EXERCISE = "exercise"
        QUIZ = "quiz"  # slug of its topic
        PROJECT = "project"
        MILESTONE = "milestone"  # on ``path``
        PATH = "path"
        ASSESSMENT = "assessment"
        MAP = "map", "Skill map"
        ACTIVITY = "activity"
        DATASET = "dataset", "Data set"
        RESOURCE = "resource"  # slug of these three: the resource's key
        COMMUNITY = "community"
        CONFERENCE = "conference"

    kind = models.CharField(max_length=10, choices=Kind.choices)
    slug = models.SlugField(max_length=80)
    path = models.SlugField(max_length=80, blank=True, default="")
    title = models.TextField()
    context = models.TextField(default="")  # where it belongs, in words
    summary = models.TextField(default="")
    text = models.TextField(default="")
    written = models.BooleanField(default=True)
    made_from = models.CharField(max_length=64)

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["kind", "path", "slug"], name="one_search_entry_per_thing")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.slug}"
