"""What all pages share: how they are drawn, their forms, and what goes wrong in them.

Forms are the only way in which a page changes something, and a blueprint of pages refuses every one
that a page of ours did not send, whoever is let through.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from apiflask import APIBlueprint, HTTPError
from flask import make_response, render_template, request

from app.domain.audit import NOBODY
from app.domain.clock import format_instant
from app.domain.errors import InvalidValueError, NewsreelError, StoreUnavailableError
from app.web import browsers
from app.web.callers import caller
from app.web.dashboard import words
from app.web.dashboard.assets import asset_path
from app.web.errors import on_unexpected_error, told_of, told_of_query
from app.web.headers import PAGE_POLICY
from app.web.scopes import is_open_to_all, may_operate
from app.web.services import services

if TYPE_CHECKING:
    from flask import Flask, Response

NAVIGATION = (
    ("feed", "dashboard.feed", "Videos"),
    ("watches", "watch_pages.show_watches", "Watches"),
    ("coverage", "coverage_pages.show_coverage", "Coverage"),
    ("quota", "quota_pages.show_quota", "Quota"),
    ("activity", "activity.show", "Activity"),
    ("webhooks", "webhook_pages.show_webhooks", "Webhooks"),
    ("settings", "settings.show", "Settings"),
    ("help", "help.show", "Help"),
)
"""The sections: their names, as pages set them, where they are, and what they are called."""

FORM = "application/x-www-form-urlencoded"


def add_words(app: Flask) -> None:
    """Teach templates the words of ours."""
    app.jinja_env.globals["asset"] = asset_path
    app.jinja_env.filters.update(
        age=words.age,
        duration=words.duration,
        exact=words.exact,
        instant=format_instant,
        moment=words.moment,
        number=words.number,
        span=words.span,
    )


def page_blueprint(name: str) -> APIBlueprint:
    """Return a blueprint for pages with forms; foreign forms and errors are seen to."""
    blueprint = APIBlueprint(name, __name__, enable_openapi=False)
    blueprint.before_request(_refuse_foreign_form)
    blueprint.register_error_handler(NewsreelError, _on_error)
    blueprint.register_error_handler(HTTPError, _on_wrong_query)
    return blueprint


def page(
    template: str,
    status: HTTPStatus = HTTPStatus.OK,
    *,
    has_form: bool = False,
    **shown: object,
) -> Response:
    """Draw a page.

    Args:
        template: its file.
        status: of the reply.
        has_form: whether it has forms for those who are not logged in, too.
        shown: what the template names.
    """
    is_logged_in = _is_logged_in()
    services_here = services()
    kept = browsers.cookie_secret() if is_logged_in or has_form else None
    secret = browsers.new_cookie_secret() if has_form and kept is None else kept
    html = render_template(
        template,
        demo=services_here.demo,
        now=services_here.clock(),
        navigation=_open_sections(),
        is_logged_in=is_logged_in,
        may_operate=_may_operate(),
        can_log_in=services_here.access.sessions.can_open,
        csrf_token=secret and browsers.csrf_token(secret),
        **shown,
    )
    response = make_response(html, status)
    response.headers["Content-Security-Policy"] = PAGE_POLICY
    response.headers["Cache-Control"] = _kept_by(secret)
    response.headers["Vary"] = "Cookie"
    if secret is not None:
        # With `no-referrer` a browser would say of our own forms that they come from nowhere.
        response.headers["Referrer-Policy"] = "same-origin"
    if secret is not None and secret != kept:
        browsers.set_cookie(response, secret)
    return response


def form_fields(*names: str) -> list[str]:
    """Return the fields of a form in this order.

    Raises:
        InvalidValueError: it has others, or one of them twice or not at all.
    """
    given = request.form
    expected = sorted((*names, browsers.CSRF_FIELD))
    if request.mimetype != FORM or sorted(name for name, _ in given.items(multi=True)) != expected:
        raise InvalidValueError("This is not the form of the page: load it and send it again.")
    return [given[name] for name in names]


def _kept_by(secret: str | None) -> str:
    """Return who may keep a page: nobody if it has a secret, all only if any visitor gets it."""
    if secret is not None:
        return "no-store"
    is_for_all = caller().name == NOBODY and not _may_operate()
    return "no-cache" if is_for_all else "private, no-cache"


def _refuse_foreign_form() -> None:
    if request.method not in browsers.SAFE_METHODS:
        browsers.refuse_foreign_request()


def _on_error(error: NewsreelError) -> Response:
    """Tell people what programs are told in JSON."""
    told = told_of(error)
    if told is None:
        return on_unexpected_error(error)
    response = page(
        "error.html",
        told.status,
        detail=f"{told.detail[:1].upper()}{told.detail[1:].rstrip('.')}.",
        may_retry=told.status == HTTPStatus.SERVICE_UNAVAILABLE and request.method == "GET",
    )
    response.headers.update(told.headers)
    response.headers["Cache-Control"] = "no-store"
    return response


def _on_wrong_query(error: HTTPError) -> Response:
    """Tell people which part of an address is wrong."""
    told = told_of_query(error)
    if told is None:
        return on_unexpected_error(error)
    response = page("error.html", HTTPStatus.BAD_REQUEST, detail=told)
    response.headers["Cache-Control"] = "no-store"
    return response


def _may_operate(*, if_unknown: bool = False) -> bool:
    """Tell whether a page may show what is the operator's; not while nobody can know."""
    try:
        return may_operate()
    except StoreUnavailableError:
        return if_unknown


def _open_sections() -> list[tuple[str, str, str]]:
    """Return the sections that whoever looks may see; the others would only lead to the login."""
    is_operator = _may_operate(if_unknown=True)
    return [it for it in NAVIGATION if is_operator or is_open_to_all(it[1])]


def _is_logged_in() -> bool:
    """Tell whether there is a session; none is known of while the database is away."""
    try:
        return browsers.is_logged_in()
    except StoreUnavailableError:
        return False
