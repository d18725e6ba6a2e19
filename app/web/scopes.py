"""The mark by which every route says what it asks of its caller, and who is let through.

`Gate.refuse` is the one place that decides: by an access token, in the embedded mode else by being
on this machine, by the session of a browser, and for feeds by a token in the address.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, TypeVar

from flask import current_app, request

from app.auth.scopes import Scope
from app.domain.audit import NOBODY, SESSION, THIS_MACHINE, client_name
from app.domain.errors import InvalidTokenError
from app.domain.feeds import Feed
from app.web.browsers import (
    SAFE_METHODS,
    is_from_own_page,
    is_logged_in,
    refuse_foreign_request,
)
from app.web.callers import note_caller
from app.web.errors import ErrorObject, error_response
from app.web.hosts import is_loopback, names_this_machine
from app.web.logins import to_login

if TYPE_CHECKING:
    from collections.abc import Callable
    from wsgiref.types import WSGIEnvironment

    from flask import Flask, Response

    from app.web.access_services import Access

ViewT = TypeVar("ViewT", bound="Callable[..., object]")

NO_TOKEN = ErrorObject("token_required", "This takes an access token, sent as a bearer's.")
BAD_TOKEN = ErrorObject("invalid_token", "The token is malformed, not ours, expired or revoked.")

_MARK = "declared_scope"
_FEED_MARK = "takes_feed_token"
_LOGIN_MARK = "leads_to_login"
_SCRAPER_MARK = "takes_metrics_token"
_GATE = "newsreel.gate"
_CHALLENGE = 'Bearer realm="newsreel"'
_HEADERS_OF_PROXIES = ("forwarded", "via", "x-real-ip", "x-forwarded-")
_WATCH_ID = re.compile(r"[1-9][0-9]{0,18}", re.ASCII)


def scope(
    needed: Scope,
    *,
    or_feed_token: bool = False,
    or_login: bool = False,
    or_metrics_token: bool = False,
) -> Callable[[ViewT], ViewT]:
    """Mark a view with the scope its callers need; survives decorators that use `wraps`.

    Args:
        needed: the scope.
        or_feed_token: whether a feed reader's token opens it, too.
        or_login: whether it is a page, so that people without anything are led to the login.
        or_metrics_token: whether a scraper's token opens it, too.
    """

    def mark(view: ViewT) -> ViewT:
        view.__dict__[_MARK] = needed
        view.__dict__[_FEED_MARK] = or_feed_token
        view.__dict__[_LOGIN_MARK] = or_login
        view.__dict__[_SCRAPER_MARK] = or_metrics_token
        return view

    return mark


def declared_scope(view: Callable[..., object]) -> Scope | None:
    """Return the scope a view was marked with, None if it was forgotten."""
    declared: Scope | None = view.__dict__.get(_MARK)
    return declared


def attach_gate(app: Flask, gate: Gate) -> None:
    """Have a gate judge every request to an application, and known to its pages."""
    app.extensions[_GATE] = gate
    app.before_request(gate.refuse)


def may_operate() -> bool:
    """Tell whether who asks may do everything: signed in, or on this machine where that is enough.

    Raises:
        StoreUnavailableError: that cannot be known.
    """
    gate: Gate = current_app.extensions[_GATE]
    return gate.knows_this_machine() or is_logged_in()


def is_open_to_all(endpoint: str) -> bool:
    """Tell whether a route takes neither a token nor a session."""
    gate: Gate = current_app.extensions[_GATE]
    return gate.opens(declared_scope(current_app.view_functions[endpoint]))


def leads_to_login(endpoint: str) -> bool:
    """Tell whether a route is a page that takes a session, to be come back to after the login."""
    return bool(current_app.view_functions[endpoint].__dict__.get(_LOGIN_MARK))


def insufficient(needed: Scope | None) -> ErrorObject:
    """Return the error of a token that is good, but not for this."""
    named = f"the scope {needed}" if needed else "a scope that nobody has"
    return ErrorObject("insufficient_scope", f"This takes a token with {named}.")


@dataclass(frozen=True, slots=True)
class Gate:
    """Lets callers through or refuses them.

    Args:
        access: knows tokens.
        trusts_this_machine: whether clients on this machine need none.
        metrics_token: of scrapers; empty if they have none.
    """

    access: Access
    trusts_this_machine: bool
    metrics_token: str = field(default="", repr=False)

    def refuse(self) -> Response | None:
        """Answer 401 or 403 to those the route is not for; for use before every request.

        A route whose mark was forgotten is for nobody with a token either.

        Raises:
            StoreUnavailableError: whether a token or a session holds cannot be known.
            ForeignRequestError: a browser with a session sends it, but perhaps no page of ours.
        """
        if request.endpoint is None:
            return None
        view = current_app.view_functions[request.endpoint]
        needed = declared_scope(view)
        if self.opens(needed):
            return None
        token = _bearer_token(request.environ)
        if token is not None:
            admitted = self._admits_scraper(view, token)
            return None if admitted else self._refuse_bearer(token, needed)
        name = self._name_without_token(view, needed)
        if name is not None:
            note_caller(name)
            return None
        if view.__dict__.get(_LOGIN_MARK):
            return to_login()
        return _refused(HTTPStatus.UNAUTHORIZED, NO_TOKEN, _CHALLENGE)

    def opens(self, needed: Scope | None) -> bool:
        """Tell whether what needs this scope is open to all."""
        reads = needed is Scope.VIDEOS_READ and self.access.reads_are_open
        return needed is Scope.PUBLIC or reads

    def admits(self, environ: WSGIEnvironment) -> bool:
        """Tell whether a reader is known to be one without waiting for anything."""
        token = _bearer_token(environ)
        known = None if token is None else self.access.bearers.find_known(token)
        return known is not None and Scope.VIDEOS_READ in known.scopes

    def client_id(self) -> str | None:
        """Return the client whose token this request shows, revoked or not; waits for nothing."""
        token = _bearer_token(request.environ)
        return None if token is None else self.access.bearers.find_client(token)

    def knows_this_machine(self) -> bool:
        """Tell whether the client is on this machine and needs no token."""
        return self.trusts_this_machine and _is_local()

    def may_be_this_machine(self, environ: WSGIEnvironment) -> bool:
        """Tell the same, as far as the address tells it; enough for a page that is ready."""
        direct = "HTTP_X_FORWARDED_FOR" not in environ
        return self.trusts_this_machine and direct and is_loopback(environ.get("REMOTE_ADDR", ""))

    def _refuse_bearer(self, token: str, needed: Scope | None) -> Response | None:
        try:
            verified = self.access.bearers.verify(token)
        except InvalidTokenError:
            challenge = f'{_CHALLENGE}, error="invalid_token"'
            return _refused(HTTPStatus.UNAUTHORIZED, BAD_TOKEN, challenge)
        if needed in verified.scopes:
            note_caller(client_name(verified.client_id))
            return None
        challenge = f'{_CHALLENGE}, error="insufficient_scope", scope="{needed or ""}"'
        return _refused(HTTPStatus.FORBIDDEN, insufficient(needed), challenge)

    def _name_without_token(self, view: Callable[..., object], needed: Scope | None) -> str | None:
        """Return what to call somebody who needs no token; None for all others."""
        if self.knows_this_machine():
            return THIS_MACHINE
        if _is_session_for(needed):
            return SESSION
        return NOBODY if self._admits_feed_reader(view) else None

    def _admits_scraper(self, view: Callable[..., object], token: str) -> bool:
        known = self.metrics_token
        if not known or not view.__dict__.get(_SCRAPER_MARK):
            return False
        return hmac.compare_digest(token.encode("utf-8", "replace"), known.encode())

    def _admits_feed_reader(self, view: Callable[..., object]) -> bool:
        if not view.__dict__.get(_FEED_MARK):
            return False
        try:
            given = request.args
        except UnicodeDecodeError:
            return False
        feed = _named_feed(given.get("watch"), given.get("channel_id"))
        token = given.get("token")
        if not token or feed is None or "keyword" in given:
            return False
        return self.access.feed_tokens.opens(token, feed)


def _is_session_for(needed: Scope | None) -> bool:
    """Tell whether a browser has a session, which is for every scope; what it changes is checked.

    Raises:
        ForeignRequestError: perhaps no page of ours sends this.
    """
    if needed is None or not is_logged_in():
        return False
    if request.method not in SAFE_METHODS:
        refuse_foreign_request()
    return True


def _named_feed(watch: str | None, channel_id: str | None) -> Feed | None:
    if watch is not None and not _WATCH_ID.fullmatch(watch):
        return None
    return Feed(watch_id=None if watch is None else int(watch), channel_id=channel_id)


def _refused(status: HTTPStatus, error: ErrorObject, challenge: str) -> Response:
    return error_response(status, error, headers={"WWW-Authenticate": challenge})


def _bearer_token(environ: WSGIEnvironment) -> str | None:
    scheme, _, token = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def _is_local() -> bool:
    """Tell whether the client itself, not a proxy for it, is on this machine.

    The Host must be of this machine, too: a foreign page in a local browser can make its own name
    point here, but it cannot change the name.
    """
    if request.method not in SAFE_METHODS and not is_from_own_page():
        return False  # a form of a foreign page may post to this machine without asking first
    forwarded = any(name.lower().startswith(_HEADERS_OF_PROXIES) for name in request.headers.keys())  # noqa: SIM118 - iterating gives pairs
    is_here = is_loopback(request.remote_addr or "") and names_this_machine(request.host)
    return is_here and not forwarded
