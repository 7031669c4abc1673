"""What a mentor said about a submission."""

from django.conf import settings
from django.db import models

from cairn.submissions.models import Submission


class Review(models.Model):
    """A mentor's reading of one submission: rubric lines met or not yet, and a comment."""

    submission = models.ForeignKey(Submission, on_delete=models.CASCADE, related_name="reviews")
    mentor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="reviews_given"
    )
    lines = models.JSONField(default=dict)  # {criterion id: whether it is met}
    comment = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["submission", "mentor"], name="one_review_per_mentor")]
        ordering = ["-updated_at"]

    def __str__(self) -> str:
        return f"{self.mentor} on {self.submission}"
