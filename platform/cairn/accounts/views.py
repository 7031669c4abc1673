"""The profile page, and taking an API token back."""

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST
from knox.models import AuthToken

from cairn.accounts.forms import ProfileForm
from cairn.accounts.models import User
from cairn.ui.errors import NotFound


@login_required
@require_http_methods(["GET", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """Name, time zone and API tokens."""
    person = cast(User, request.user)
    form = ProfileForm(request.POST or None, instance=person)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "Your profile is saved.")
        return redirect("accounts:profile")
    person.refresh_from_db()  # a form that was refused has already touched the name in the top bar
    tokens = AuthToken.objects.filter(user=person).order_by("-created")
    return render(request, "accounts/profile.html", {"form": form, "tokens": tokens})


@login_required
@require_POST
def revoke_token(request: HttpRequest, digest: str) -> HttpResponse:
    """Take back one of the person's own tokens; whoever uses it is signed out at once."""
    deleted, _ = AuthToken.objects.filter(user=cast(User, request.user), digest=digest).delete()
    if not deleted:
        raise NotFound
    messages.success(request, "The token no longer works.")
    return redirect("accounts:profile")
