"""A watch's timeline as it is drawn: bars of an SVG of `WIDTH` by `HEIGHT`, and the same in words.

Says nothing that `/coverage` does not: errors' details are for the operator.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from app.domain.ranges import RangeReason
from app.domain.timelines import Known, drawable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from app.domain.timelines import Segment, WatchTimeline, Window
    from app.domain.watches import Watch

WIDTH = 1_000
HEIGHT = 24
AMONG_OTHERS = timedelta(hours=1)
ALONE = timedelta(minutes=15)
"""What is shorter is drawn with its like: on a page of many timelines, and on a watch's own."""

LEAST_WIDTH = 3
"""A gap is seen, however short."""

LISTED = 40
"""Stretches in the table of a timeline at most."""

_WORDS = {
    Known.OPEN: "not read yet",
    Known.CAPPED: "a second with more videos than YouTube lists",
    Known.DUE: "read once, second reading due",
    Known.ONCE: "read once, second reading comes later",
    Known.AHEAD: "since the last poll, not read yet",
    Known.BEFORE: "before this watch began",
    Known.COMPLETE: "complete: read twice",
}
_REASONS = {
    RangeReason.BUDGET: "not read: no calls were left",
    RangeReason.ERROR: "not read: the last try failed",
    RangeReason.BACKFILL: "not read yet: older videos that are wanted",
}
_HEIGHTS = {
    Known.OPEN: HEIGHT,
    Known.CAPPED: HEIGHT,
    Known.DUE: 10,
    Known.ONCE: 10,
    Known.AHEAD: 5,
    Known.BEFORE: 2,
    Known.COMPLETE: 16,
}
"""The more was read the higher, and gaps stick out of it: colours alone do not reach everybody."""

LEGEND = tuple((known.name.lower(), _HEIGHTS[known], _WORDS[known]) for known in reversed(Known))
"""Classes of bars, their heights, and what they mean."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A drawn stretch: where, of which class, and what is known of it."""

    starts_at: datetime
    ends_at: datetime
    x: float
    width: float
    height: int
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """A watch's timeline.

    Args:
        watch: whose.
        complete_until: as coverage has it.
        bars: those that are drawn over others last.
        summary: the timeline in one line.
        listed: the stretches that are not simply complete, the newest first.
        unlisted: how many more of these there are.
    """

    watch: Watch
    complete_until: datetime
    bars: tuple[Bar, ...]
    summary: str
    listed: tuple[Bar, ...]
    unlisted: int


def drawing(timeline: WatchTimeline, window: Window, least: timedelta) -> Drawing:
    """Return a timeline as it is drawn: what is shorter than `least`, with its like."""
    drawn = drawable(timeline.segments, least)
    bars = [_bar(segment, window) for segment in drawn]
    by_weight = sorted(zip(drawn, bars, strict=True), key=lambda it: -it[0].known)
    told = [bar for segment, bar in zip(drawn, bars, strict=True) if _is_news(segment)][::-1]
    return Drawing(
        watch=timeline.watch,
        complete_until=timeline.complete_until,
        bars=tuple(bar for _, bar in by_weight),
        summary=_summary(timeline.segments),
        listed=tuple(told[:LISTED]),
        unlisted=len(told[LISTED:]),
    )


def _is_news(segment: Segment) -> bool:
    return segment.known not in (Known.COMPLETE, Known.BEFORE)


def _bar(segment: Segment, window: Window) -> Bar:
    whole = window.ends_at - window.starts_at
    x = WIDTH * ((segment.starts_at - window.starts_at) / whole)
    width = WIDTH * ((segment.ends_at - segment.starts_at) / whole)
    if segment.known <= Known.DUE and width < LEAST_WIDTH:
        x, width = min(x, WIDTH - LEAST_WIDTH), LEAST_WIDTH
    return Bar(
        segment.starts_at,
        segment.ends_at,
        round(x, 1),
        round(width, 1),
        _HEIGHTS[segment.known],
        segment.known.name.lower(),
        _text(segment),
    )


def _text(segment: Segment) -> str:
    text = _WORDS[segment.known]
    if segment.reason is not None:
        text = _REASONS.get(segment.reason, text)
    return text if segment.parts == 1 else f"{segment.parts} short stretches, at worst {text}"


def _summary(segments: Sequence[Segment]) -> str:
    """Return how much of the time that is the watch's is in which state."""
    seconds: Counter[Known] = Counter()
    for segment in segments:
        seconds[segment.known] += round((segment.ends_at - segment.starts_at).total_seconds())
    del seconds[Known.BEFORE]
    whole = sum(seconds.values())
    if not whole:
        return "This watch is new: nothing is read yet."
    once = seconds[Known.DUE] + seconds[Known.ONCE]
    unread = seconds[Known.OPEN] + seconds[Known.CAPPED] + seconds[Known.AHEAD]
    gaps = sum(segment.known <= Known.CAPPED for segment in segments)
    return (
        f"{_percent(seconds[Known.COMPLETE], whole)} complete, {_percent(once, whole)} read once, "
        f"{_percent(unread, whole)} not read, {gaps or 'no'} gap{'' if gaps == 1 else 's'}"
    )


def _percent(part: int, whole: int) -> str:
    """Return a share, rounded so that only all is 100 % and only nothing is 0 %."""
    percent = 100 * part / whole
    if 0 < percent < 1:
        return "under 1 %"
    return f"{int(percent)} %"
