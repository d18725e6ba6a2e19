"""How much is refreshed at a time, and what an answer proves: pure functions."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from app.domain.clock import next_pacific_midnight, pacific_day, pacific_midnight

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

SHARE = 0.8
"""The part of the day's units that refreshing may plan with; the rest is for new videos."""

MAX_CALLS_AT_ONCE = 2
"""Calls one tick gives out at most: half of what a pool of four threads does at once."""


def calls_allowed(*, left: int, limit: int, now: datetime) -> int:
    """Return how many calls may be given out now.

    The units spent today, by whomever, must stay below a line that rises evenly from nothing at
    midnight Pacific to SHARE of the limit at the next. So refreshing is spread over the day, waits
    when completion needs more, and always leaves it the rest.

    Args:
        left: units that usable keys may still spend today.
        limit: units they had at the start of the day.
        now: the present.
    """
    return min(units_below_line(SHARE, left=left, limit=limit, now=now), MAX_CALLS_AT_ONCE)


def units_below_line(share: float, *, left: int, limit: int, now: datetime) -> int:
    """Return what may be spent until today's units, whoever spends them, meet a rising line.

    It rises from nothing at midnight Pacific to `share` of the limit at the next.
    """
    begins_at, ends_at = pacific_midnight(pacific_day(now)), next_pacific_midnight(now)
    line = int(share * limit * ((now - begins_at) / (ends_at - begins_at)))
    return max(0, line - (limit - left))


def is_credible(*, asked: int, absent: int, unreadable: int) -> bool:
    """Tell whether an answer of videos.list may be believed about what it left out.

    One that cannot be read in part, or misses more than half of what was asked for, is a fault.
    """
    return not absent or (not unreadable and (asked == 1 or 2 * absent <= asked))


def asked_again_apart(video_ids: Sequence[str], now: datetime) -> dict[str, datetime]:
    """Return when to ask again about videos that an incredible answer left out.

    An hour apart: each then meets others in its call, so that a channel that took down all its
    videos at once is told from an answer that is wrong.
    """
    return {video_id: now + timedelta(hours=number) for number, video_id in enumerate(video_ids, 1)}


def batches(video_ids: Sequence[str], size: int) -> list[tuple[str, ...]]:
    """Cut ids into calls."""
    return [tuple(video_ids[start : start + size]) for start in range(0, len(video_ids), size)]


def filled(batch: Sequence[str], others: Collection[str], size: int) -> tuple[str, ...]:
    """Return a call filled up with videos of which is known that they exist.

    They cost nothing, and an answer that misses them is seen to be wrong.
    """
    fresh = [video_id for video_id in others if video_id not in batch]
    return (*batch, *fresh[: size - len(batch)])
