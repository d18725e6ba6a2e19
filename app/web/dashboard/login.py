"""/login and /logout: a session for whoever has the operator's password.

Neither the password nor the secret in the cookie is logged; the audit log says who tried.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Literal
from urllib.parse import parse_qsl, urlsplit

from flask import current_app
from pydantic import Field
from werkzeug.exceptions import HTTPException

from app.auth.scopes import Scope
from app.domain.errors import WrongPasswordError
from app.web import browsers
from app.web.callers import caller_address
from app.web.dashboard.pages import form_fields, page, page_blueprint
from app.web.limits import costs
from app.web.logins import LOGIN_PATH, LONGEST_RETURN
from app.web.parameters import Query
from app.web.replies import canonical_path, to_page
from app.web.scopes import leads_to_login, scope
from app.web.services import services

if TYPE_CHECKING:
    from flask import Response

login = page_blueprint("login")

_COST_OF_A_GUESS = 6
"""Ten a minute from an address, and a hundred from all of them."""

_FIRST_PAGE = "/dashboard/watches"


class LoginQuery(Query):
    """Where to go on after the login, and whether a form was refused for want of it."""

    then: Annotated[str, Field(max_length=LONGEST_RETURN)] = ""
    lost: Literal["", "yes"] = ""


@login.get(LOGIN_PATH)
@scope(Scope.PUBLIC)
@login.input(LoginQuery, location="query", arg_name="query")
def show_login(query: LoginQuery) -> Response:
    """Show the form, or how the operator sets a password."""
    return _to_asked_for(query) if browsers.is_logged_in() else _login_page(query)


@login.post(LOGIN_PATH)
@scope(Scope.PUBLIC)
@costs(_COST_OF_A_GUESS, fails_closed=True, guessable=True)
@login.input(LoginQuery, location="query", arg_name="query")
def log_in(query: LoginQuery) -> Response:
    """Open a session, with a new cookie whatever the browser had."""
    (password,) = form_fields("password")
    before = browsers.cookie_secret()
    try:
        secret = services().access.sessions.open(password, before, caller_address())
    except WrongPasswordError:
        return _login_page(query, HTTPStatus.FORBIDDEN, problem="That is not the password.")
    response = _to_asked_for(query)
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


def _to_asked_for(query: LoginQuery) -> Response:
    """Lead on to the page that was asked for; anything but a page of ours is not gone to."""
    asked_for = urlsplit(query.then)
    response = to_page(_FIRST_PAGE)
    if not (asked_for.scheme or asked_for.netloc) and _is_page(asked_for.path):
        parameters = dict(parse_qsl(asked_for.query, keep_blank_values=True))
        response.headers["Location"] = canonical_path(asked_for.path, parameters)
    return response


def _is_page(path: str) -> bool:
    try:
        endpoint, _ = current_app.url_map.bind("").match(path, "GET")
    except HTTPException:
        return False
    return leads_to_login(endpoint)


def _login_page(
    query: LoginQuery, status: HTTPStatus = HTTPStatus.OK, problem: str = ""
) -> Response:
    if not services().access.sessions.can_open:
        return page("no_login.html", HTTPStatus.NOT_FOUND)
    return page("login.html", status, has_form=True, problem=problem, query=query)
