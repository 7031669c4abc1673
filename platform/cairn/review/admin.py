from django.contrib import admin

from cairn.review.models import Review


@admin.register(Review)
class ReviewAdmin(admin.ModelAdmin[Review]):
    """Reviews can be found and removed here; they are written on the review pages."""

    list_display = ("submission", "mentor", "updated_at")
    search_fields = ("submission__title", "submission__user__username", "mentor__username")
    raw_id_fields = ("submission", "mentor")
