"""What a page weighs on the wire, as the browser counts it."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tests.browser.visitors import THUMBNAILS

if TYPE_CHECKING:
    from playwright.sync_api import Request

    from tests.browser.visitors import Visitor


def weigh(visitor: Visitor, path: str) -> dict[str, int]:
    """Open a page; return bytes of heads and bodies of all answers by kind, without thumbnails."""
    finished: list[Request] = []
    visitor.page.on("requestfinished", lambda it: finished.append(it))  # noqa: PLW0108 - a method takes no attributes, and Playwright gives it one
    visitor.go(path)
    weights: dict[str, int] = defaultdict(int)
    for request in finished:
        if urlsplit(request.url).hostname != THUMBNAILS:
            sizes = request.sizes()
            weights[request.resource_type] += (
                sizes["responseHeadersSize"] + sizes["responseBodySize"]
            )
    return dict(weights)
