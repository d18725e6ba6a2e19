"""What a channel's listings let us say has been read, as pure functions over its pending stretches.

A channel is listed, not searched: a listing that reaches back to what was read before shows all
that was published since. A feed is an old copy with 15 entries, so what it shows is read, and
proved by the next reading of the uploads playlist; what the playlist shows is complete.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from app.domain.channels import DAWN
from app.domain.ranges import SECOND, Pending, RangeReason, Reading, Stretch, floor_second
from app.ingest.coverage import FEWEST_TO_JUDGE, coalesced

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from app.sources.base import ChannelFeed, UploadsPage

FEED_ENTRIES = 15
"""What a feed holds at most, and holds unless the channel has fewer (recorded bodies)."""

FEED_AGE = timedelta(minutes=15)
"""How old a feed may be that is fetched now (its max-age, recorded)."""

STRAYS = 3
"""A video uploaded long ago and published now keeps its old place in the playlist with a new time;
so many last items must agree on how far a page reaches."""


def shown_by_feed(feed: ChannelFeed, *, joins: bool, asked_at: datetime) -> Stretch | None:
    """Return the publish times of which a feed shows all videos; None if that is nobody knows.

    Args:
        feed: as it came.
        joins: it holds a video that was known before, so nothing lies between.
        asked_at: when it was asked for.
    """
    if feed.rejected or not feed.ordered:
        return None
    starts_at = DAWN
    if feed.listed >= FEED_ENTRIES:
        if not joins:
            return None
        # Of the last second there may be more than the feed has room for.
        starts_at = floor_second(feed.videos[-1].published_at) + SECOND
    until = floor_second(asked_at - FEED_AGE)
    return Stretch(starts_at, until) if starts_at <= until else None


def is_garbage(page: UploadsPage) -> bool:
    """Tell whether a page's bad items are no exceptions: then it has not shown what there is."""
    return len(page.rejected) >= FEWEST_TO_JUDGE and len(page.rejected) > len(page.videos)


def reached_by(page: UploadsPage, before: datetime) -> datetime:
    """Return the second below which a page of uploads leaves things open; DAWN at the end.

    Args:
        page: as it came.
        before: what the pages before it left open, which no page raises.
    """
    if page.next_page_token is None:
        return DAWN
    last = page.added_at[-STRAYS:]
    return min(before, floor_second(max(last))) if last else before


def after_feed(
    pending: Iterable[Pending], shown: Stretch | None, proof_at: datetime
) -> list[Pending]:
    """Return what is pending once a feed showed a stretch: its proof, due then, stays so."""
    left: list[Pending] = []
    for item in pending:
        part = item.stretch.overlap(shown) if shown and item.reading is Reading.FIRST else None
        if part is None:
            left.append(item)
            continue
        left += [replace(item, stretch=rest) for rest in item.stretch.without(part)]
        left.append(Pending(part, Reading.SECOND, RangeReason.AGAIN, proof_at))
    return coalesced(left)


def after_uploads(pending: Iterable[Pending], shown: Stretch | None) -> list[Pending]:
    """Return what is pending once the uploads playlist showed a stretch."""
    if shown is None:
        return list(pending)
    return coalesced(
        replace(item, stretch=rest) for item in pending for rest in item.stretch.without(shown)
    )


def unread_since(pending: Iterable[Pending]) -> datetime | None:
    """Return from when on no listing has shown what was published; backfill does not count."""
    starts = [p.stretch.starts_at for p in pending if _is_unread(p)]
    return min(starts, default=None)


def is_for_check(pending: Iterable[Pending]) -> bool:
    """Tell whether a reading of the uploads playlist from its top has something to show."""
    return any(item.reason is not RangeReason.BACKFILL for item in pending)


def is_for_backfill(pending: Iterable[Pending]) -> bool:
    """Tell whether older videos are wanted."""
    return any(item.reason is RangeReason.BACKFILL for item in pending)


def because(pending: Iterable[Pending], reason: RangeReason, until: datetime) -> list[Pending]:
    """Write down why a listing asked for did not show what was published before `until`."""
    return coalesced(
        replace(p, reason=reason if p.stretch.starts_at < until else RangeReason.NEW)
        if _is_unread(p)
        else p
        for p in pending
    )


def with_backfill(pending: Sequence[Pending], until: datetime) -> list[Pending]:
    """Add all that was published up to `until`, which nobody asked for before."""
    if is_for_backfill(pending):
        return list(pending)
    older = Stretch(DAWN, floor_second(until))
    wanted = Pending(older, Reading.FIRST, RangeReason.BACKFILL, older.ends_at)
    return coalesced([*pending, wanted])


def _is_unread(item: Pending) -> bool:
    return item.reading is Reading.FIRST and item.reason is not RangeReason.BACKFILL
