"""Which paths a learner walks, where they stopped reading, and what they say of their days."""

import uuid
from datetime import time

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone


class Enrolment(models.Model):
    """A learner on a path, with a start date and the hours a week they can give."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="enrolments")
    path = models.SlugField(max_length=80)
    starts_on = models.DateField()
    hours_per_week = models.PositiveSmallIntegerField(
        validators=[MinValueValidator(1), MaxValueValidator(60)]
    )
    created_at = models.DateTimeField(auto_now_add=True)
    last_opened_at = models.DateTimeField(auto_now=True)  # the home page shows the path opened last

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "path"], name="one_enrolment_per_path")]
        ordering = ["-last_opened_at"]

    def __str__(self) -> str:
        return f"{self.user} on {self.path}"


class Reading(models.Model):
    """How far a learner has read a lesson."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="readings")
    topic = models.SlugField(max_length=80)
    section = models.SlugField(max_length=120, blank=True)  # heading anchor where they stopped
    content_hash = models.CharField(max_length=64)
    updated_at = models.DateTimeField(auto_now=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "topic"], name="one_reading_per_topic")]

    def __str__(self) -> str:
        return f"{self.user} reads {self.topic}"


class ActivityResult(models.Model):
    """What came of an activity that this room marks itself.

    An activity of the learner's own has one row, with their note: its score is 1 while it counts as done and
    0 once they took that back. A skill map has a row for each attempt, with the lines drawn.
    """

    class Kind(models.TextChoices):
        ACTIVITY = "activity"
        MAP = "map"

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="activity_results"
    )
    kind = models.CharField(max_length=8, choices=Kind.choices)
    slug = models.SlugField(max_length=80)
    content_hash = models.CharField(max_length=64)
    score = models.FloatField()  # from 0 to 1
    lines = models.JSONField(default=list, blank=True)  # of a map: [idea, use] pairs
    note = models.TextField(blank=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "slug"], condition=models.Q(kind="activity"), name="one_row_per_activity"
            )
        ]
        indexes = [models.Index(fields=["user", "kind", "slug"], name="activity_results_of_user")]
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.kind} {self.slug} of {self.user}"


class Completion(models.Model):
    """When a learner first completed something, and the content on which they did.

    Follows from stored results and releases alone (``completions.completed``), so it can be made again at any
    time: ``manage.py progress rebuild``. ``path`` is empty for what counts on every path. ``slug`` of a stone
    is its project's or milestone's, a slash, and the criterion's id.
    """

    class Kind(models.TextChoices):
        LESSON = "lesson"
        QUIZ = "quiz"  # slug of its topic
        EXERCISE = "exercise"
        PROJECT = "project"
        MAP = "map"
        ACTIVITY = "activity"
        STONE = "stone"
        MILESTONE = "milestone"
        PATH = "path"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="completions")
    kind = models.CharField(max_length=9, choices=Kind.choices)
    path = models.SlugField(max_length=80, blank=True, default="")
    slug = models.CharField(max_length=170)
    at = models.DateTimeField()
    content_hash = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "kind", "path", "slug"], name="one_completion_per_thing")
        ]
        indexes = [models.Index(fields=["user", "-at"], name="completions_of_user")]
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.kind} {self.path or self.slug} of {self.user}"


class Certificate(models.Model):
    """What says to others that a learner completed a path or a milestone: fixed when it was issued.

    ``credential`` is the signed Open Badges 3.0 credential. Its page is public: whoever has the address sees
    the name, what was completed and when, and nothing else of the learner. A withdrawn one says so.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="certificates")
    kind = models.CharField(max_length=9, choices=[("milestone", "milestone"), ("path", "path")])
    path = models.SlugField(max_length=80)
    slug = models.SlugField(max_length=80)  # of the milestone, or the path again
    name = models.CharField(max_length=120)  # as the learner wants it written
    title = models.CharField(max_length=200)
    path_title = models.CharField(max_length=200)
    parts = models.JSONField()  # what was asked: [title, kind of stone] of each criterion, or milestone
    completed_at = models.DateTimeField()
    issued_at = models.DateTimeField()
    credential = models.TextField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "kind", "path", "slug"],
                condition=models.Q(withdrawn_at=None),
                name="one_valid_certificate_per_thing",
            )
        ]
        ordering = ["-issued_at"]

    def __str__(self) -> str:
        return f"{self.title} of {self.user}"


class Dismissal(models.Model):
    """A notice that a learner has put away. ``content_hash`` is that of the content it told them of."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="dismissals")
    kind = models.CharField(max_length=9, choices=Completion.Kind.choices)
    slug = models.SlugField(max_length=80)
    content_hash = models.CharField(max_length=64)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "kind", "slug"], name="one_dismissal_per_thing")
        ]

    def __str__(self) -> str:
        return f"{self.user} put away the notice on {self.kind} {self.slug}"


class MasteryCard(models.Model):
    """When one missed question or failed exercise is asked again, as the last answers left it.

    A row is written at the first practice; before that the card follows from the stored answers alone.
    ``seen`` is the newest quiz attempt whose answer is counted in.
    """

    class Kind(models.TextChoices):
        QUESTION = "question"
        EXERCISE = "exercise"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="mastery_cards")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    topic = models.SlugField(max_length=80, blank=True)  # of a question; an exercise may change its topic
    item = models.CharField(max_length=80)  # the question's id, or the exercise's slug
    stability = models.FloatField()
    difficulty = models.FloatField()
    reviewed_on = models.DateField()
    due_on = models.DateField()
    misses = models.PositiveIntegerField(default=0)
    seen = models.BigIntegerField(default=0)
    practised_on = models.DateField(null=True, blank=True)
    begun_at = models.DateTimeField(null=True, blank=True)  # an exercise that is being solved again

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "kind", "topic", "item"], name="one_card_per_item")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.topic}/{self.item} of {self.user}, due {self.due_on}"


class PracticeDay(models.Model):
    """A day, on the learner's clock, on which they practised. A card keeps only its last one."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="practice_days")
    day = models.DateField()
    answers = models.PositiveIntegerField(default=0)  # that moved a card

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "day"], name="one_practice_day_per_day")]
        ordering = ["day"]

    def __str__(self) -> str:
        return f"{self.user} practised on {self.day}"


class Note(models.Model):
    """An entry of a learner's journal, in Markdown. Private unless ``shared`` with their mentors.

    ``about`` names what it is about, as ``journal_about`` reads it. ``version`` counts saves, so that a page
    that read an older one cannot overwrite a newer one unseen; ``saved_by`` is the page that saved last.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notes")
    title = models.CharField(max_length=120)  # the first line, kept for lists
    text = models.TextField(blank=True)
    about = models.CharField(max_length=240, blank=True)
    shared = models.BooleanField(default=False)
    version = models.PositiveIntegerField(default=1)
    saved_by = models.CharField(max_length=32, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["user", "-updated_at"], name="notes_of_user")]
        ordering = ["-updated_at"]

    def __str__(self) -> str:
        return f"{self.title} of {self.user}"


class NoteImage(models.Model):
    """A picture in a note, kept in the database so that nothing but the note's own door leads to it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    note = models.ForeignKey(Note, on_delete=models.CASCADE, related_name="images")
    media_type = models.CharField(max_length=20)
    data = models.BinaryField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["created_at"]

    def __str__(self) -> str:
        return f"{self.media_type} in {self.note_id}"


class Plan(models.Model):
    """What a learner says of the days of one path. Without a row, the enrolment's hours are spread evenly."""

    enrolment = models.OneToOneField(Enrolment, on_delete=models.CASCADE, related_name="plan")
    minutes = models.JSONField(default=list, blank=True)  # a weekday; empty: the path's own share
    study_at = models.TimeField(default=time(18))  # on the learner's clock
    moved_to = models.DateField(null=True, blank=True)  # the plan counts from here since it was last moved
    # The secret of the calendar's address. Readable, because the page shows it again; it opens the plan only.
    token = models.CharField(max_length=64, unique=True, null=True, blank=True)  # null is not unique

    def __str__(self) -> str:
        return f"Plan of {self.enrolment}"


class ResourceMark(models.Model):
    """A resource that a learner has read, watched or joined. ``key`` is ``Resource.key``."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="resource_marks"
    )
    key = models.SlugField(max_length=80)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="one_mark_per_resource")]

    def __str__(self) -> str:
        return f"{self.key} by {self.user_id}"


class Digest(models.Model):
    """Whether a learner wants their plan by e-mail. ``sent_on`` is their day of the last one."""

    class Often(models.TextChoices):
        OFF = "off"
        DAILY = "daily"
        WEEKLY = "weekly"

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="digest"
    )
    often = models.CharField(max_length=6, choices=Often.choices, default=Often.OFF)
    token = models.CharField(max_length=43, unique=True)  # lets a mail's link end it without signing in
    sent_on = models.DateField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["sent_on"], condition=~models.Q(often="off"), name="digests_wanted")]

    def __str__(self) -> str:
        return f"{self.often} digest of {self.user_id}"


class DayOff(models.Model):
    """A day on which a learner does not study, on any path."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="days_off")
    day = models.DateField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "day"], name="one_day_off_per_day")]
        ordering = ["day"]

    def __str__(self) -> str:
        return f"{self.user} is off on {self.day}"


class MovedItem(models.Model):
    """An item of a plan that the learner put on a day. ``item`` is its key: kind and slug."""

    enrolment = models.ForeignKey(Enrolment, on_delete=models.CASCADE, related_name="moved_items")
    item = models.CharField(max_length=120)
    day = models.DateField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["enrolment", "item"], name="one_day_per_moved_item")]
        ordering = ["day", "item"]

    def __str__(self) -> str:
        return f"{self.item} on {self.day}"


class WorkVersion(models.Model):
    """Numbers that grow whenever something is stored about a learner's work or plan: see ``versions``."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="work_version"
    )
    number = models.PositiveBigIntegerField(default=0)
    code = models.PositiveBigIntegerField(default=0)
    quizzes = models.PositiveBigIntegerField(default=0)
    cards = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.user_id} at {self.number}"
