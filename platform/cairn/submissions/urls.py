from django.urls import URLPattern, path

from cairn.submissions import training_views, views

app_name = "submissions"
urlpatterns: list[URLPattern] = [
    path("drafts/<slug:work>/<slug:slug>", views.draft, name="draft"),
    path("projects/<slug:slug>/runs", training_views.project_runs, name="training"),
    path("projects/<slug:slug>/estimates", training_views.estimates, name="estimates"),
    path("projects/<slug:slug>/leaderboard", training_views.leaderboard_page, name="leaderboard"),
    path("exercises/<slug:slug>/runs", views.try_out, name="try"),
    path("<slug:work>s/<slug:slug>/submissions", views.submit, name="submit"),
]
