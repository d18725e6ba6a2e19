"""The JSON bodies of the audit log, with their examples."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal

from pydantic import Field

from app.domain.audit import Action
from app.web.api.schemas import Schema


class AuditEntry(Schema):
    """Something that was done."""

    audit_id: int
    at: datetime
    actor: str = Field(
        description="`client:ID`, `session` (who logged in), `this-machine` (in embedded mode), "
        "`cli`, `newsreel` (the service, as its settings want it) or `nobody`."
    )
    address: str | None = Field(description="From where, if over a network.")
    action: Action
    subject: str = Field(description="To what: its kind and its id.")
    details: dict[str, object] = Field(description="What was given; long texts are cut.")


class AuditList(Schema):
    """A page of the audit log, newest first."""

    items: list[AuditEntry]
    page: Literal[1] | None = Field(description="1, or null when asked for with a cursor.")
    limit: int
    total: int | None = Field(description="Always null: the log is not counted.")
    next: str | None = Field(description="Path of the older page.")
    previous: str | None = Field(description="Path of the newer page.")
    next_cursor: str | None
    previous_cursor: str | None


AUDIT_ENTRY: Final[dict[str, object]] = {
    "audit_id": 31,
    "at": "2026-01-02T18:00:40Z",
    "actor": "client:nrc_cUTN4TZ91WBm3slNR1Zi8w",
    "address": "203.0.113.7",
    "action": "video_hidden",
    "subject": "video:a1B2c3D4e5F",
    "details": {"note": "spam"},
}

AUDIT_LIST: Final[dict[str, object]] = {
    "items": [AUDIT_ENTRY],
    "page": 1,
    "limit": 1,
    "total": None,
    "next": "/audit?cursor=MW8zMQ&limit=1",
    "previous": None,
    "next_cursor": "MW8zMQ",
    "previous_cursor": None,
}
