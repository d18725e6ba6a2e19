"""/dashboard/webhooks: where new videos are sent, with forms to add, pause, rotate and remove.

A secret is shown once, on the answer of the form that made it: it stands in no address and no other
page, and no cache keeps that answer.
"""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from app.auth.scopes import Scope
from app.domain.errors import InvalidMemberError, NewsreelError
from app.domain.webhooks import MAX_WEBHOOKS, OVERLAP_HOURS, Pause
from app.web.api.webhooks import parse_webhook_id
from app.web.callers import caller
from app.web.dashboard.pages import form_fields, page, page_blueprint
from app.web.errors import told_of
from app.web.limits import costs
from app.web.parameters import MAX_PAGE, MAX_ROW_ID, Digits, Query, RowId
from app.web.replies import canonical_path, to_page
from app.web.scopes import scope
from app.web.services import services

if TYPE_CHECKING:
    from flask import Response

    from app.domain.webhooks import Webhook
    from app.web.services import Webhooks

webhook_pages = page_blueprint("webhook_pages")

_PATH = "/dashboard/webhooks"
_LENGTH = 50


class WebhooksQuery(Query):
    """Of which webhook the deliveries are shown, and which page of them."""

    webhook: RowId | None = None
    page: Annotated[int, Field(ge=1, le=MAX_PAGE), Digits] = 1


_FIRST = WebhooksQuery()


@webhook_pages.get(_PATH)
@scope(Scope.WATCHES_WRITE, or_login=True)
@costs(10)
@webhook_pages.input(WebhooksQuery, location="query", arg_name="query")
def show_webhooks(query: WebhooksQuery) -> Response:
    """Show the webhooks, oldest first, and the deliveries of one."""
    return _webhooks_page(query)


@webhook_pages.post(_PATH)
@scope(Scope.WATCHES_WRITE, or_login=True)
@costs(10)
@webhook_pages.input(Query, location="query", arg_name="query")
def add(query: Query) -> Response:  # noqa: ARG001 - it takes no parameters
    """Add a webhook and show its secret, this once."""
    url, watch = form_fields("url", "watch")
    try:
        made = _acting().add(url.strip(), _watch_id(watch))
    except NewsreelError as error:
        told = told_of(error)
        if told is None:
            raise
        problem = f"This URL {error}." if _is_about_url(error) else told.detail
        response = _webhooks_page(_FIRST, told.status, problem=problem, url=url, watch=watch)
        response.headers.update(told.headers)
        return response
    return _webhooks_page(_FIRST, HTTPStatus.CREATED, made=made)


@webhook_pages.post(f"{_PATH}/<webhook_id>/pause")
@scope(Scope.WATCHES_WRITE, or_login=True)
@costs(5)
@webhook_pages.input(Query, location="query", arg_name="query")
def pause(webhook_id: str, query: Query) -> Response:  # noqa: ARG001 - as above
    """Send nothing until it is resumed."""
    form_fields()
    _acting().change(parse_webhook_id(webhook_id), pause=True)
    return to_page(_PATH)


@webhook_pages.post(f"{_PATH}/<webhook_id>/resume")
@scope(Scope.WATCHES_WRITE, or_login=True)
@costs(5)
@webhook_pages.input(Query, location="query", arg_name="query")
def resume(webhook_id: str, query: Query) -> Response:  # noqa: ARG001 - as above
    """Go on where it was."""
    form_fields()
    _acting().change(parse_webhook_id(webhook_id), pause=False)
    return to_page(_PATH)


@webhook_pages.post(f"{_PATH}/<webhook_id>/rotate")
@scope(Scope.WATCHES_WRITE, or_login=True)
@costs(5)
@webhook_pages.input(Query, location="query", arg_name="query")
def rotate(webhook_id: str, query: Query) -> Response:  # noqa: ARG001 - as above
    """Give it another secret and show that, this once; the last one signs as well for a day."""
    form_fields()
    made = _acting().rotate(parse_webhook_id(webhook_id), timedelta(hours=OVERLAP_HOURS))
    return _webhooks_page(_FIRST, made=made)


@webhook_pages.post(f"{_PATH}/<webhook_id>/remove")
@scope(Scope.WATCHES_WRITE, or_login=True)
@costs(5)
@webhook_pages.input(Query, location="query", arg_name="query")
def remove(webhook_id: str, query: Query) -> Response:  # noqa: ARG001 - as above
    """Forget it and its log."""
    form_fields()
    _acting().remove(parse_webhook_id(webhook_id))
    return to_page(_PATH)


def _acting() -> Webhooks:
    return services().webhooks.by(caller())


def _is_about_url(error: NewsreelError) -> bool:
    return isinstance(error, InvalidMemberError) and error.path == ("url",)


def _watch_id(text: str) -> int | None:
    """Return which watch the form names; None for all of them."""
    if not text:
        return None
    if not (text.isascii() and text.isdigit()) or int(text) > MAX_ROW_ID:
        raise InvalidMemberError("there is no such watch", "watch_id")
    return int(text)


def _webhooks_page(
    query: WebhooksQuery, status: HTTPStatus = HTTPStatus.OK, **shown: object
) -> Response:
    """Draw the page.

    Args:
        query: what was asked for.
        status: of the reply.
        shown: `made`: a webhook whose secret is to be shown; `problem`, `url`, `watch`: what
            hinders an addition, and what was filled in.
    """
    found = services().webhooks.page(1, MAX_WEBHOOKS).items
    last = services().webhooks.last_deliveries([it.webhook_id for it in found])
    watches = services().watching.list_all()
    return page(
        "webhooks.html",
        status,
        has_form=True,
        names={watch.watch_id: watch.name() for watch in watches},
        webhooks=[(it, _state(it), last.get(it.webhook_id)) for it in found],
        **_deliveries(query),
        **shown,
    )


def _deliveries(query: WebhooksQuery) -> dict[str, object]:
    """Return what is shown of one webhook's log; nothing if none is asked for."""
    if query.webhook is None:
        return {}
    found = services().webhooks.deliveries(query.webhook, query.page, _LENGTH)
    more = query.page * _LENGTH < found.total
    return {
        "shown_webhook": query.webhook,
        "deliveries": found.items,
        "newer": _to(query.webhook, query.page - 1) if query.page > 1 else None,
        "older": _to(query.webhook, query.page + 1) if more else None,
    }


def _to(webhook_id: int, number: int) -> str:
    return canonical_path(_PATH, {"webhook": str(webhook_id), "page": str(number)})


_STATES = {
    Pause.BY_HAND: ("", "paused", "Nothing is sent until you resume it."),
    Pause.FAILING: ("bad", "given up", "It failed for three days. Mend the receiver, then resume."),
    Pause.GONE: ("bad", "given up", "Its receiver answered 410: it wants no more."),
}


def _state(webhook: Webhook) -> tuple[str, str, str]:
    """Return the kind of badge, its word, and a sentence."""
    if webhook.paused is not None:
        return _STATES[webhook.paused]
    if webhook.failing_since is not None:
        tries = f"{webhook.failures} {'try' if webhook.failures == 1 else 'tries'} in vain"
        return "warn", "failing", f"{tries}; it is tried again, for three days at most."
    return "good", "active", ""
