"""When a followed channel's listings are read, and for how many units. Pure.

As with watched channels the feed is free and comes first; but nothing is promised of followed ones,
so their playlists are read where a feed fails, and never to prove what a feed showed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.ingest import channel_plan
from app.ingest.channel_plan import FEED_EVERY

if TYPE_CHECKING:
    from datetime import datetime

    from app.domain.channels import ChannelState
    from app.ingest.channel_plan import Means

UPLOADS_SHARE = 0.1
"""The part of the day's units that go to the playlists of followed channels when all feeds fail."""

MOST_SEEN = 100
"""Twice a page of the uploads playlist: what is seen in it is not new in the next feed."""


def feed_is_due(state: ChannelState, push_until: datetime | None, now: datetime) -> bool:
    """Tell whether the feed is asked for now."""
    due_at = channel_plan.feed_due_at(state, push_until)
    return due_at is None or due_at <= now


def uploads_due_at(state: ChannelState, means: Means, now: datetime) -> datetime | None:
    """Return when the first page of the uploads playlist is read; None while the feed answers.

    It waits while units are short: they go to what is certain to be new.
    """
    if state.feed_failing_since is None:
        return None
    tried_at = state.uploads_tried_at
    due_at = now if tried_at is None else tried_at + means.uploads_every
    return due_at if means.can_check else max(due_at, now + FEED_EVERY)


def next_due_at(
    state: ChannelState, means: Means, push_until: datetime | None, now: datetime
) -> datetime:
    """Return when the channel is looked at next."""
    feed_at = channel_plan.feed_due_at(state, push_until) or now
    uploads_at = uploads_due_at(state, means, now)
    return feed_at if uploads_at is None else min(feed_at, max(now, uploads_at))


def with_seen(seen: tuple[str, ...], listed: tuple[str, ...]) -> tuple[str, ...]:
    """Return which videos were judged by now; the oldest are forgotten."""
    return tuple(dict.fromkeys((*listed, *seen)))[:MOST_SEEN]
