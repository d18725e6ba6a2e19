"""Which way to a channel's videos is taken when, and for how many units: pure functions.

The feed is free and asked for often; the uploads playlist costs a unit for 50 videos, and is read
where the feed fails or does not reach back to what is known, and once a day as a check on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from app.ingest import channel_coverage
from app.ingest.channel_coverage import FEED_AGE
from app.ingest.refreshing import units_below_line

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from app.domain.channels import ChannelState
    from app.domain.ranges import Pending

FEED_EVERY = FEED_AGE
"""Sooner it would be the same copy."""

FEED_EVERY_WITH_PUSH = timedelta(hours=6)
CHECK_EVERY = timedelta(days=1)
CHECK_AGAIN = timedelta(hours=1)
"""When a check that failed is made again, while the feed shows all there is."""


UPLOADS_SHARE = 0.3
"""The part of the day's units that all channels spend on their playlists when all feeds fail."""

COMPLETION_SHARE = 0.1
"""The part that daily checks leave to the completion of new videos."""

BACKFILL_SHARE = 0.5
"""Backfill keeps below a line that rises to this part of the day's units, whoever spent them:
refreshing, whose line rises to 0.8, is left the rest, and completion what is above both."""

BACKFILL_PAGES = 4
_UNITS_PER_PAGE = 2  # with its completion
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Means:
    """What there is to follow channels with.

    Args:
        channels: how many are followed.
        units_left: units that usable keys may still spend today.
        units_limit: units they had at the start of the day.
        uploads_share: the part of these that their playlists may take when all feeds fail.
    """

    channels: int
    units_left: int
    units_limit: int
    uploads_share: float = UPLOADS_SHARE

    @property
    def uploads_every(self) -> timedelta:
        """How often each channel's playlist can be read when all feeds fail."""
        budget = self.uploads_share * self.units_limit
        if not budget:
            return _DAY
        return min(_DAY, max(FEED_EVERY, _DAY * (max(1, self.channels) / budget)))

    @property
    def can_check(self) -> bool:
        """Whether units are left for the daily checks."""
        return self.units_left > COMPLETION_SHARE * self.units_limit

    def backfill_pages(self, now: datetime) -> int:
        """Return how many pages of older videos may be read at once now."""
        units = units_below_line(
            BACKFILL_SHARE, left=self.units_left, limit=self.units_limit, now=now
        )
        return min(BACKFILL_PAGES, units // _UNITS_PER_PAGE)


def feed_due_at(state: ChannelState, push_until: datetime | None) -> datetime | None:
    """Return when the feed is asked for next; None if it never was, so now.

    `push_until` is how long the hub has promised to push; None if it has not.
    """
    if state.feed_failing_since is not None:
        return state.feed_retry_at
    if state.feed_read_at is None:
        return None
    soonest = state.feed_read_at + FEED_EVERY
    if push_until is None:
        return soonest
    return max(soonest, min(push_until, state.feed_read_at + FEED_EVERY_WITH_PUSH))


def misses(state: ChannelState, pending: Sequence[Pending]) -> bool:
    """Tell whether the feed fails, or answered and did not reach back to what was read before."""
    if state.feed_failing_since is not None:
        return True
    since = channel_coverage.unread_since(pending)
    read_at = state.feed_read_at
    return since is not None and read_at is not None and since <= read_at - FEED_AGE


def is_unfinished(state: ChannelState, pending: Sequence[Pending]) -> bool:
    """Tell whether a reading from the top was broken off, rather than a backfill."""
    return state.walk is not None and any(
        state.walk.read_down_to >= item.stretch.starts_at
        for item in pending
        if not channel_coverage.is_for_backfill([item])
    )


def uploads_due_at(
    state: ChannelState, pending: Sequence[Pending], *, means: Means, gone: bool, now: datetime
) -> datetime:
    """Return when the uploads playlist is read from its top next.

    A try that failed counts as one, so it is not due again at once.

    Args:
        state: how the channel was followed so far.
        pending: what it has still to read.
        means: what there is to do it with.
        gone: YouTube said that there is no such channel.
        now: the present.
    """
    tried_at, read_at = state.uploads_tried_at, state.uploads_read_at
    if tried_at is None:
        return now
    again_at = tried_at + (CHECK_EVERY if gone else means.uploads_every)
    if misses(state, pending):
        return again_at
    if read_at is None or read_at < tried_at:
        return max(again_at, tried_at + CHECK_AGAIN)
    check_at = read_at + CHECK_EVERY
    if not means.can_check:
        check_at = max(check_at, now + FEED_EVERY)
    return max(check_at, again_at)


def proof_due_at(state: ChannelState, began_at: datetime) -> datetime:
    """Return when the next check proves what feeds showed of a channel watched since then."""
    return (state.uploads_read_at or began_at) + CHECK_EVERY


def next_due_at(
    state: ChannelState,
    pending: Sequence[Pending],
    *,
    means: Means,
    push_until: datetime | None,
    gone: bool,
    retry_at: datetime | None,
    soonest: datetime,
    now: datetime,
) -> datetime:
    """Return when a channel is taken in hand next.

    Args:
        state: how the channel was followed so far.
        pending: what it has still to read.
        means: what there is to do it with.
        push_until: how long the hub has promised to push; None if it has not.
        gone: YouTube said that there is no such channel.
        retry_at: when to ask the Data API again, which just failed; None if it did not.
        soonest: when its watch allows the next poll. What goes on is no new one.
        now: the present.
    """
    uploads_at = uploads_due_at(state, pending, means=means, gone=gone, now=now)
    if retry_at is not None:  # what failed need not have been the playlist
        uploads_at = max(uploads_at, retry_at)
    due = [max(soonest, min(uploads_at, feed_due_at(state, push_until) or now))]
    if retry_at is None and is_unfinished(state, pending):
        due.append(now)
    if channel_coverage.is_for_backfill(pending):
        goes_on = retry_at is None and means.backfill_pages(now)
        due.append(now if goes_on else max(soonest, now + FEED_EVERY))
    return min(due)
