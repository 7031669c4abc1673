"""People, and the cohorts they walk with."""

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _


class User(AbstractUser):
    """A person. Everybody is a learner; mentor, author and admin (``is_staff``) come on top.

    The roles are columns and not groups, because every page asks for them and a column costs no query.
    """

    email = models.EmailField(_("email address"), unique=True)
    timezone = models.CharField(max_length=64, default="UTC", help_text="IANA name, as Europe/Paris.")
    is_mentor = models.BooleanField(default=False, help_text="Reads and reviews the work of their cohorts.")
    is_author = models.BooleanField(default=False, help_text="Writes the curriculum.")

    @property
    def display_name(self) -> str:
        """The name shown to others: full name where given, else the user name."""
        return self.get_full_name() or self.username

    @property
    def first_word(self) -> str:
        """How the home page greets: the first name where given, else the user name."""
        return self.first_name or self.username

    @property
    def initials(self) -> str:
        """One or two letters for the avatar."""
        words = self.display_name.replace("-", " ").replace("_", " ").replace(".", " ").split()
        return "".join(word[0] for word in words[:2]).upper()


class Cohort(models.Model):
    """Learners who walk one path together, and the mentors who read their work."""

    slug = models.SlugField(unique=True)
    title = models.CharField(max_length=120)
    path = models.SlugField(max_length=80, help_text="Slug of the path, for instance zero-to-llm.")
    starts_on = models.DateField()
    members: "models.ManyToManyField[User, Membership]" = models.ManyToManyField(
        User, through="Membership", related_name="cohorts"
    )

    def __str__(self) -> str:
        return self.title


class Membership(models.Model):
    """A person's place in a cohort."""

    class Role(models.TextChoices):
        LEARNER = "learner"
        MENTOR = "mentor"

    cohort = models.ForeignKey(Cohort, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=8, choices=Role.choices, default=Role.LEARNER)

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["cohort", "user"], name="one_place_in_a_cohort")
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.cohort} as {self.role}"
