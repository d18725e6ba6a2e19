"""Which listings a poll asks for, and in which order: pure functions over what is still to read.

A page costs one call whatever it shows, so the newest listing reaches as far down as a page may
show something of use: late videos and second readings come along for nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from math import ceil
from typing import TYPE_CHECKING

from app.domain.ranges import Pending, Reading, Stretch, union

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

PAGE_ITEMS = 50
FILL = 40.0
"""Videos to expect of a page: it holds 50, and arrivals vary by about their root."""

REACH = timedelta(days=1)
"""How far down the newest listing may show what is known already."""

PATIENCE = timedelta(days=1)
"""How long second readings wait until there are enough of them for a page of their own."""


@dataclass(frozen=True, slots=True)
class Appetite:
    """How much a poll should read.

    Args:
        lookback: the age at which a stretch is read again.
        rate: videos a second this watch brings, to foresee what a page shows.
        plenty: calls do not matter: read the whole look-back at every poll, after all else.
        spare: calls are left over: whatever is due is worth one, third and fourth readings, too.
        begins_at: before this nothing is read.
    """

    lookback: timedelta
    rate: float
    plenty: bool
    spare: bool
    begins_at: datetime


@dataclass(frozen=True, slots=True)
class Listing:
    """A search for a stretch, of which page after page is read down to the end of `wanted`.

    What the last of these pages shows below that has been read as well.
    """

    stretch: Stretch
    wanted: Stretch

    @classmethod
    def of(cls, stretch: Stretch) -> Listing:
        """Return the listing of a stretch that is wanted whole."""
        return cls(stretch, stretch)

    def after(self, left: Stretch | None) -> Listing | None:
        """Return the listing with which to go on when `left` is left of its stretch."""
        wanted = None if left is None else self.wanted.overlap(left)
        return None if left is None or wanted is None else Listing(left, wanted)


def listings_to_read(
    pending: Iterable[Pending], appetite: Appetite, *, now: datetime
) -> list[Listing]:
    """Return what to read now, in this order.

    The newest stretch that nobody has read; then what else is due and worth a call, the oldest
    first, so that none of it waits for ever; then later readings. With plenty of calls the whole
    look-back is read once more at the end.
    """
    due = [p for p in pending if p.due_at is not None and p.due_at <= now]
    first = union(p.stretch for p in due if p.reading is Reading.FIRST)
    later = union(p.stretch for p in due if p.reading > Reading.SECOND) if appetite.spare else []
    newest = [_reaching_down(stretch, appetite) for stretch in first[:1]]
    turns = [(stretch.ends_at, stretch) for stretch in first[1:]]
    turns += [(s.ends_at + PATIENCE, s) for s in _again(due, newest, appetite, now=now)]
    waiting = [stretch for _, stretch in sorted(turns)]
    lookback = _lookback(newest, appetite) if appetite.plenty else []
    return [*newest, *map(Listing.of, [*waiting, *later, *lookback])]


def pages(stretches: Iterable[Stretch], rate: float) -> int:
    """Return how many pages listings of these stretches will probably take."""
    return sum(max(1, ceil(stretch.seconds * rate / PAGE_ITEMS)) for stretch in stretches)


def _reaching_down(newest: Stretch, appetite: Appetite) -> Listing:
    """Let a listing show whatever its last page holds; with plenty of calls less is of use."""
    reach = 2 * appetite.lookback if appetite.plenty else REACH
    lowest = max(newest.ends_at - reach, appetite.begins_at)
    return Listing(Stretch(min(newest.starts_at, lowest), newest.ends_at), newest)


def _lookback(newest: Sequence[Listing], appetite: Appetite) -> list[Stretch]:
    """Return the look-back where the newest listing will probably not show all of it."""
    ends = [listing.stretch.ends_at for listing in newest]
    whole = [Stretch(max(end - appetite.lookback, appetite.begins_at), end) for end in ends]
    shown = [_shown_by(listing, appetite.rate) for listing in newest]
    return [w for w, to in zip(whole, shown, strict=True) if w.starts_at < to]


def _again(
    due: Iterable[Pending], newest: Sequence[Listing], appetite: Appetite, *, now: datetime
) -> list[Stretch]:
    """Return the second readings that take a call of their own and are worth it.

    Those are not that the newest listing will probably show. The others are worth one when they
    are enough to fill a page or have waited long.
    """
    second = [p for p in due if p.reading is Reading.SECOND]
    late = any(p.due_at is not None and p.due_at <= now - PATIENCE for p in second)
    apart = union(p.stretch for p in second)
    for listing in newest:
        shown = Stretch(_shown_by(listing, appetite.rate), listing.stretch.ends_at)
        apart = [part for stretch in apart for part in stretch.without(shown)]
    stretches = _sharing_a_page(apart, appetite.rate)
    enough = sum(stretch.seconds for stretch in apart) * appetite.rate >= FILL
    return stretches if enough or late or appetite.spare or appetite.plenty else []


def _shown_by(listing: Listing, rate: float) -> datetime:
    """Return how far down the pages that are read for what is wanted will probably show."""
    expected = pages([listing.wanted], rate) * FILL
    if expected >= rate * listing.stretch.seconds:
        return listing.stretch.starts_at
    return listing.stretch.ends_at - timedelta(seconds=expected / rate)


def _sharing_a_page(stretches: Iterable[Stretch], rate: float) -> list[Stretch]:
    """Join neighbours that one page will probably show together, with what lies between."""
    joined: list[Stretch] = []
    for stretch in sorted(stretches):
        both = Stretch(joined[-1].starts_at, stretch.ends_at) if joined else stretch
        if joined and both.seconds * rate <= FILL:
            joined[-1] = both
        else:
            joined.append(stretch)
    return joined
