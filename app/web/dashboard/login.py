"""/login and /logout: a session for whoever has the operator's password.

Neither the password nor the secret in the cookie is logged; the audit log says who tried.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from app.auth.scopes import Scope
from app.domain.errors import WrongPasswordError
from app.web import browsers
from app.web.callers import caller_address
from app.web.dashboard.pages import form_fields, page, page_blueprint
from app.web.limits import costs
from app.web.parameters import Query
from app.web.replies import to_page
from app.web.scopes import LOGIN_PATH, scope
from app.web.services import services

if TYPE_CHECKING:
    from flask import Response

login = page_blueprint("login")

_COST_OF_A_GUESS = 6
"""Ten a minute from an address, and a hundred from all of them."""

_FIRST_PAGE = "/dashboard/watches"


@login.get(LOGIN_PATH)
@scope(Scope.PUBLIC)
@login.input(Query, location="query", arg_name="query")
def show_login(query: Query) -> Response:  # noqa: ARG001 - it takes no parameters
    """Show the form, or how the operator sets a password."""
    return to_page(_FIRST_PAGE) if browsers.is_logged_in() else _login_page()


@login.post(LOGIN_PATH)
@scope(Scope.PUBLIC)
@costs(_COST_OF_A_GUESS, fails_closed=True, guessable=True)
@login.input(Query, location="query", arg_name="query")
def log_in(query: Query) -> Response:  # noqa: ARG001 - as above
    """Open a session, with a new cookie whatever the browser had."""
    (password,) = form_fields("password")
    before = browsers.cookie_secret()
    try:
        secret = services().access.sessions.open(password, before, caller_address())
    except WrongPasswordError:
        return _login_page(HTTPStatus.FORBIDDEN, problem="That is not the password.")
    response = to_page(_FIRST_PAGE)
    browsers.set_cookie(response, secret, lives_on=True)
    return response


@login.post("/logout")
@scope(Scope.PUBLIC)
@login.input(Query, location="query", arg_name="query")
def log_out(query: Query) -> Response:  # noqa: ARG001 - as above
    """End the session of this browser."""
    form_fields()
    secret = browsers.cookie_secret()
    if secret is not None:
        services().access.sessions.close(secret, caller_address())
    response = to_page(LOGIN_PATH)
    browsers.drop_cookie(response)
    return response


def _login_page(status: HTTPStatus = HTTPStatus.OK, problem: str = "") -> Response:
    if not services().access.sessions.can_open:
        return page("no_login.html", HTTPStatus.NOT_FOUND)
    return page("login.html", status, has_form=True, problem=problem)
