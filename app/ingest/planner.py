"""Decisions of ingest as pure functions: values in, values out, nothing remembered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from app.domain.ranges import RangeReason, Stretch, union

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from app.domain.ranges import OpenRange
    from app.domain.watches import Watch
    from app.sources.base import SearchPage

LISTING_CAP = 450
"""A listing this long may have been cut: YouTube stops somewhere near 500 results."""

LISTING_PAGES = 40
"""More pages than any listing has: about 500 results, of which a page may hold less than 50."""

FEWEST_TO_JUDGE = 3
"""One odd item, a channel say, may be all that a search finds."""

POLLS_AHEAD = 10
"""A poll leaves its watch enough calls for so many more polls like it."""

_TICK_SLACK = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Pace:
    """What pacing needs to know.

    Args:
        interval: the least time between two polls of a watch.
        calls_left: search calls left today, of all projects.
        resets_at: when they are full again.
        active_watches: how many watches share them.
    """

    interval: timedelta
    calls_left: int
    resets_at: datetime
    active_watches: int


def floor_second(at: datetime) -> datetime:
    """Return the whole second an instant lies in; YouTube's bounds are whole seconds."""
    return at.replace(microsecond=0)


def stretches_to_read(
    watch: Watch, open_ranges: Sequence[OpenRange], *, now: datetime, lookback: timedelta
) -> list[tuple[Stretch, RangeReason]]:
    """Return what a poll starting now has to read, newest first.

    That is everything since the watch was last taken in hand, the look-back before it once more
    (search shows videos late), and what earlier polls left open. Nothing reaches beyond now: what
    a clock that was ahead called read, or left open, is cut off.
    """
    end = floor_second(now)
    start = floor_second(min(watch.read_until, end) - lookback)
    opened = [it.stretch for it in open_ranges if it.stretch.starts_at <= end]
    stretches = [Stretch(start, end), *(Stretch(s.starts_at, min(s.ends_at, end)) for s in opened)]
    return [(stretch, RangeReason.NEW) for stretch in union(stretches)]


def is_garbage(page: SearchPage) -> bool:
    """Tell whether a page's bad items are no exceptions: then it has not shown what there is."""
    return page.listed >= FEWEST_TO_JUDGE and 2 * len(page.rejected) > page.listed


def after_page(stretch: Stretch, page: SearchPage) -> Stretch:
    """Return what is left of a stretch after a page: only an orderly page narrows it."""
    if not page.ordered or not page.videos:
        return stretch
    return stretch.narrowed_to(floor_second(page.videos[-1].published_at))


def after_capped_listing(before: Stretch, left: Stretch) -> Stretch | None:
    """Return where to start again after a listing that was cut at the cap.

    Normally at its last second. If that is where it began, that one second fills a listing: no
    call can show the rest of it, so reading goes on below it. None if nothing is below.
    """
    if left.ends_at < before.ends_at:
        return left
    below = before.ends_at - timedelta(seconds=1)
    return None if below < before.starts_at else Stretch(before.starts_at, below)


def calls_allowed(pace: Pace) -> int:
    """Return how many search calls one poll may spend: a share of what is left, and at least one.

    What it does not get to stays as a range for the next poll; so the first, long reading of a new
    watch does not use up the day.
    """
    return max(1, pace.calls_left // (POLLS_AHEAD * pace.active_watches))


def next_due_at(started_at: datetime, pace: Pace) -> datetime:
    """Return when a watch polled now is due again: calls left, spread evenly until the reset.

    A second early, so that a poll that started just after its tick is due at a later tick.
    """
    slack = min(_TICK_SLACK, pace.interval / 2)
    if pace.calls_left <= 0:
        return max(started_at + pace.interval - slack, pace.resets_at)
    share = (pace.resets_at - started_at) / pace.calls_left * pace.active_watches
    return started_at + max(pace.interval, share) - slack
