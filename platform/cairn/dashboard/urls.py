from django.urls import path

from cairn.dashboard import health, ops, views

app_name = "dashboard"
urlpatterns = [
    path("home", views.home, name="home"),
    path("ops", ops.page, name="ops"),
    path("ops/live", ops.live, name="ops-live"),
    path("ops/wishes", ops.wish, name="ops-wish"),
    path("ops/runs/<uuid:run_id>/cancellation", ops.cancellation, name="ops-cancel"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
]
