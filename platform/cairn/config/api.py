"""The API's addresses under ``/api/v1/``, gathered from the rooms."""

from django.urls import URLPattern, URLResolver

from cairn.runs import api as runs
from cairn.submissions import api as submissions

urlpatterns: list[URLPattern | URLResolver] = [
    *runs.urlpatterns,
    *submissions.urlpatterns,
]
