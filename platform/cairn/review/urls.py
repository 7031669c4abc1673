from django.urls import path

from cairn.review import views

app_name = "review"
urlpatterns = [
    path("review", views.queue, name="queue"),
    path("review/<uuid:submission_id>", views.read, name="read"),
]
