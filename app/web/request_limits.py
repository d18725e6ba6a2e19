"""How much of a request is read: the same for every server of ours, and as much as nginx.

deploy/nginx/newsreel-server.conf names the same figures.
"""

from __future__ import annotations

MAX_BODY_BYTES = 64 * 1024
"""The longest body is one watch or webhook, but for a list of watches."""

MAX_UPLOAD_BYTES = 8 * 1024 * 1024
"""An archive of subscriptions, among other data of an account; or a thousand entries chosen."""

MAX_UPLOAD_PARTS = 1010
"""Of a form that is sent there: an entry for each watch there can be, and what goes with them."""

UPLOAD_PATHS = frozenset(("/dashboard/import", "/dashboard/import/watches"))

MAX_REQUEST_LINE_BYTES = 8190
"""As much as gunicorn can be told to read; the longest of ours is a full-text query."""

MAX_HEADER_BYTES = 8190
"""Of one line. The longest are If-None-Match and, on a host with many services, Cookie."""

KEEP_ALIVE_SECONDS = 40
"""Longer than a proxy keeps its idle connections, so that only the proxy closes them."""

MAX_HEADERS = 64
"""A browser sends some 20, proxies add a few."""


def most_body_bytes(path: str) -> int:
    """Return how long a body may be that is sent to a path, which begins below SCRIPT_NAME."""
    return MAX_UPLOAD_BYTES if path in UPLOAD_PATHS else MAX_BODY_BYTES
