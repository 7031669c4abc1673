"""What uvicorn serves: pages by Django's WSGI handler in a small pool of threads, sockets by Channels.

Django's own ASGI handler changes threads several times a request, which costs milliseconds; page views here
are synchronous anyway. More pages a second come from more processes, not from more threads.
"""

import asyncio
import contextlib
import gc
import os
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cairn.config.settings")

from a2wsgi import WSGIMiddleware
from django.conf import settings
from django.core.wsgi import get_wsgi_application

PAGE_THREADS = 3

_django: Any = get_wsgi_application()
_pages = WSGIMiddleware(_django, workers=PAGE_THREADS)

# Channels and the consumers import models, so they come after Django is set up.
from channels.auth import AuthMiddlewareStack  # noqa: E402
from channels.routing import URLRouter  # noqa: E402
from channels.security.websocket import AllowedHostsOriginValidator  # noqa: E402

from cairn.runs import live  # noqa: E402
from cairn.runs.routing import websocket_urlpatterns  # noqa: E402


async def _no_such_socket(scope: Any, receive: Any, send: Any) -> None:
    """Refuse a socket at an unknown address as HTTP would: not found."""
    await send({"type": "websocket.close", "code": 4404})


def _routed(scope: Any, receive: Any, send: Any) -> Any:
    known = any(route.pattern.match(scope["path"].removeprefix("/")) for route in websocket_urlpatterns)
    return (_router if known else _no_such_socket)(scope, receive, send)


_router = URLRouter(websocket_urlpatterns)
_sockets = AllowedHostsOriginValidator(AuthMiddlewareStack(_routed))


async def _lifespan(receive: Any, send: Any) -> None:
    """Hold the subscription to news of runs while the server lives."""
    await receive()
    # What was imported stays for ever: searching it for garbage would hold up every hundredth page.
    gc.collect()
    gc.freeze()
    news = asyncio.create_task(live.subscribe()) if settings.REDIS_URL else None
    await send({"type": "lifespan.startup.complete"})
    await receive()
    if news:
        news.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await news
    await send({"type": "lifespan.shutdown.complete"})


async def application(scope: Any, receive: Any, send: Any) -> None:
    """The ASGI application."""
    match scope["type"]:
        case "http":
            await _pages(scope, receive, send)
        case "websocket":
            await _sockets(scope, receive, send)
        case "lifespan":
            await _lifespan(receive, send)
