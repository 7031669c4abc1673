"""Certificates: a learner's own, the public page of each, and what verifiers read."""

import re
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from cairn.learning import certificate_actions, certificate_queries, credentials
from cairn.learning.certificate_drawing import Drawn, badge_of, stones_of
from cairn.learning.models import Certificate
from cairn.runs.views import person
from cairn.submissions.limits import check_public
from cairn.ui.errors import NotFound, Refusal

MAX_CREDENTIAL_CHARS = 100_000
_TOKEN = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+", re.ASCII)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def certificates(request: HttpRequest) -> HttpResponse:
    """GET: what is complete and what was issued for it. POST issues a certificate."""
    user = person(request)
    if request.method != "POST":
        return _own(request)
    kind, path, slug, name = (
        str(request.POST.get(key, ""))[:500] for key in ("kind", "path", "slug", "name")
    )
    try:
        made = certificate_actions.issue(user, kind, path, slug, name, request.build_absolute_uri)
    except NotFound:
        raise
    except Refusal as refusal:
        return _own(request, refusal, name)
    return redirect("learning:certificate", made.pk)


def _own(request: HttpRequest, refusal: Refusal | None = None, name: str = "") -> HttpResponse:
    user = person(request)
    issued = certificate_queries.certificates_of(user)
    valid = {(one.kind, one.path, one.slug): one for one in issued if one.withdrawn_at is None}
    rows = [(one, valid.get((one.kind, one.path, one.slug))) for one in certificate_queries.earned(user)]
    context = {
        "rows": rows,
        "withdrawn": [one for one in issued if one.withdrawn_at],
        "name": name or user.display_name,
        "refusal": refusal.message if refusal else "",
        "asked": request.POST.get("slug", ""),
    }
    return render(request, "learning/certificates.html", context, status=refusal.status if refusal else 200)


@never_cache
@require_safe
def certificate(request: HttpRequest, certificate_id: UUID) -> HttpResponse:
    """The public page: whoever has the address may read it."""
    found = certificate_queries.public_certificate(certificate_id)
    context = {
        "certificate": found,
        "drawn": Drawn(found.slug, found.title, stones_of(found)),
        "mine": found.user_id == request.user.pk,
        "address": request.build_absolute_uri(request.path),
    }
    answer = render(request, "learning/certificate.html", context)
    answer["X-Robots-Tag"] = "noindex"
    return answer


@never_cache
@require_safe
def certificate_pdf(request: HttpRequest, certificate_id: UUID) -> HttpResponse:
    """The certificate on paper."""
    check_public(request)
    found = _valid(certificate_id)
    address = request.build_absolute_uri(f"/certificates/{found.pk}")
    from cairn.learning.certificate_pdf import pdf_of  # 20 MB that a process without certificates saves

    return _file(pdf_of(found, address), "application/pdf", f"{found.slug}.pdf")


@never_cache
@require_safe
def certificate_token(request: HttpRequest, certificate_id: UUID) -> HttpResponse:
    """The signed credential (VC-JWT), for wallets and verifiers."""
    found = _valid(certificate_id)
    return _file(found.credential.encode(), "application/vc+jwt", f"{found.slug}.jwt")


@never_cache
@require_safe
def certificate_badge(request: HttpRequest, certificate_id: UUID) -> HttpResponse:
    """The cairn as a picture with the credential baked in, as Open Badges 3.0 says (section 5.3.2)."""
    found = _valid(certificate_id)
    return _file(badge_of(found).encode(), "image/svg+xml", f"{found.slug}.svg")


def _valid(certificate_id: UUID) -> Certificate:
    found = certificate_queries.public_certificate(certificate_id)
    if found.withdrawn_at:
        raise NotFound("This certificate was withdrawn. Its page says when.")
    return found


def _file(content: bytes, media_type: str, name: str) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Robots-Tag": "noindex"}
    return HttpResponse(content, content_type=media_type, headers=headers)


@require_POST
@login_required
def withdrawal(request: HttpRequest, certificate_id: UUID) -> HttpResponse:
    """Its owner takes a certificate back."""
    certificate_actions.withdraw(person(request), certificate_id)
    return redirect("learning:certificate", certificate_id)


# Verifying


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def verify(request: HttpRequest) -> HttpResponse:
    """GET asks for a credential; POST says whether it is genuine and still counts. For anybody."""
    context: dict[str, Any] = {}
    if request.method == "POST":
        check_public(request)
        try:
            context = {"said": credentials.verified(_token_in(request), settings.CREDENTIAL_KEYS)}
            context["certificate"] = _of(context["said"])
            context["issued"] = datetime.fromisoformat(context["said"]["validFrom"])
        except credentials.NotGenuine as problem:
            sent = request.FILES or str(request.POST.get("credential", "")).strip()
            context = {"problem": str(problem), "empty": not sent}
    return render(request, "learning/certificate_check.html", context)


def _token_in(request: HttpRequest) -> str:
    """The credential that was pasted, or is in the file: a token, or a picture with one baked in."""
    upload = request.FILES.get("file")
    text = str(request.POST.get("credential", ""))
    if upload is not None:
        text = upload.read(MAX_CREDENTIAL_CHARS + 1).decode("utf-8", "replace")
    if len(text) > MAX_CREDENTIAL_CHARS:
        raise credentials.NotGenuine("This is larger than any credential. Nothing was checked.")
    baked = re.search(r'openbadges:credential verify="([^"]+)"', text)
    text = baked[1] if baked else text.strip()
    if not _TOKEN.fullmatch(text):
        raise credentials.NotGenuine(
            "There is no credential in it. Paste the whole content of the .jwt file, or choose the file."
        )
    return text


def _of(said: dict[str, Any]) -> Certificate | None:
    """The certificate that a genuine credential is of; None where it was deleted with its owner's account."""
    number = str(said.get("id", "")).rpartition("/")[2]
    try:
        return certificate_queries.public_certificate(UUID(number))
    except (ValueError, NotFound):
        return None


@require_safe
@cache_control(public=True, max_age=3600)
def issuer(request: HttpRequest) -> JsonResponse:
    """Who issues, in the standard's words."""
    return JsonResponse(credentials.profile(request.build_absolute_uri(request.path)))


@require_safe
@cache_control(public=True, max_age=3600)
def keys(request: HttpRequest) -> JsonResponse:
    """The public keys (a JWK set)."""
    return JsonResponse({"keys": list(credentials.public_keys(settings.CREDENTIAL_KEYS).values())})


@require_safe
@cache_control(public=True, max_age=3600)
def key(request: HttpRequest, thumbprint: str) -> JsonResponse:
    """One public key (a JWK): where a credential's ``kid`` leads."""
    found = credentials.public_keys(settings.CREDENTIAL_KEYS).get(thumbprint)
    if found is None:
        raise NotFound("There is no such key.")
    return JsonResponse(found)


@never_cache
@require_safe
def revocations(request: HttpRequest) -> JsonResponse:
    """Which credentials no longer count, as the standard's revocation list."""
    address = request.build_absolute_uri
    listed = [{"id": address(f"/certificates/{number}")} for number in certificate_queries.withdrawn()]
    return JsonResponse(
        {"id": address(request.path), "issuer": address("/certificates/issuer"), "revokedCredentials": listed}
    )
