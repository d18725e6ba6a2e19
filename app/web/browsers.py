"""What a request from a browser carries: its cookie, where it comes from, the token of its form.

There is one cookie, a random secret. Where app/auth knows it, it is a session; else it only ties
forms to the browser that was given them. Pages alone set it. Its token is derived from it, so it
ends with it, and no other browser's fits.
"""

from __future__ import annotations

import hmac
import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import current_app, g, request

from app.auth.credentials import SESSION, new_secret
from app.domain.errors import ForeignRequestError
from app.domain.sessions import LIFE
from app.web.services import services

if TYPE_CHECKING:
    from flask import Flask, Response

CSRF_FIELD = "csrf_token"
CSRF_HEADER = "X-CSRF-Token"
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")

_COOKIE = "newsreel"
_SECURE_COOKIE = "__Host-newsreel"
"""Browsers take this name only from https, for one host, so no neighbour can plant it."""

_SECRET = re.compile(rf"{SESSION}[\w-]{{43}}", re.ASCII)
_PUBLIC_ORIGIN = "PUBLIC_ORIGIN"
_KNOWN_SESSION = "known_session"


def set_public_url(app: Flask, public_url: str) -> None:
    """Say by which address people reach an application; empty if that is not known."""
    parts = urlsplit(public_url)
    app.config[_PUBLIC_ORIGIN] = f"{parts.scheme}://{parts.netloc}".lower()


def is_https() -> bool:
    """Tell whether the browser speaks https, as far as a proxy or PUBLIC_URL vouches for it."""
    is_public = current_app.config[_PUBLIC_ORIGIN] == f"https://{request.host.lower()}"
    return request.is_secure or is_public


def is_from_own_page() -> bool:
    """Tell whether no page but ours sends this, by what browsers say of their requests.

    A program, or a browser of before 2020, says nothing: that alone lets nobody in.
    """
    origin = request.headers.get("Origin")
    ours = f"{'https' if is_https() else 'http'}://{request.host.lower()}"
    site = request.headers.get("Sec-Fetch-Site", "none")
    return origin in (None, ours) and site in ("same-origin", "none")


def cookie_secret() -> str | None:
    """Return the secret in the browser's cookie; whether it is a session's, app/auth knows."""
    secret = request.cookies.get(_cookie_name(), "")
    return secret if _SECRET.fullmatch(secret) else None


def is_logged_in() -> bool:
    """Tell whether the browser has a session; looks once for each request.

    Raises:
        StoreUnavailableError: that cannot be known.
    """
    if _KNOWN_SESSION not in g:
        secret = cookie_secret()
        setattr(g, _KNOWN_SESSION, False)  # a page that says why need not wait a second time
        is_open = secret is not None and services().access.sessions.is_open(secret)
        setattr(g, _KNOWN_SESSION, is_open)
    known: bool = getattr(g, _KNOWN_SESSION)
    return known


def new_cookie_secret() -> str:
    """Return a secret for a browser that has none."""
    return new_secret(SESSION)


def csrf_token(secret: str) -> str:
    """Return the token that forms carry which are given to the browser with this secret."""
    return hmac.digest(secret.encode(), b"newsreel form", "sha256").hex()


def refuse_foreign_request() -> None:
    """Let only those through that a page of ours made, in this browser and since its last login.

    Raises:
        ForeignRequestError: it may have been made elsewhere.
    """
    secret = cookie_secret()
    given = request.headers.get(CSRF_HEADER) or request.form.get(CSRF_FIELD, "")
    expected = "" if secret is None else csrf_token(secret)
    is_ours = hmac.compare_digest(given.encode(), expected.encode()) and secret is not None
    if not (is_ours and is_from_own_page()):
        raise ForeignRequestError(
            "This was not sent by a page of this service, or by one from before the last login: "
            "load the page and send it again."
        )


def set_cookie(response: Response, secret: str, *, lives_on: bool = False) -> None:
    """Give the browser a secret, until it is closed or for as long as a session can live."""
    response.set_cookie(
        _cookie_name(),
        secret,
        max_age=LIFE if lives_on else None,
        secure=is_https(),
        httponly=True,
        samesite="Lax",
    )


def drop_cookie(response: Response) -> None:
    """Take the secret from the browser."""
    response.delete_cookie(_cookie_name(), secure=is_https(), httponly=True, samesite="Lax")


def _cookie_name() -> str:
    return _SECURE_COOKIE if is_https() else _COOKIE
