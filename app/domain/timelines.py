"""A watch's timeline: what is known of each stretch of a window of publish time. Pure.

It tells what ranges say and decides nothing; what they mean stands in `app/ingest/coverage.py`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from enum import IntEnum
from itertools import pairwise
from typing import TYPE_CHECKING

from app.domain.ranges import SECOND, Pending, RangeReason, Reading, floor_second

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime, timedelta

    from app.domain.watches import Watch


class Known(IntEnum):
    """What is known of publish times, from what is worst for who relies on them."""

    OPEN = 1  # to be read for the first time, for a reason
    CAPPED = 2  # one second with more videos than any call lists
    DUE = 3  # read once; the second reading is due and was not made
    ONCE = 4  # read once; the second reading is not due yet
    AHEAD = 5  # published since the last poll
    BEFORE = 6  # published before the watch began
    COMPLETE = 7  # read twice


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a timeline of which the same is known throughout.

    Args:
        starts_at: its first instant.
        ends_at: the first instant after it.
        known: what is known of it; where it stands for several, the worst.
        reason: why it is OPEN; None otherwise.
        parts: how many segments it stands for.
    """

    starts_at: datetime
    ends_at: datetime
    known: Known
    reason: RangeReason | None = None
    parts: int = 1


@dataclass(frozen=True, slots=True)
class Window:
    """The publish times from `starts_at` up to, not including, `ends_at`, which is the present."""

    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class WatchTimeline:
    """What is known of a watch's publish times.

    Args:
        watch: whose.
        complete_until: as coverage has it.
        segments: tile the window, the oldest first.
    """

    watch: Watch
    complete_until: datetime
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class TimelinePage:
    """The timelines of some watches over the same window, and how many watches there are."""

    window: Window
    items: tuple[WatchTimeline, ...]
    total: int


_Meaning = tuple[Known, RangeReason | None]

_REASONS = (None, *RangeReason)


def segments(
    pending: Iterable[Pending], window: Window, *, began_at: datetime, read_until: datetime
) -> list[Segment]:
    """Return what is known of a window, as segments that tile it; neighbours differ.

    Where ranges overlap, the worst counts.

    Args:
        pending: what the watch has still to read.
        window: its end is the present.
        began_at: what was published before is not the watch's, unless a range says so.
        read_until: what was published since is not read, unless a range says otherwise.
    """
    stretches = [
        (window.starts_at, window.ends_at, (Known.COMPLETE, None)),
        (window.starts_at, began_at, (Known.BEFORE, None)),
        (floor_second(read_until), window.ends_at, (Known.AHEAD, None)),
        *_told(pending, window.ends_at),
    ]
    changes: defaultdict[datetime, Counter[_Meaning]] = defaultdict(Counter)
    for starts_at, ends_at, meaning in stretches:
        first, last = max(starts_at, window.starts_at), min(ends_at, window.ends_at)
        if first < last:
            changes[first][meaning] += 1
            changes[last][meaning] -= 1
    return _joined(_swept(changes))


def drawable(parts: Sequence[Segment], least: timedelta) -> list[Segment]:
    """Put segments that are shorter than `least` together with their neighbours that are, too.

    What comes out stands for the worst of what it holds; neighbours that stand for the same are
    one. There are at most about twice as many as lengths of `least` fit into the window, however
    many went in.
    """
    groups: list[list[Segment]] = [[]]
    for part in parts:
        is_short = part.ends_at - part.starts_at < least
        if groups[-1] and not (is_short and _fits(groups[-1], least)):
            groups.append([])
        groups[-1].append(part)
    drawn: list[Segment] = []
    for whole in map(_together, filter(None, groups)):
        if drawn and _are_alike(drawn[-1], whole):
            parts_of_both = drawn[-1].parts + whole.parts
            drawn[-1] = replace(drawn[-1], ends_at=whole.ends_at, parts=parts_of_both)
        else:
            drawn.append(whole)
    return drawn


def _told(
    pending: Iterable[Pending], now: datetime
) -> Iterator[tuple[datetime, datetime, _Meaning]]:
    for item in pending:
        meaning = _meaning(item, now)
        if meaning is not None:
            yield item.stretch.starts_at, item.stretch.ends_at + SECOND, meaning


def _meaning(item: Pending, now: datetime) -> _Meaning | None:
    """Return what a range says of its publish times; later readings are a bonus and say nothing."""
    if item.reason is RangeReason.CAP:
        return Known.CAPPED, None
    if item.reading is Reading.FIRST:
        return Known.OPEN, item.reason
    if item.reading is Reading.SECOND:
        is_due = item.due_at is not None and item.due_at <= now
        return (Known.DUE if is_due else Known.ONCE), None
    return None


def _swept(changes: Mapping[datetime, Counter[_Meaning]]) -> Iterator[Segment]:
    """Go through the instants at which something begins or ends; the worst that holds counts."""
    holding: Counter[_Meaning] = Counter()
    for starts_at, ends_at in pairwise(sorted(changes)):
        holding.update(changes[starts_at])
        known, reason = min((it for it, times in holding.items() if times), key=_rank)
        yield Segment(starts_at, ends_at, known, reason)


def _joined(parts: Iterable[Segment]) -> list[Segment]:
    """Join neighbours of which the same is known."""
    whole: list[Segment] = []
    for part in parts:
        if whole and (whole[-1].known, whole[-1].reason) == (part.known, part.reason):
            whole[-1] = replace(whole[-1], ends_at=part.ends_at)
        else:
            whole.append(part)
    return whole


def _rank(meaning: _Meaning) -> tuple[int, int]:
    return meaning[0], _REASONS.index(meaning[1])


def _fits(group: Sequence[Segment], least: timedelta) -> bool:
    """Tell whether one more that is short may be put to a group."""
    return group[-1].ends_at - group[0].starts_at < least


def _together(group: Sequence[Segment]) -> Segment:
    worst = min(group, key=lambda it: _rank((it.known, it.reason)))
    return replace(worst, starts_at=group[0].starts_at, ends_at=group[-1].ends_at, parts=len(group))


def _are_alike(one: Segment, next_one: Segment) -> bool:
    """Tell whether both stand for several, and for the same."""
    is_same = (one.known, one.reason) == (next_one.known, next_one.reason)
    return is_same and one.parts > 1 and next_one.parts > 1
