"""Counts what the application answers, by route, and gives each request an id for the log.

A route is told by its template: a path could be anything, and each a series of its own. A reply
that a cache may keep carries no id: it would be given to others.
"""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING

from flask import g, request

from app.telemetry import bind_ids, clear_ids, get_logger

if TYPE_CHECKING:
    from flask import Flask, Response

    from app.metrics.processes import ProcessMetrics

REQUEST_ID = "X-Request-ID"
SLOW_SECONDS = 1.0
"""What took longer is worth a line in the log."""

_EXTENSION = "newsreel.processes"
_ID_BYTES = 8
_SERVER_ERROR = 500


def attach_meter(app: Flask, processes: ProcessMetrics) -> None:
    """Have every request to an application counted; to be called before other hooks are added.

    What is registered first begins first and, after the request, ends last.
    """
    log = get_logger(__name__)
    app.extensions[_EXTENSION] = processes

    def begin() -> None:
        g.began_at = time.perf_counter()
        g.request_id = secrets.token_hex(_ID_BYTES)
        clear_ids()
        bind_ids(request_id=g.request_id)

    def end(response: Response) -> Response:
        seconds = time.perf_counter() - g.began_at
        route = None if request.url_rule is None else request.url_rule.rule
        processes.request(route, request.method, response.status_code, seconds)
        processes.page(response.headers.get("X-Cache", ""))
        if not _may_be_kept(response):
            response.headers[REQUEST_ID] = g.request_id
        worth_it = seconds > SLOW_SECONDS or response.status_code >= _SERVER_ERROR
        (log.info if worth_it else log.debug)(
            "request_done",
            route=route,
            method=request.method,
            status=response.status_code,
            milliseconds=round(seconds * 1000, 1),
            cache=response.headers.get("X-Cache"),
        )
        return response

    app.before_request(begin)
    app.after_request(end)
    app.teardown_request(lambda _error: clear_ids())


def processes_of(app: object) -> ProcessMetrics | None:
    """Return what counts for an application; None if it is none of Flask's."""
    found: ProcessMetrics | None = getattr(app, "extensions", {}).get(_EXTENSION)
    return found


def _may_be_kept(response: Response) -> bool:
    caching = response.cache_control
    return "ETag" in response.headers or bool(caching.public or caching.max_age)
