"""Parts of a learner's page that are drawn once and kept until something changes, like what they show."""

from collections.abc import Callable, Mapping
from typing import Any

from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from django.utils.crypto import salted_hmac
from django.utils.safestring import SafeString, mark_safe

from cairn.accounts.person import person
from cairn.learning.versions import Version, kept


def drawn(
    request: HttpRequest,
    version: Version,
    template: str,
    context: Callable[[], Mapping[str, Any]],
    *also: object,
) -> SafeString:
    """A template with what ``context`` gives, for that version of the person's work; see ``versions.kept``.

    Every process of the site may have drawn it. The token of its forms is the request's own.
    """
    token = salted_hmac("cairn.learning.drawn", "token").hexdigest()  # nobody can write it into a page
    html = kept(
        person(request),
        version,
        template,
        lambda: render_to_string(template, {**context(), "csrf_token": token}),
        *also,
    )
    return mark_safe(html.replace(token, get_token(request)))  # noqa: S308 - a template made it
