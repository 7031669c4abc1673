"""People and cohorts in Django's admin."""

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.utils.translation import gettext_lazy as _

from cairn.accounts.models import Cohort, Membership, User


class MembershipInline(admin.TabularInline[Membership, Cohort]):
    """A cohort's people, in its form."""

    model = Membership
    extra = 1
    autocomplete_fields = ["user"]


class MembershipOfPersonInline(admin.TabularInline[Membership, User]):
    """A person's cohorts, in their form."""

    model = Membership
    extra = 0
    autocomplete_fields = ["cohort"]


@admin.register(User)
class PersonAdmin(UserAdmin):  # type: ignore[type-arg]
    """People with their roles."""

    list_display = ["username", "email", "display_name", "is_mentor", "is_author", "is_staff", "is_active"]
    list_filter = ["is_mentor", "is_author", "is_staff", "is_active", "cohorts"]
    search_fields = ["username", "email", "first_name", "last_name"]
    fieldsets = [
        (None, {"fields": ["username", "password"]}),
        (_("Person"), {"fields": ["first_name", "last_name", "email", "timezone"]}),
        (_("Roles"), {"fields": ["is_active", "is_mentor", "is_author", "is_staff", "is_superuser"]}),
        (_("Dates"), {"fields": ["last_login", "date_joined"]}),
    ]
    add_fieldsets = [
        (
            None,
            {
                "classes": ["wide"],
                "fields": ["username", "email", "usable_password", "password1", "password2"],
            },
        )
    ]
    readonly_fields = ["last_login", "date_joined"]
    inlines = [MembershipOfPersonInline]


@admin.register(Cohort)
class CohortAdmin(admin.ModelAdmin[Cohort]):
    """Cohorts with their people."""

    list_display = ["title", "path", "starts_on", "learners", "mentors"]
    list_filter = ["path", "starts_on"]
    search_fields = ["title", "slug"]
    prepopulated_fields = {"slug": ["title"]}
    inlines = [MembershipInline]

    @admin.display(description="learners")
    def learners(self, cohort: Cohort) -> int:
        """How many walk in it."""
        return cohort.memberships.filter(role=Membership.Role.LEARNER).count()

    @admin.display(description="mentors")
    def mentors(self, cohort: Cohort) -> str:
        """Who reads their work."""
        places = cohort.memberships.filter(role=Membership.Role.MENTOR).select_related("user")
        return ", ".join(place.user.display_name for place in places)
