"""The JSON bodies of webhooks, as clients send and get them, with their examples."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

from pydantic import Field, WithJsonSchema

from app.domain.targets import MAX_URL_CHARACTERS
from app.domain.webhooks import LONGEST_OVERLAP_HOURS, MAX_VIDEOS, OVERLAP_HOURS, Pause
from app.web.api.schemas import Schema
from app.web.bodies import Body
from app.web.parameters import MAX_ROW_ID


class Webhook(Schema):
    """Where new videos are sent."""

    webhook_id: int
    watch_id: int | None = Field(description="Whose videos; null: those of all.")
    url: str
    next_seq: int = Field(description="All that came into the feed up to it has arrived.")
    created_at: datetime
    next_try_at: datetime = Field(description="It is due then if there is anything to send.")
    failing_since: datetime | None = Field(description="When deliveries began to fail.")
    paused: bool = Field(description="Nothing is sent.")
    paused_reason: Pause | None = Field(
        description="`failing` for three days, `gone` (it answered 410), or `by_hand`."
    )
    paused_since: datetime | None
    previous_secret_until: datetime | None = Field(
        description="Until then deliveries are signed by the secret before, too."
    )


class NewWebhook(Webhook):
    """A webhook with a secret that was just made, and is never shown again."""

    secret: str = Field(description="Deliveries are signed with it.")


class RotateRequest(Body):
    """For how long the last secret signs beside the new one."""

    overlap_hours: Annotated[int, Field(ge=0, le=LONGEST_OVERLAP_HOURS)] = Field(
        default=OVERLAP_HOURS, description="0: it signs no more at once."
    )


class WebhookList(Schema):
    """A page of the webhooks, oldest first."""

    items: list[Webhook]
    page: int
    limit: int
    total: int
    next: str | None = Field(description="Path of the next page.")
    previous: str | None = Field(description="Path of the page before.")
    next_cursor: None = Field(description="Always null: pages are few and have numbers.")
    previous_cursor: None


class Delivery(Schema):
    """An attempt to send new videos."""

    delivery_id: str = Field(description="As it stood in the request; each attempt has its own.")
    started_at: datetime
    duration_seconds: float
    after_seq: int = Field(description="Where its videos begin.")
    next_seq: int = Field(description="Where the next ones do.")
    videos: int = Field(description=f"How many it had, {MAX_VIDEOS} at most; 0: a test.")
    status: int | None = Field(description="Of the answer; null if there was none.")
    error: str | None = Field(description="What was wrong; null if it arrived.")


class DeliveryList(WebhookList):
    """A page of a webhook's log, newest first; of each webhook the newest 200 are kept."""

    items: list[Delivery]  # type: ignore[assignment]  # a list of another kind, else the same


_URL = {
    "type": "string",
    "format": "uri",
    "maxLength": MAX_URL_CHARACTERS,
    "pattern": "^[Hh][Tt][Tt][Pp][Ss]?://[!-~]+$",
}
Url = Annotated[str, WithJsonSchema(_URL)]


class WebhookRequest(Body):
    """Where new videos are to be sent, and which."""

    url: Url = Field(
        description="Public https at port 443 or 8443, or what OUTGOING_ALLOW allows.",
        examples=["https://example.org/newsreel"],
    )
    watch_id: Annotated[int, Field(ge=1, le=MAX_ROW_ID)] | None = Field(
        default=None, description="Whose videos; null: those of all."
    )


class WebhookPatch(Body):
    """What is to change of a webhook; what is left out stays as it is."""

    url: Url = Field(default="", description="As when it is made.")
    paused: bool = Field(
        default=False, description="False also ends a pause that nobody asked for."
    )


class ReplayRequest(Body):
    """From where on videos are to be sent again."""

    after: Annotated[int, Field(ge=0, le=MAX_ROW_ID)] = Field(
        description="A `next_seq` of a delivery; 0: all that ever came in."
    )


WEBHOOK: Final[dict[str, object]] = {
    "webhook_id": 1,
    "watch_id": 1,
    "url": "https://example.org/newsreel",
    "next_seq": 5310,
    "created_at": "2026-01-01T09:00:00Z",
    "next_try_at": "2026-01-02T18:00:41Z",
    "failing_since": None,
    "paused": False,
    "paused_reason": None,
    "paused_since": None,
    "previous_secret_until": None,
}

NEW_WEBHOOK: Final[dict[str, object]] = {
    **WEBHOOK,
    "secret": "nws_Uo1xgTn0Zc4m9dQeJ2vKq8sW5yBfL7hR3aXpN6iVtE0",
}

_PAGE: Final[dict[str, object]] = {
    "page": 1,
    "limit": 10,
    "total": 1,
    "next": None,
    "previous": None,
    "next_cursor": None,
    "previous_cursor": None,
}

WEBHOOK_LIST: Final[dict[str, object]] = {"items": [WEBHOOK], **_PAGE}

WEBHOOK_REQUEST: Final[dict[str, object]] = {"url": "https://example.org/newsreel", "watch_id": 1}

WEBHOOK_PATCH: Final[dict[str, object]] = {"paused": True}

ROTATE_REQUEST: Final[dict[str, object]] = {"overlap_hours": 24}

ROTATED_WEBHOOK: Final[dict[str, object]] = {
    **NEW_WEBHOOK,
    "previous_secret_until": "2026-01-03T18:00:00Z",
}

REPLAY_REQUEST: Final[dict[str, object]] = {"after": 5290}

DELIVERY_LIST: Final[dict[str, object]] = {
    "items": [
        {
            "delivery_id": "8d1f0c7be2a94c5a9f6f0f4c2f7a1b3e",
            "started_at": "2026-01-02T18:00:41Z",
            "duration_seconds": 0.182,
            "after_seq": 5290,
            "next_seq": 5310,
            "videos": 12,
            "status": 204,
            "error": None,
        }
    ],
    **_PAGE,
}
