"""Addresses under ``/account/`` beside allauth's."""

from django.urls import path

from cairn.accounts import views

app_name = "accounts"
urlpatterns = [
    path("profile", views.profile, name="profile"),
    path("tokens/<str:digest>/revocation", views.revoke_token, name="revoke-token"),
]
