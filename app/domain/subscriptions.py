"""What YouTube's hub is asked to push to us, and under which address."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

_SITE = "https://www.youtube.com"
_TOPICS = (f"{_SITE}/xml/feeds/videos.xml?channel_id=", f"{_SITE}/feeds/videos.xml?channel_id=")
"""The two forms of a topic: YouTube's page says the first, older ones and others the second."""

_TOKEN = re.compile(r"[A-Za-z0-9_-]{20,64}", re.ASCII)


class Mode(StrEnum):
    """What the hub is asked for."""

    SUBSCRIBE = "subscribe"
    UNSUBSCRIBE = "unsubscribe"


@dataclass(frozen=True, slots=True)
class Subscription:
    """One channel's subscription at the hub.

    Args:
        token: ends the address that the hub calls; nobody else knows it.
        channel_id: whose videos are pushed.
        secret: with which the hub signs.
        topic: what was asked for last, in one of its two forms.
        mode: what was asked for last.
        asked_at: when; None once the hub has confirmed it.
        expires_at: when the lease ends that the hub granted; None if it granted none.
        failing_since: when asking began to fail; None while it does not.
        next_try_at: when the hub is asked next.
    """

    token: str
    channel_id: str
    secret: str
    topic: str
    mode: Mode
    asked_at: datetime | None
    expires_at: datetime | None
    failing_since: datetime | None
    next_try_at: datetime

    def __repr__(self) -> str:
        return f"Subscription(channel_id={self.channel_id}, mode={self.mode})"

    def is_active(self, now: datetime) -> bool:
        """Tell whether the hub has promised to push."""
        return self.mode is Mode.SUBSCRIBE and self.expires_at is not None and self.expires_at > now


@dataclass(frozen=True, slots=True)
class Push:
    """The video ids a push names for a channel; that is all of it that is believed."""

    channel_ids: frozenset[str]
    video_ids: tuple[str, ...]
    deleted_ids: tuple[str, ...]


def topic_of(channel_id: str) -> str:
    """Return a channel's topic in the form to begin with."""
    return _TOPICS[0] + channel_id


def other_form(topic: str) -> str:
    """Return the same topic in its other form."""
    first, second = _TOPICS
    if topic.startswith(first):
        return second + topic.removeprefix(first)
    return first + topic.removeprefix(second)


def is_same_topic(topic: str, other: str) -> bool:
    """Tell whether both are one channel's topic, in whichever form."""
    return topic in (other, other_form(other))


def is_token(text: str) -> bool:
    """Tell whether a text looks like the end of an address of ours."""
    return _TOKEN.fullmatch(text) is not None
