"""What a browser that has never been here fetches for one page."""

import shutil
from typing import Any

_CHROMIUM = ("chromium", "chromium-browser", "google-chrome")


def cold(url: str) -> dict[str, Any]:
    """Requests and bytes as sent, fonts apart; or why that could not be had."""
    program = next(filter(None, map(shutil.which, _CHROMIUM)), None)
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return {"absent": "playwright is not installed"}
    if program is None:
        return {"absent": "no chromium is installed"}
    fetched: list[tuple[str, int]] = []
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
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
