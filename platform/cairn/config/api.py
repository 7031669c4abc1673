"""The API's addresses under ``/api/v1/``, gathered from the rooms."""

from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = []
