"""Fetches: what was asked of a source, what it cost and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from app.domain.logs import LogCursor
    from app.domain.ranges import Stretch


class FetchSource(StrEnum):
    """What was asked; a completion by videos.list belongs to the fetch that found the videos.

    Of WEBSUB it is the videos that the hub's pushes named; of INVIDIOUS those it named.
    """

    SEARCH = "search"
    VIDEOS = "videos"
    RSS = "rss"
    UPLOADS = "uploads"
    WEBSUB = "websub"
    INVIDIOUS = "invidious"


class Purpose(StrEnum):
    """What a fetch is for."""

    POLL = "poll"
    PACKED_POLL = "packed_poll"
    REFRESH = "refresh"
    BACKFILL = "backfill"
    FOLLOW = "follow"
    ON_DEMAND = "on_demand"


@dataclass(frozen=True, slots=True)
class FetchRecord:
    """One fetch, told when it was over.

    Args:
        source: what was asked.
        purpose: what for.
        watch_ids: the watches it was made for; none for a fetch that serves all.
        stretch: the publish times it set out to read, from the first to the last; None where that
            means nothing.
        started_at: when it was taken in hand.
        finished_at: when all it did was committed or given up.
        pages: answers that were stored.
        search_calls: what was charged to the search bucket, failed calls included.
        units: what was charged to the bucket of units, failed calls included.
        found: videos the source told, repetitions included.
        added: videos that were new to us.
        updated: videos whose readers see a change.
        rejected: items that could not be read or stored.
        error_code: what ended it early, as /ready names it; None if nothing did.
        error_detail: the same for people, without secrets.
    """

    source: FetchSource
    purpose: Purpose
    watch_ids: tuple[int, ...]
    stretch: Stretch | None
    started_at: datetime
    finished_at: datetime
    pages: int = 0
    search_calls: int = 0
    units: int = 0
    found: int = 0
    added: int = 0
    updated: int = 0
    rejected: int = 0
    error_code: str | None = None
    error_detail: str | None = None

    @property
    def asked(self) -> bool:
        """Whether anything was asked at all, in vain or not."""
        free = self.source in (FetchSource.RSS, FetchSource.INVIDIOUS)
        return bool(free or self.pages or self.search_calls or self.units)


@dataclass(frozen=True, slots=True)
class LoggedFetch:
    """A fetch in the log; a higher id was logged later."""

    fetch_id: int
    record: FetchRecord


@dataclass(frozen=True, slots=True)
class FetchQuery:
    """Which page of the log, newest first; what is None does not choose."""

    limit: int
    cursor: LogCursor | None = None
    watch_id: int | None = None
    source: FetchSource | None = None
    failed: bool | None = None
