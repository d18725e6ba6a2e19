"""Entries of the audit log in words. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from app.domain.audit import COMMAND_LINE, NEWSREEL, NOBODY, SESSION, THIS_MACHINE, Action

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from app.domain.audit import AuditEntry

ACTIONS: Mapping[Action, str] = MappingProxyType(
    {
        Action.WATCH_ADDED: "added a watch",
        Action.WATCH_CHANGED: "changed a watch",
        Action.WATCH_REMOVED: "removed a watch",
        Action.WATCH_FETCHED: "asked for a fetch now",
        Action.WATCH_BACKFILLED: "asked for a channel's older videos",
        Action.WATCHES_IMPORTED: "imported a list of watches",
        Action.VIDEO_HIDDEN: "hid a video",
        Action.VIDEO_SHOWN: "showed a video again",
        Action.WEBHOOK_ADDED: "added a webhook",
        Action.WEBHOOK_CHANGED: "changed a webhook",
        Action.WEBHOOK_REMOVED: "removed a webhook",
        Action.WEBHOOK_REPLAYED: "had a webhook send again",
        Action.WEBHOOK_SECRET_ROTATED: "gave a webhook another secret",
        Action.CLIENT_ADDED: "added a client of the API",
        Action.CLIENT_ROTATED: "gave a client another secret",
        Action.CLIENT_REVOKED: "removed a client of the API",
        Action.FEED_TOKEN_ADDED: "made a token for a feed reader",
        Action.FEED_TOKEN_REVOKED: "took back a feed reader's token",
        Action.TOKEN_REVOKED: "took back an access token",
        Action.KEY_DISABLED: "took an API key out of use",
        Action.KEY_ENABLED: "put an API key back into use",
        Action.LOGGED_IN: "signed in",
        Action.LOGGED_OUT: "signed out",
        Action.LOGIN_FAILED: "gave a wrong password",
    }
)

_ACTORS: Mapping[str, str] = MappingProxyType(
    {
        SESSION: "Somebody signed in",
        THIS_MACHINE: "Somebody on this machine",
        NOBODY: "Somebody unknown",
        COMMAND_LINE.name: "The command line",
        NEWSREEL.name: "Newsreel itself",
    }
)
_CLIENT = "client:"


@dataclass(frozen=True, slots=True)
class AuditLine:
    """An entry as a page shows it.

    Args:
        at: when.
        who: who did it.
        address: from where, if over a network.
        did: what.
        subject: to what, as KIND ID; empty for what has none.
        details: more of it, by name.
    """

    at: datetime
    who: str
    address: str | None
    did: str
    subject: str
    details: tuple[tuple[str, str], ...]


def audit_line(entry: AuditEntry) -> AuditLine:
    """Return an entry in words; what another release calls an act is shown as it calls it."""
    kind, colon, name = entry.subject.partition(":")
    return AuditLine(
        at=entry.at,
        who=_who(entry.actor.name),
        address=entry.actor.address,
        did=_did(entry.action),
        subject=f"{kind.replace('_', ' ')} {name}" if colon else "",
        details=tuple((key.replace("_", " "), _value(it)) for key, it in entry.details.items()),
    )


def _who(name: str) -> str:
    if name.startswith(_CLIENT):
        return f"The client {name.removeprefix(_CLIENT)}"
    return _ACTORS.get(name, name)


def _did(action: str) -> str:
    try:
        return ACTIONS[Action(action)]
    except ValueError:
        return action


def _value(value: object) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(map(_value, value)) or "none"
    if isinstance(value, dict):
        return "; ".join(f"{str(key).replace('_', ' ')}: {_value(it)}" for key, it in value.items())
    return str(value)
