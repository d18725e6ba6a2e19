"""The mark by which every route says what it asks of its caller, and who is let through.

There are no logins yet. Until there are, what is not open to every reader is answered to clients on
this machine only: `refuse_strangers` is the one place that decides so.
"""

from __future__ import annotations

from http import HTTPStatus
from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from flask import current_app, request

from app.auth.scopes import Scope
from app.web.errors import ErrorObject, error_response

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Response

ViewT = TypeVar("ViewT", bound="Callable[..., object]")

LOCAL_ONLY = ErrorObject(
    "local_only", "Until there are logins this is answered to clients on the same machine only."
)

_MARK = "declared_scope"
_OPEN = (Scope.PUBLIC, Scope.VIDEOS_READ)
_HEADERS_OF_PROXIES = ("forwarded", "via", "x-real-ip", "x-forwarded-")


def scope(needed: Scope) -> Callable[[ViewT], ViewT]:
    """Mark a view with the scope its callers need; survives decorators that use `wraps`."""

    def mark(view: ViewT) -> ViewT:
        view.__dict__[_MARK] = needed
        return view

    return mark


def declared_scope(view: Callable[..., object]) -> Scope | None:
    """Return the scope a view was marked with, None if it was forgotten."""
    declared: Scope | None = view.__dict__.get(_MARK)
    return declared


def refuse_strangers() -> Response | None:
    """Answer 403 to those the route is not for; for use before every request.

    A route whose mark was forgotten is for nobody else either.
    """
    if request.endpoint is None:
        return None
    needed = declared_scope(current_app.view_functions[request.endpoint])
    if needed in _OPEN or _is_local():
        return None
    return error_response(HTTPStatus.FORBIDDEN, LOCAL_ONLY)


def _is_local() -> bool:
    """Tell whether the client itself, not a proxy for it, is on this machine.

    The Host must be of this machine, too: a foreign page in a local browser can make its own name
    point here, but it cannot change the name.
    """
    if request.method not in ("GET", "HEAD", "OPTIONS") and not _is_own_page():
        return False
    forwarded = any(name.lower().startswith(_HEADERS_OF_PROXIES) for name in request.headers.keys())  # noqa: SIM118 - iterating gives pairs
    return not forwarded and _is_loopback(request.remote_addr or "") and _names_us(request.host)


def _is_own_page() -> bool:
    """Tell whether no foreign page in a local browser sends this; browsers name where it is from.

    A form of such a page may post to this machine without asking first.
    """
    origin = request.headers.get("Origin")
    return origin is None or _names_us(origin.partition("://")[2])


def _names_us(host: str) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    return name == "localhost" or _is_loopback(name)


def _is_loopback(address: str) -> bool:
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    mapped = ip.ipv4_mapped if isinstance(ip, IPv6Address) else None
    return (mapped or ip).is_loopback
