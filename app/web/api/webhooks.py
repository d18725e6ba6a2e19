"""/webhooks: where new videos are sent, and what came of it."""

from __future__ import annotations

import re
from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING

from apiflask import APIBlueprint
from flask import Response

from app.auth.scopes import Scope
from app.domain.clock import format_instant
from app.domain.errors import NotFoundError
from app.web.api import webhook_schemas as schemas
from app.web.api.openapi import responses
from app.web.callers import caller
from app.web.errors import ErrorObject
from app.web.limits import costs
from app.web.lists import about_page, numbered_links
from app.web.parameters import MAX_ROW_ID, NumberedQuery, Query
from app.web.replies import canonical_path, uncached_json
from app.web.scopes import scope
from app.web.services import services

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.domain.webhooks import Delivery, Webhook
    from app.web.services import Webhooks

webhooks = APIBlueprint("webhooks", __name__, tag="Webhooks")

_PATH = "/webhooks"
_READ = (HTTPStatus.BAD_REQUEST, HTTPStatus.SERVICE_UNAVAILABLE)
_NONE = {HTTPStatus.NOT_FOUND: ErrorObject("not_found", "There is no such webhook.")}
_FULL = {HTTPStatus.CONFLICT: ErrorObject("too_many_webhooks", "there are 100 webhooks already")}
_BODY = (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
_WEBHOOK_ID = re.compile(r"[1-9][0-9]{0,18}", re.ASCII)


@webhooks.get(_PATH)
@scope(Scope.WATCHES_WRITE)
@webhooks.input(NumberedQuery, location="query", arg_name="query")
@webhooks.output(schemas.WebhookList, example=schemas.WEBHOOK_LIST)
@webhooks.doc(
    operation_id="list_webhooks", responses=responses(*_READ, headers=("Cache-Control", "Link"))
)
def list_webhooks(query: NumberedQuery) -> Response:
    """List the webhooks, oldest first."""
    page = services().webhooks.page(query.page, query.page_length)
    return _list(_PATH, query, [_item(webhook) for webhook in page.items], page.total)


@webhooks.post(_PATH)
@scope(Scope.WATCHES_WRITE)
@costs(10)
@webhooks.input(Query, location="query", arg_name="query")
@webhooks.input(
    schemas.WebhookRequest, location="json", arg_name="wanted", example=schemas.WEBHOOK_REQUEST
)
@webhooks.output(schemas.NewWebhook, status_code=201, example=schemas.NEW_WEBHOOK)
@webhooks.doc(
    operation_id="create_webhook",
    responses=responses(
        *(*_READ, *_BODY),
        headers=("Cache-Control", "Location"),
        examples=_FULL,
        success=HTTPStatus.CREATED,
    ),
)
def create_webhook(query: Query, wanted: schemas.WebhookRequest) -> Response:  # noqa: ARG001 - takes no parameters
    """Have new videos sent to an address, from now on.

    A video is new to a watch when it is found for it, or found again after it was out of its feed;
    what an edit changes of it, or changed filters let in, is not. Each delivery is a POST of up to
    50: `{"webhook_id", "delivery_id", "watch", "videos": [items as in /videos], "next_seq"}`, in
    the order in which they came in, each at least once. The header `Newsreel-Signature:
    t=TIME,v1=HEX` is the HMAC-SHA256 of `TIME.BODY` under `secret`, which is shown only here; after
    the secret was replaced there is a second `v1=HEX` for a while. Any 2xx within 5 s is a receipt;
    everything else, redirects included, is tried again after a minute to an hour, or as Retry-After
    asks, and fewer at a time. After three days, or 410, it is paused. The 101st webhook answers 409
    `too_many_webhooks`.
    """
    webhook = _acting().add(wanted.url, wanted.watch_id)
    response = uncached_json(_with_secret(webhook), HTTPStatus.CREATED)
    response.headers["Location"] = canonical_path(f"{_PATH}/{webhook.webhook_id}", {})
    return response


@webhooks.get(f"{_PATH}/<webhook_id>")
@scope(Scope.WATCHES_WRITE)
@webhooks.input(Query, location="query", arg_name="query")
@webhooks.output(schemas.Webhook, example=schemas.WEBHOOK)
@webhooks.doc(
    operation_id="get_webhook",
    responses=responses(*_READ, examples=_NONE, headers=("Cache-Control",)),
)
def get_webhook(webhook_id: str, query: Query) -> Response:  # noqa: ARG001 - it takes no parameters
    """Return a webhook."""
    return uncached_json(_item(services().webhooks.get(parse_webhook_id(webhook_id))))


@webhooks.patch(f"{_PATH}/<webhook_id>")
@scope(Scope.WATCHES_WRITE)
@costs(5)
@webhooks.input(Query, location="query", arg_name="query")
@webhooks.input(
    schemas.WebhookPatch, location="json", arg_name="wanted", example=schemas.WEBHOOK_PATCH
)
@webhooks.output(schemas.Webhook, example=schemas.WEBHOOK)
@webhooks.doc(
    operation_id="change_webhook",
    responses=responses(*_READ, *_BODY, examples=_NONE, headers=("Cache-Control",)),
)
def change_webhook(webhook_id: str, query: Query, wanted: schemas.WebhookPatch) -> Response:  # noqa: ARG001 - takes no parameters
    """Change a webhook's address, pause it, or resume it where it was."""
    given = wanted.model_fields_set
    changed = _acting().change(
        parse_webhook_id(webhook_id),
        url=wanted.url if "url" in given else None,
        pause=wanted.paused if "paused" in given else None,
    )
    return uncached_json(_item(changed))


@webhooks.delete(f"{_PATH}/<webhook_id>")
@scope(Scope.WATCHES_WRITE)
@costs(5)
@webhooks.input(Query, location="query", arg_name="query")
@webhooks.output({}, status_code=204)
@webhooks.doc(
    operation_id="delete_webhook",
    responses=responses(
        *_READ, examples=_NONE, headers=("Cache-Control",), success=HTTPStatus.NO_CONTENT
    ),
)
def delete_webhook(webhook_id: str, query: Query) -> Response:  # noqa: ARG001 - it takes no parameters
    """Send nothing more, and forget the webhook with its log."""
    _acting().remove(parse_webhook_id(webhook_id))
    response = Response(status=HTTPStatus.NO_CONTENT)
    del response.headers["Content-Type"]
    response.headers["Cache-Control"] = "no-store"
    return response


@webhooks.post(f"{_PATH}/<webhook_id>/rotate")
@scope(Scope.WATCHES_WRITE)
@costs(5)
@webhooks.input(Query, location="query", arg_name="query")
@webhooks.input(
    schemas.RotateRequest, location="json", arg_name="wanted", example=schemas.ROTATE_REQUEST
)
@webhooks.output(schemas.NewWebhook, example=schemas.ROTATED_WEBHOOK)
@webhooks.doc(
    operation_id="rotate_webhook",
    responses=responses(*_READ, *_BODY, examples=_NONE, headers=("Cache-Control",)),
)
def rotate_webhook(webhook_id: str, query: Query, wanted: schemas.RotateRequest) -> Response:  # noqa: ARG001 - takes no parameters
    """Give a webhook another secret, which is shown only here.

    For `overlap_hours` the header of a delivery has two signatures, `v1=HEX,v1=HEX`: the first by
    the new secret, the second by the last one. A receiver takes a delivery if either is right.
    """
    overlap = timedelta(hours=wanted.overlap_hours)
    return uncached_json(_with_secret(_acting().rotate(parse_webhook_id(webhook_id), overlap)))


@webhooks.post(f"{_PATH}/<webhook_id>/replay")
@scope(Scope.WATCHES_WRITE)
@costs(10)
@webhooks.input(Query, location="query", arg_name="query")
@webhooks.input(
    schemas.ReplayRequest, location="json", arg_name="wanted", example=schemas.REPLAY_REQUEST
)
@webhooks.output(schemas.Webhook, status_code=202, example=schemas.WEBHOOK)
@webhooks.doc(
    operation_id="replay_webhook",
    responses=responses(
        *_READ, *_BODY, examples=_NONE, headers=("Cache-Control",), success=HTTPStatus.ACCEPTED
    ),
)
def replay_webhook(webhook_id: str, query: Query, wanted: schemas.ReplayRequest) -> Response:  # noqa: ARG001 - takes no parameters
    """Send again what came in after a seq, with the next ticks.

    Videos are sent as they are now, without those that have gone meanwhile.
    """
    again = _acting().replay(parse_webhook_id(webhook_id), wanted.after)
    return uncached_json(_item(again), HTTPStatus.ACCEPTED)


@webhooks.get(f"{_PATH}/<webhook_id>/deliveries")
@scope(Scope.WATCHES_WRITE)
@webhooks.input(NumberedQuery, location="query", arg_name="query")
@webhooks.output(schemas.DeliveryList, example=schemas.DELIVERY_LIST)
@webhooks.doc(
    operation_id="list_deliveries",
    responses=responses(*_READ, examples=_NONE, headers=("Cache-Control", "Link")),
)
def list_deliveries(webhook_id: str, query: NumberedQuery) -> Response:
    """List what was sent to a webhook and what came of it, newest first."""
    number = parse_webhook_id(webhook_id)
    page = services().webhooks.deliveries(number, query.page, query.page_length)
    items = [_logged(delivery) for delivery in page.items]
    return _list(f"{_PATH}/{number}/deliveries", query, items, page.total)


def _acting() -> Webhooks:
    return services().webhooks.by(caller())


def parse_webhook_id(text: str) -> int:
    """Return the id in a path; raises NotFoundError for what can be none."""
    if not _WEBHOOK_ID.fullmatch(text) or int(text) > MAX_ROW_ID:
        raise NotFoundError("There is no such webhook.")
    return int(text)


def _list(
    path: str, query: NumberedQuery, items: Sequence[dict[str, object]], total: int
) -> Response:
    links = numbered_links(path, query, more=query.page * query.page_length < total)
    about = about_page(
        links,
        page=query.page,
        limit=query.page_length,
        total=total,
        next_cursor=None,
        previous_cursor=None,
    )
    response = uncached_json({"items": items, **about})
    response.headers["Link"] = links.header
    return response


def _with_secret(webhook: Webhook) -> dict[str, object]:
    return {**_item(webhook), "secret": webhook.secret}


def _item(webhook: Webhook) -> dict[str, object]:
    failing_since, paused_at = webhook.failing_since, webhook.paused_at
    until = webhook.previous_until
    return {
        "webhook_id": webhook.webhook_id,
        "watch_id": webhook.watch_id,
        "url": webhook.url,
        "next_seq": webhook.next_seq,
        "created_at": format_instant(webhook.created_at),
        "next_try_at": format_instant(webhook.next_try_at),
        "failing_since": failing_since and format_instant(failing_since),
        "paused": webhook.paused is not None,
        "paused_reason": webhook.paused,
        "paused_since": paused_at and format_instant(paused_at),
        "previous_secret_until": until and format_instant(until),
    }


def _logged(delivery: Delivery) -> dict[str, object]:
    took = delivery.finished_at - delivery.started_at
    return {
        "delivery_id": delivery.delivery_id,
        "started_at": format_instant(delivery.started_at),
        "duration_seconds": round(took.total_seconds(), 3),
        "after_seq": delivery.after_seq,
        "next_seq": delivery.next_seq,
        "videos": delivery.videos,
        "status": delivery.status,
        "error": delivery.error,
    }
