"""What a real browser makes of a page: what it fetches the first time, and when live curves are drawn."""

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any
from urllib.parse import urlsplit

_CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
_ARGUMENTS = ["--no-sandbox"]

# Two frames after a chart has said in words what it shows, and was given to the canvas, it is on the screen.
_STAMP = r"""
window.drawn = [];
new MutationObserver((changes) => {
  const said = changes.at(-1).target.getAttribute("aria-label");
  requestAnimationFrame(() => requestAnimationFrame(() => window.drawn.push([Date.now() / 1000, said])));
}).observe(document, { subtree: true, attributes: true, attributeFilter: ["aria-label"] });
"""


def missing() -> str:
    """Why no browser can be had here; nothing where one can."""
    try:
        import playwright  # noqa: F401
    except ImportError:
        return "playwright is not installed"
    return "" if _program() else "no chromium is installed"


def _program() -> str | None:
    return next(filter(None, map(shutil.which, _CHROMIUM)), None)


def cold(url: str) -> dict[str, Any]:
    """Requests and bytes as sent, fonts apart; or why that could not be had."""
    if why := missing():
        return {"absent": why}
    from playwright.sync_api import sync_playwright

    fetched: list[tuple[str, int]] = []
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=_program(), args=_ARGUMENTS)
        page = chromium.new_page()
        finished: list[Any] = []
        page.on("requestfinished", lambda request: finished.append(request))
        page.goto(url, wait_until="networkidle")
        for request in finished:
            sizes = request.sizes()
            fetched.append((request.resource_type, sizes["responseBodySize"] + sizes["responseHeadersSize"]))
        chromium.close()
    fonts = [size for kind, size in fetched if kind == "font"]
    others = [size for kind, size in fetched if kind != "font"]
    return {
        "requests": len(others),
        "bytes": sum(others),
        "fonts": len(fonts),
        "font_bytes": sum(fonts),
    }


Drawings = Callable[[], Awaitable[list[tuple[float, str]]]]
"""What was drawn so far: the time on this machine's clock, and what the chart then said that it shows."""


@asynccontextmanager
async def drawing(url: str, session: str) -> AsyncIterator[Drawings]:
    """The page of a run, open in Chromium, with a chart drawn. Raises playwright's TimeoutError for none."""
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=_program(), args=_ARGUMENTS)
        context = await chromium.new_context()
        host = str(urlsplit(url).hostname)
        # Of the whole site: the address alone would leave the socket without it.
        await context.add_cookies([{"name": "sessionid", "value": session, "domain": host, "path": "/"}])
        page = await context.new_page()
        await page.add_init_script(_STAMP)
        await page.goto(url)
        await page.locator(".plot[aria-label*=lowest]").first.wait_for(timeout=60_000)
        yield partial(page.evaluate, "window.drawn")
        await chromium.close()
