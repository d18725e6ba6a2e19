"""Lines of the log of fetches in words. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING

from app.domain.fetches import FetchSource, Purpose
from app.web.dashboard.troubles import trouble

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from app.domain.fetches import FetchRecord, LoggedFetch
    from app.domain.ranges import Stretch
    from app.web.dashboard.troubles import Trouble

SOURCES: Mapping[FetchSource, str] = MappingProxyType(
    {
        FetchSource.SEARCH: "YouTube search",
        FetchSource.VIDEOS: "Video details",
        FetchSource.RSS: "Channel feed (RSS)",
        FetchSource.UPLOADS: "Uploads playlist",
        FetchSource.WEBSUB: "Push by YouTube's hub",
        FetchSource.INVIDIOUS: "Invidious",
    }
)
PURPOSES: Mapping[Purpose, str] = MappingProxyType(
    {
        Purpose.POLL: "to find new videos",
        Purpose.PACKED_POLL: "one search that several keywords share",
        Purpose.REFRESH: "to refresh what is stored",
        Purpose.BACKFILL: "to read older videos",
        Purpose.FOLLOW: "a channel that is followed for a keyword",
        Purpose.ON_DEMAND: "a channel somebody asked for",
    }
)


@dataclass(frozen=True, slots=True)
class WatchLink:
    """A watch of a line by its name; `exists` is whether there is a page of it."""

    watch_id: int
    name: str
    exists: bool


@dataclass(frozen=True, slots=True)
class FetchLine:
    """A fetch as a page shows it.

    Args:
        at: when it was over.
        took: how long it took.
        source: who was asked.
        purpose: what for.
        watches: for which watches; none where it serves all.
        stretch: the publish times it set out to read.
        spent: what it cost.
        brought: what came of it.
        trouble: what ended it early.
    """

    at: datetime
    took: timedelta
    source: str
    purpose: str
    watches: tuple[WatchLink, ...]
    stretch: Stretch | None
    spent: str
    brought: str
    trouble: Trouble | None


def fetch_line(fetch: LoggedFetch, names: Mapping[int, str]) -> FetchLine:
    """Return a fetch in words.

    Args:
        fetch: of the log.
        names: of the watches there are now, by their ids.
    """
    told = fetch.record
    code = told.error_code
    return FetchLine(
        at=told.finished_at,
        took=max(timedelta(), told.finished_at - told.started_at),  # clocks are set back at times
        source=SOURCES[told.source],
        purpose=PURPOSES[told.purpose],
        watches=tuple(_link(watch_id, names.get(watch_id)) for watch_id in told.watch_ids),
        stretch=told.stretch,
        spent=_spent(told),
        brought=_brought(told),
        trouble=None if code is None else trouble(code, told.error_detail or ""),
    )


def _link(watch_id: int, name: str | None) -> WatchLink:
    return WatchLink(watch_id, name or f"watch {watch_id}, removed", name is not None)


def _spent(told: FetchRecord) -> str:
    """Return the cost: a search is a call of its own bucket, everything else counts in units."""
    spent = [
        _count(told.search_calls, "search call"),
        _count(told.units, "unit"),
    ]
    return ", ".join(filter(None, spent)) or "free"


def _brought(told: FetchRecord) -> str:
    counts = (
        (told.found, "found"),
        (told.added, "new"),
        (told.updated, "updated"),
        (told.rejected, "unreadable"),
    )
    return ", ".join(f"{count:,} {word}" for count, word in counts if count) or "nothing found"


def _count(count: int, word: str) -> str:
    return f"{count:,} {word}{'' if count == 1 else 's'}" if count else ""
