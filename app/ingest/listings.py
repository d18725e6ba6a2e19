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

REACH = timedelta(days=8)
"""How far down the newest listing may show what is known already: down to fourth readings."""

_LOOKBACKS = 1.25
_NO_TIME = timedelta(0)
_MISTRUST = timedelta(days=3)

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
    if appetite.plenty:
        whole = [_lookback(listing.wanted, appetite) for listing in newest]
        later += [each for each in whole if Listing.of(each) not in newest]
    return [*newest, *map(Listing.of, [*waiting, *later])]


def has_waited_long(listings: Iterable[Listing], now: datetime) -> bool:
    """Tell whether some of these are of seconds so old that they must not wait any longer.

    Younger ones may: a burst is cheaper to read in one go than to begin anew.
    """
    return any(now - listing.wanted.ends_at >= PATIENCE for listing in listings)


def pages(stretches: Iterable[Stretch], rate: float) -> int:
    """Return how many pages listings of these stretches will probably take."""
    return sum(max(1, ceil(stretch.seconds * rate / PAGE_ITEMS)) for stretch in stretches)


def _reaching_down(newest: Stretch, appetite: Appetite) -> Listing:
    """Let a listing show whatever its last page holds below what nobody has read.

    With plenty of calls it is read down to the end of the look-back, where that probably takes no
    page more.
    """
    if appetite.plenty:
        whole = _lookback(newest, appetite)
        takes_no_more = pages([whole], appetite.rate) == pages([newest], appetite.rate)
        return Listing.of(whole if takes_no_more else newest)
    lowest = max(newest.ends_at - REACH, appetite.begins_at)
    return Listing(Stretch(min(newest.starts_at, lowest), newest.ends_at), newest)


def _lookback(newest: Stretch, appetite: Appetite) -> Stretch:
    """Return the look-back, and a little more: what has just fallen due lies below it."""
    lowest = max(newest.ends_at - _LOOKBACKS * appetite.lookback, appetite.begins_at)
    return Stretch(min(newest.starts_at, lowest), newest.ends_at)


def _again(
    due: Iterable[Pending], newest: Sequence[Listing], appetite: Appetite, *, now: datetime
) -> list[Stretch]:
    """Return the second readings that take a call of their own and are worth it.

    While calls are scarce, those are not that the newest listing will probably show; the others are
    worth one when they are enough to fill a page or have waited long. After some days of waiting
    what was expected of pages is no longer trusted: a burst may have filled them.
    """
    second = [p for p in due if p.reading is Reading.SECOND]
    waited = {p.stretch: now - p.due_at for p in second if p.due_at is not None}
    apart = [stretch for stretch, wait in waited.items() if wait >= _MISTRUST]
    rest = [stretch for stretch, wait in waited.items() if wait < _MISTRUST]
    for listing in newest:
        shown = listing.wanted if appetite.plenty else _shown_by(listing, appetite.rate)
        rest = [part for stretch in rest for part in stretch.without(shown)]
    apart = union([*apart, *rest])
    enough = sum(stretch.seconds for stretch in apart) * appetite.rate >= FILL
    late = max(waited.values(), default=_NO_TIME) >= PATIENCE
    if enough or late or appetite.spare or appetite.plenty:
        return _sharing_a_page(apart, appetite.rate)
    return []


def _shown_by(listing: Listing, rate: float) -> Stretch:
    """Return what the pages that are read for what is wanted will probably show."""
    expected = pages([listing.wanted], rate) * FILL
    if expected >= rate * listing.stretch.seconds:
        return listing.stretch
    end = listing.stretch.ends_at
    return Stretch(end - timedelta(seconds=expected / rate), end)


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
