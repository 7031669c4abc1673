"""Which paths a learner walks, and where they stopped reading."""

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models


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
