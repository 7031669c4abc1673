from django.urls import URLPattern, path

from cairn.runs import node_api, training_views, views

app_name = "runs"
urlpatterns: list[URLPattern] = [
    path("runs", training_views.table, name="table"),
    path("runs/export.csv", training_views.table_export, name="table-export"),
    path("runs/charts", training_views.charts_json, name="charts"),
    path("runs/compare", training_views.compare, name="compare"),
    path("runs/<uuid:run_id>", views.page, name="page"),
    path("runs/<uuid:run_id>/curves", training_views.curves_json, name="curves"),
    path("runs/<uuid:run_id>/export.csv", training_views.export, name="export"),
    path("runs/<uuid:run_id>/capsule.zip", training_views.capsule_zip, name="capsule"),
    path("runs/<uuid:run_id>/artifacts/<path:name>", training_views.artifact, name="artifact"),
    path("runs/<uuid:run_id>/note", training_views.note, name="note"),
    path("runs/<uuid:run_id>/results", views.results, name="results"),
    path("runs/<uuid:run_id>/cancellation", views.cancellation, name="cancel"),
    path("api/node/claim", node_api.claim, name="node-claim"),
    path("api/node/jobs/<uuid:run_id>/events", node_api.events, name="node-events"),
    path("api/node/jobs/<uuid:run_id>/heartbeat", node_api.heartbeat, name="node-heartbeat"),
    path("api/node/jobs/<uuid:run_id>/report", node_api.report, name="node-report"),
    path("api/node/jobs/<uuid:run_id>/artifacts/<str:digest>", node_api.artifact, name="node-artifact"),
    path("api/node/jobs/<uuid:run_id>/release", node_api.release, name="node-release"),
]
