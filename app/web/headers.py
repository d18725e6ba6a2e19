"""What every reply carries: security headers, and the mark of the demo.

They stand on what the application answers, and on what is answered beside it: by the lanes when
they are full, and by the server when a request cannot be read. Strict-Transport-Security is not
ours to send: it holds for a host and all its ports, of which we know one (docs/security.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.web.services import services

if TYPE_CHECKING:
    from flask import Response

API_POLICY = "default-src 'none'; frame-ancestors 'none'"
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' https://i.ytimg.com; connect-src 'self'; "
    "frame-src https://www.youtube-nocookie.com; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
DOCS_POLICY = (
    # Swagger UI sets style attributes; its scripts, images and requests are all our own.
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
_OF_EVERY_REPLY = {
    "Content-Security-Policy": API_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_OF_PAGES = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
"""They mean something for documents of browsers alone."""


def add_common_headers(response: Response) -> Response:
    """Add what every reply of the application carries."""
    if services().demo:
        response.headers["X-Demo"] = "1"
    return add_security_headers(response)


def add_security_headers(response: Response) -> Response:
    """Tell browsers to be careful; a view that has set a stricter or wider policy keeps it."""
    for name, value in _OF_EVERY_REPLY.items():
        response.headers.setdefault(name, value)
    if response.mimetype == "text/html":
        response.headers.update(_OF_PAGES)
    return response
