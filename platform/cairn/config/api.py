"""The API's addresses under ``/api/v1/``, gathered from the rooms."""

from django.urls import URLPattern, URLResolver

from cairn.accounts import api as accounts
from cairn.catalog import api as catalog
from cairn.learning import api as learning
from cairn.learning import journal_api, plan_api
from cairn.runs import api as runs
from cairn.runs import training_api
from cairn.submissions import api as submissions
from cairn.submissions import training_api as project_runs

urlpatterns: list[URLPattern | URLResolver] = [
    *accounts.urlpatterns,
    *catalog.urlpatterns,
    *learning.urlpatterns,
    *plan_api.urlpatterns,
    *journal_api.urlpatterns,
    *runs.urlpatterns,
    *training_api.urlpatterns,
    *submissions.urlpatterns,
    *project_runs.urlpatterns,
]
