"""Addresses of the whole site. Each room names its own; the contract's stay stable."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from cairn.config import views
from cairn.ui.views import states

admin.site.site_header = admin.site.site_title = "Cairn admin"
admin.site.index_title = "People, cohorts and runs"

handler400 = "cairn.config.views.bad_request"
urlpatterns = [
    path("", include("cairn.dashboard.urls")),
    path("", include("cairn.catalog.urls")),
    path("", include("cairn.learning.urls")),
    path("", include("cairn.submissions.urls")),
    path("", include("cairn.runs.urls")),
    path("", include("cairn.review.urls")),
    path("account/", include("allauth.account.urls")),
    path("account/", include("cairn.accounts.urls")),
    path("favicon.ico", views.favicon),
    path("admin/", admin.site.urls),
    path("api/v1/", include("cairn.config.api")),
    path("api/v1/schema", SpectacularAPIView.as_view(), name="schema"),
    path("api/v1/docs", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="api-docs"),
]
if settings.DEBUG:
    urlpatterns.append(path("ui/states", states, name="ui-states"))  # the living style sheet
