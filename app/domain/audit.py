"""Who changed what: the words of the audit log."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from app.domain.logs import LogCursor

LONGEST_ACTOR = 60
LONGEST_SUBJECT = 80


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something.

    Args:
        name: `client:ID`, `session`, `this-machine`, `cli`, `newsreel` (the service itself, as its
            settings want it) or `nobody` (who did not say who it is). ASCII.
        address: from where, if over a network.
    """

    name: str
    address: str | None = None


def client_name(client_id: str) -> str:
    """Return the name of an actor that is a client of the API."""
    return f"client:{client_id}"


THIS_MACHINE = "this-machine"
SESSION = "session"
NOBODY = "nobody"
COMMAND_LINE = Actor("cli")
NEWSREEL = Actor("newsreel")


class Action(StrEnum):
    """What was done."""

    WATCH_ADDED = "watch_added"
    WATCH_CHANGED = "watch_changed"
    WATCH_REMOVED = "watch_removed"
    WATCH_RESTORED = "watch_restored"
    WATCH_FETCHED = "watch_fetched"
    WATCH_BACKFILLED = "watch_backfilled"
    WATCHES_IMPORTED = "watches_imported"
    VIDEO_HIDDEN = "video_hidden"
    VIDEO_SHOWN = "video_shown"
    WEBHOOK_ADDED = "webhook_added"
    WEBHOOK_CHANGED = "webhook_changed"
    WEBHOOK_REMOVED = "webhook_removed"
    WEBHOOK_REPLAYED = "webhook_replayed"
    WEBHOOK_SECRET_ROTATED = "webhook_secret_rotated"  # noqa: S105 - the name of an act
    CLIENT_ADDED = "client_added"
    CLIENT_ROTATED = "client_rotated"
    CLIENT_REVOKED = "client_revoked"
    FEED_TOKEN_ADDED = "feed_token_added"  # noqa: S105 - the name of an act
    FEED_TOKEN_REVOKED = "feed_token_revoked"  # noqa: S105 - likewise
    TOKEN_REVOKED = "token_revoked"  # noqa: S105 - likewise
    KEY_DISABLED = "key_disabled"
    KEY_ENABLED = "key_enabled"
    LOGGED_IN = "logged_in"
    LOGGED_OUT = "logged_out"
    LOGIN_FAILED = "login_failed"


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Something that was done.

    Args:
        audit_id: its number; a higher one was written later.
        at: when.
        actor: who did it.
        action: what: an `Action`, or what another version of the service calls one.
        subject: to what, as KIND:ID.
        details: more of it, as JSON has it; no secrets.
    """

    audit_id: int
    at: datetime
    actor: Actor
    action: str
    subject: str
    details: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class AuditQuery:
    """Which page of the log, newest first; what is None does not choose."""

    limit: int
    cursor: LogCursor | None = None
    actor: str | None = None
    action: Action | None = None
    subject: str | None = None
