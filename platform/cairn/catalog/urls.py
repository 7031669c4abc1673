"""The landing page's address."""

from django.urls import path

from cairn.catalog import views

app_name = "catalog"
urlpatterns = [path("", views.landing, name="landing")]
