"""How people without a session are led to the login, and what is remembered of where they were.

It goes into the address as a path of ours; that it is one is found out where it is gone to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import request

from app.web.browsers import SAFE_METHODS
from app.web.replies import canonical_path, to_page

if TYPE_CHECKING:
    from flask import Response

LOGIN_PATH = "/login"
LONGEST_RETURN = 2000
"""Characters of an address that is come back to; from a longer one nobody comes back."""


def to_login() -> Response:
    """Lead to the login, which leads on to the page that was asked for or a form was sent from."""
    is_lost = request.method not in SAFE_METHODS
    then = _page_of_form() if is_lost else _page_asked_for()
    parameters = {"then": then} if len(then) <= LONGEST_RETURN else {}
    if is_lost:
        parameters["lost"] = "yes"
    response = to_page(LOGIN_PATH)
    response.headers["Location"] = canonical_path(LOGIN_PATH, parameters)
    return response


def _page_asked_for() -> str:
    query = request.query_string.decode("latin-1")  # which is any bytes
    return f"{request.path}?{query}" if query else request.path


def _page_of_form() -> str:
    """Return where a form of ours was, as far as the browser says it."""
    page = urlsplit(request.headers.get("Referer", ""))
    prefix = request.script_root.rstrip("/")
    if page.netloc != request.host or not page.path.startswith(f"{prefix}/"):
        return "/"
    path = page.path.removeprefix(prefix)
    return f"{path}?{page.query}" if page.query else path
