"""How much of a request is read: the same for every server of ours, and as much as nginx.

deploy/nginx/nginx.conf names the same figures.
"""

from __future__ import annotations

MAX_BODY_BYTES = 64 * 1024
"""The longest body is one watch or webhook; lists of watches are imported by the command line."""

MAX_REQUEST_LINE_BYTES = 8190
"""As much as gunicorn can be told to read; the longest of ours is a full-text query."""

MAX_HEADER_BYTES = 8190
"""Of one line. The longest are If-None-Match and, on a host with many services, Cookie."""

MAX_HEADERS = 64
"""A browser sends some 20, proxies add a few."""
