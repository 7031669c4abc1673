from django.urls import path

from cairn.dashboard import health, views

app_name = "dashboard"
urlpatterns = [
    path("home", views.home, name="home"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
]
