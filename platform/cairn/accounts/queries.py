"""Who may see whose work."""

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet

from cairn.accounts.models import Cohort, Membership, User

LEARNER, MENTOR = Membership.Role.LEARNER, Membership.Role.MENTOR


def may_read_work_of(user: User | AnonymousUser, owner: User) -> bool:
    """The owner, an admin, and a mentor of a cohort in which the owner is a learner. At most one query."""
    if not user.is_authenticated or not user.is_active:
        return False
    return user.pk == owner.pk or user.is_staff or learners_of(user).filter(pk=owner.pk).exists()


def learners_of(mentor: User) -> QuerySet[User]:
    """The learners of the cohorts that ``mentor`` is a mentor of, each once."""
    cohorts = Cohort.objects.filter(memberships__user=mentor, memberships__role=MENTOR)
    walking = Membership.objects.filter(cohort__in=cohorts, role=LEARNER)
    return User.objects.filter(pk__in=walking.values("user"))
