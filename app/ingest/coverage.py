"""Coverage: what a watch has still to read, as pure functions over its pending stretches.

Every second of publish time is read when it is fresh and again when the first reading is a
look-back old, because search shows videos late; only then it is complete. Spare calls read it a
third time a day later and a fourth a week after that. A reading that did not happen stays pending:
nothing is forgotten because a process died, a budget ended or a page failed.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import chain
from math import ceil
from typing import TYPE_CHECKING

from app.domain.ranges import SECOND, Pending, RangeReason, Reading, Stretch, floor_second, union

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from app.sources.base import SearchPage


LISTING_CAP = 450
"""A listing this long may have been cut: YouTube stops somewhere near 500 results."""

LISTING_PAGES = 40
"""More pages than any listing has: about 500 results, of which a page may hold less than 50."""

FEWEST_TO_JUDGE = 3
"""One odd item, a channel say, may be all that a search finds."""

_DAY = timedelta(days=1)
_GRID_PARTS = 12
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def take_in_hand(
    pending: Sequence[Pending], *, read_until: datetime, now: datetime
) -> list[Pending]:
    """Add everything published since `read_until`, up to now: to be read for the first time.

    Nothing reaches beyond now: what a clock that was ahead called read, or left open, is cut off
    and will be new when its time comes.
    """
    end = floor_second(now)
    fresh = Stretch(min(floor_second(read_until), end), end)
    past = [
        replace(p, stretch=Stretch(p.stretch.starts_at, min(p.stretch.ends_at, end)))
        for p in pending
        if p.stretch.starts_at <= end
    ]
    return coalesced([*past, Pending(fresh, Reading.FIRST, RangeReason.NEW, end)])


def is_garbage(page: SearchPage) -> bool:
    """Tell whether a page's bad items are no exceptions: then it has not shown what there is."""
    return page.listed >= FEWEST_TO_JUDGE and 2 * len(page.rejected) > page.listed


def after_page(left: Stretch, page: SearchPage) -> Stretch:
    """Return what is left of a stretch after a page: only an orderly page narrows it.

    The last second of a page may go on on the next one, so it is left.
    """
    if not page.ordered or not page.videos:
        return left
    return left.narrowed_to(floor_second(page.videos[-1].published_at))


def after_reading(
    pending: Iterable[Pending],
    done: Stretch | None,
    *,
    started_at: datetime,
    now: datetime,
    lookback: timedelta,
) -> list[Pending]:
    """Return what is still pending once `done` was read by a poll begun at `started_at`.

    Only what was due at that start counts as read, and each part of it comes back as its next
    reading.
    """
    if done is None:
        return list(pending)
    left: list[Pending] = []
    for item in pending:
        part = item.stretch.overlap(done)
        if part is None or item.due_at is None or item.due_at > started_at:
            left.append(item)
            continue
        left += [replace(item, stretch=rest) for rest in item.stretch.without(part)]
        if item.reading < Reading.FOURTH:
            again = Reading(item.reading + 1)
            due_at = latest_due(again, max(now, started_at), lookback)
            left.append(Pending(part, again, RangeReason.AGAIN, due_at))
    return coalesced(left)


def latest_due(reading: Reading, now: datetime, lookback: timedelta) -> datetime:
    """Return when a reading is due if the one before it ends now."""
    return _on_grid(now + SECOND, _wait(reading, lookback))


def after_cap(pending: Iterable[Pending], second: datetime) -> list[Pending]:
    """Note a second of which no call can show everything: it fills a listing alone."""
    alone = Stretch(second, second)
    known = [p for p in pending if p.reason is not RangeReason.CAP or p.stretch != alone]
    return coalesced([*known, Pending(alone, Reading.FIRST, RangeReason.CAP, None)])


def because(pending: Iterable[Pending], reason: RangeReason, *, now: datetime) -> list[Pending]:
    """Write down why stretches that were due have not been read for the first time."""
    return coalesced(
        replace(p, reason=reason) if _is_unread(p) and p.due_at and p.due_at <= now else p
        for p in pending
    )


def complete_until(pending: Iterable[Pending], read_until: datetime) -> datetime:
    """Return the second before which everything was read twice (seconds at the cap excepted)."""
    open_ends = [
        p.stretch.starts_at
        for p in pending
        if p.reading <= Reading.SECOND and p.reason is not RangeReason.CAP
    ]
    return min([floor_second(read_until), *open_ends])


def is_late(pending: Iterable[Pending], published_at: datetime, read_until: datetime) -> bool:
    """Tell whether a video found now was absent from an earlier reading of its second."""
    return published_at < read_until and not any(
        _is_unread(p) and p.stretch.holds(published_at) for p in pending
    )


def coalesced(pending: Iterable[Pending]) -> list[Pending]:
    """Join neighbours that are alike in all but their seconds; newest first."""
    groups: dict[tuple[Reading, RangeReason, datetime | None], list[Stretch]] = {}
    for item in pending:
        due_at = None if item.due_at is None else item.due_at
        if item.reading is Reading.FIRST and due_at is not None:
            due_at = _EPOCH  # whatever was never read is due
        groups.setdefault((item.reading, item.reason, due_at), []).append(item.stretch)
    joined = chain.from_iterable(
        (Pending(stretch, reading, reason, due_at) for stretch in union(stretches))
        for (reading, reason, due_at), stretches in groups.items()
    )
    return sorted(joined, key=lambda p: (p.stretch.ends_at, -p.reading), reverse=True)


def _is_unread(item: Pending) -> bool:
    return item.reading is Reading.FIRST and item.reason is not RangeReason.CAP


def _wait(reading: Reading, lookback: timedelta) -> timedelta:
    """Return how long after a reading the next one is due."""
    return {Reading.SECOND: lookback, Reading.THIRD: _DAY, Reading.FOURTH: 6 * _DAY}[reading]


def _on_grid(now: datetime, wait: timedelta) -> datetime:
    """Return now + wait, a little later so that neighbours fall due together and stay one row."""
    grid = max(SECOND, wait / _GRID_PARTS)
    return _EPOCH + ceil((now + wait - _EPOCH) / grid) * grid
