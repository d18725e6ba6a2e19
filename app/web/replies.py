"""Replies, those that caches may keep and those they may not, and the paths they link to."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

import orjson
from flask import Response, request

from app.domain.feeds import CacheState
from app.web.etags import make_etag, newest_named, newest_tag
from app.web.read_layer import FirstPage, mark_first_page
from app.web.services import services

if TYPE_CHECKING:
    from collections.abc import Mapping

    from app.domain.feeds import Feed, Page

JSON = "application/json"

CACHE_CONTROL = "public, max-age=5, stale-while-revalidate=30"
"""Half a tick (10 s) fresh, so a cache adds 2.5 s of delay on average and still takes every request
but one in 5 s off the service; then up to three ticks old while one request fetches the new page,
so no reader waits for it."""

PRIVATE_CACHE_CONTROL = CACHE_CONTROL.replace("public", "private")
"""The same where reading takes a token: what one reader is given no shared cache may keep."""


def cache_control() -> str:
    """Return how long a reply to a reader may be kept, and by whom."""
    return CACHE_CONTROL if services().access.reads_are_open else PRIVATE_CACHE_CONTROL


def canonical_path(path: str, parameters: Mapping[str, str]) -> str:
    """Return the path a client uses: below SCRIPT_NAME, parameters by name, never a host."""
    prefix = request.script_root.strip("/")
    whole = quote(f"/{prefix}{path}" if prefix else path)
    return f"{whole}?{urlencode(sorted(parameters.items()))}" if parameters else whole


def to_page(path: str) -> Response:
    """Lead a browser on to a page of ours, which it asks for by GET; no cache keeps that."""
    response = Response(status=HTTPStatus.SEE_OTHER, headers={"Cache-Control": "no-store"})
    response.headers["Location"] = canonical_path(path, {})
    return response


def version_named(address: str) -> int:
    """Return the newest version of the reply at this address that the client has; 0 if none."""
    named = request.headers.get("If-None-Match")
    return 0 if named is None else newest_named(named, address)


def page_of_feed(
    page: Page,
    feed: Feed | None,
    body: bytes,
    content_type: str = JSON,
    *,
    address: str,
    is_shared: bool = True,
) -> Response:
    """Return a page in some format; if it is a hit, the layer above answers it from now on.

    Args:
        page: what the body was made of, and nothing else.
        feed: what it is a page of; None if that alone does not decide what is answered.
        body: the page, written.
        content_type: of the body.
        address: the canonical path of the page in this format.
        is_shared: whether others ask for it in the same words, so that they are worth knowing.
    """
    if page.cache is CacheState.STALE and version_named(address) > page.version:
        return kept_by_client(address)
    if page.cache is CacheState.HIT and is_shared and feed is not None:
        mark_first_page(request.environ, FirstPage(feed, page.version, address))
    response = cacheable(body, content_type, version=page.version, address=address)
    response.headers["X-Cache"] = page.cache.value
    if page.cache is CacheState.STALE:
        response.headers["Age"] = str(page.stale_seconds)
    return response


def cacheable_json(body: bytes, *, version: int, address: str) -> Response:
    """Return JSON as `cacheable` does."""
    return cacheable(body, JSON, version=version, address=address)


def cacheable(body: bytes, content_type: str, *, version: int, address: str) -> Response:
    """Return the body with all that caches need; 304, HEAD and gzip are made by the layer above.

    Args:
        body: in UTF-8.
        content_type: of the body.
        version: of the content that the body shows; a change of it means another version.
        address: the canonical path the body belongs to.
    """
    response = Response(body, content_type=content_type)
    response.set_etag(make_etag(version, address))
    response.headers["Cache-Control"] = cache_control()
    response.headers["Vary"] = "Accept-Encoding"
    return response


def kept_by_client(address: str) -> Response:
    """Return the 304 of a client that has seen something newer than can be shown now.

    Only what it named of ours is repeated: the header is the client's, of any length.
    """
    response = Response(status=304)
    del response.headers["Content-Type"]
    response.headers["ETag"] = newest_tag(request.headers["If-None-Match"], address)
    response.headers["Cache-Control"] = "no-cache"
    response.headers["X-Cache"] = CacheState.STALE.value
    return response


def uncached_json(body: Mapping[str, object], status: HTTPStatus = HTTPStatus.OK) -> Response:
    """Return a body that is of the moment: no cache keeps it."""
    response = Response(orjson.dumps(body), status, content_type=JSON)
    response.headers["Cache-Control"] = "no-store"
    return response


def rounded(figure: float | None) -> float | None:
    """Return a figure that was reckoned as people read it: to a thousandth."""
    return None if figure is None else round(figure, 3)
