"""The addresses of the landing page and of the search."""

from django.urls import path

from cairn.catalog import search_views, views

app_name = "catalog"
urlpatterns = [
    path("", views.landing, name="landing"),
    path("search", search_views.search, name="search"),
    path("search/suggestions", search_views.suggestions, name="suggestions"),
]
