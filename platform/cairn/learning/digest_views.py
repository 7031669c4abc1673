"""The plan by e-mail: how often, and the way out that every mail carries."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from cairn.learning import digest as digests
from cairn.learning.models import Digest
from cairn.runs.views import person
from cairn.submissions.limits import check_public

SAID = {
    Digest.Often.OFF: "You get no digest any more.",
    Digest.Often.DAILY: "The digest comes each day with something planned, from tomorrow on.",
    Digest.Often.WEEKLY: "The digest comes on Mondays, from the next one on.",
}


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def digest(request: HttpRequest) -> HttpResponse:
    """GET shows how often the plan comes by e-mail; POST changes it."""
    user = person(request)
    problem = ""
    if request.method == "POST":
        try:
            said = digests.choose(user, str(request.POST.get("often", "")))
        except digests.BadChoice as refusal:
            problem = refusal.message
        else:
            messages.success(request, SAID[Digest.Often(said.often)])
            return redirect("learning:digest")
    context = {
        "often": digests.digest_of(user).often,
        "confirmed": digests.has_confirmed_address(user),
        "problem": problem,
    }
    return render(request, "learning/digest.html", context, status=400 if problem else 200)


@csrf_exempt  # a mail program posts here for its owner (RFC 8058); the token is the permission
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def digest_end(request: HttpRequest, token: str) -> HttpResponse:
    """What a mail's link opens: GET asks, POST ends the digest. Nobody needs to sign in for it."""
    check_public(request)
    ended = request.method == "POST"
    if ended:
        digests.end(token)
    else:
        digests.access_digest(token)
    return render(request, "learning/digest_end.html", {"ended": ended})
