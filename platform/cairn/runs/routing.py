"""WebSocket addresses of this room."""

from django.urls import path

from cairn.runs.consumers import RunConsumer

websocket_urlpatterns = [path("ws/runs/<uuid:run_id>", RunConsumer.as_asgi())]
