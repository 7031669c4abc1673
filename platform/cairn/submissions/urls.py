from django.urls import URLPattern, path

from cairn.submissions import views

app_name = "submissions"
urlpatterns: list[URLPattern] = [
    path("drafts/<slug:work>/<slug:slug>", views.draft, name="draft"),
    path("exercises/<slug:slug>/runs", views.try_out, name="try"),
    path("<slug:work>s/<slug:slug>/submissions", views.submit, name="submit"),
]
