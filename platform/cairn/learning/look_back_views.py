"""The page of a review: what was worked at, what comes back, and the learner's word that they looked back."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from cairn.accounts.person import person
from cairn.learning import look_back
from cairn.learning.access import in_their_zone
from cairn.learning.mastery_queries import due_today


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@in_their_zone
def review(request: HttpRequest, slug: str) -> HttpResponse:
    """GET shows what to look back on; POST says that it is done, or takes that back."""
    user = person(request)
    if request.method == "POST":
        done = "take-back" not in request.POST
        look_back.say(user, slug, done)
        messages.success(request, "Done for this time." if done else "It counts as not done again.")
        return redirect("learning:look-back", slug)
    context = {"review": look_back.look_back_of(user, slug), "due": due_today(user)}
    return render(request, "learning/look_back.html", context)
