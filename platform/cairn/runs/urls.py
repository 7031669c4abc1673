from django.urls import URLPattern, path

from cairn.runs import node_api, views

app_name = "runs"
urlpatterns: list[URLPattern] = [
    path("runs/<uuid:run_id>", views.page, name="page"),
    path("runs/<uuid:run_id>/results", views.results, name="results"),
    path("runs/<uuid:run_id>/cancellation", views.cancellation, name="cancel"),
    path("api/node/claim", node_api.claim, name="node-claim"),
    path("api/node/jobs/<uuid:run_id>/events", node_api.events, name="node-events"),
    path("api/node/jobs/<uuid:run_id>/heartbeat", node_api.heartbeat, name="node-heartbeat"),
    path("api/node/jobs/<uuid:run_id>/report", node_api.report, name="node-report"),
    path("api/node/jobs/<uuid:run_id>/artifacts/<str:digest>", node_api.artifact, name="node-artifact"),
    path("api/node/jobs/<uuid:run_id>/release", node_api.release, name="node-release"),
]
