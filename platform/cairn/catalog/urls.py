"""The addresses of the landing page, of the search and of the data sets."""

from django.urls import path

from cairn.catalog import dataset_views, search_views, views

app_name = "catalog"
urlpatterns = [
    path("", views.landing, name="landing"),
    path("search", search_views.search, name="search"),
    path("search/suggestions", search_views.suggestions, name="suggestions"),
    path("datasets", dataset_views.index, name="datasets"),
    path("datasets/<slug:slug>", dataset_views.card, name="dataset"),
    path("datasets/<slug:slug>/samples/<int:number>", dataset_views.sample, name="dataset-sample"),
]
