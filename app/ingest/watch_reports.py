"""Tells how watches are doing, page by page: what they bring, how far they are read, what is open.

A page takes the same few queries, however many watches there are on it. It changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.ingest import coverage
from app.ingest.coverage_reports import is_open
from app.ingest.pacer import RATE_WINDOW, videos_per_second

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from app.domain.clock import Clock
    from app.domain.watches import Watch
    from app.store.store import Store, Transaction

_DAY_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class WatchReport:
    """How a watch is doing.

    Args:
        watch: which.
        channel_title: what its channel calls itself; empty for a keyword, and while it is unknown.
        videos: in its feed.
        videos_per_day: of the last two days, as pacing reckons with it.
        complete_until: as coverage tells it.
        gaps: how many stretches are open.
    """

    watch: Watch
    channel_title: str
    videos: int
    videos_per_day: float
    complete_until: datetime
    gaps: int

    @property
    def name(self) -> str:
        """What people call it."""
        return self.watch.name(self.channel_title)


@dataclass(frozen=True, slots=True)
class WatchReportPage:
    """A page of the watches, oldest first; `total` is of all that are chosen."""

    items: tuple[WatchReport, ...]
    total: int


class WatchReports:
    """Reads how watches are doing."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def page(self, number: int, length: int, name: str = "") -> WatchReportPage:
        """Return a page (from 1) of all watches, or of those whose names hold a text.

        Capitals make no difference.

        Raises:
            StoreUnavailableError: the database is away.
        """

        def work(transaction: Transaction) -> WatchReportPage:
            first = (number - 1) * length
            if not name:
                watches = transaction.watches.list_page(first, length)
                return self._page(transaction, watches, transaction.watches.count())
            named = _named(transaction, name)
            return self._page(transaction, named[first : first + length], len(named))

        return self._store.read(work)

    def _page(
        self, transaction: Transaction, watches: Sequence[Watch], total: int
    ) -> WatchReportPage:
        now = self._clock()
        ids = [watch.watch_id for watch in watches]
        since = (now - RATE_WINDOW).replace(minute=0, second=0, microsecond=0)
        titles = transaction.watches.list_channel_titles(ids)
        videos = transaction.statistics.totals(ids)
        recent = transaction.statistics.recent(ids, since)
        pending = transaction.ranges.list_pending_of(ids)
        items = (
            WatchReport(
                watch=watch,
                channel_title=titles.get(watch.watch_id, ""),
                videos=videos[watch.watch_id],
                videos_per_day=_DAY_SECONDS
                * videos_per_second(*recent[watch.watch_id], since, now),
                complete_until=coverage.complete_until(pending[watch.watch_id], watch.read_until),
                gaps=sum(is_open(item, now) for item in pending[watch.watch_id]),
            )
            for watch in watches
        )
        return WatchReportPage(tuple(items), total)


def _named(transaction: Transaction, name: str) -> list[Watch]:
    """Return the watches with a text in their term, label or channel's title.

    There are a thousand at most; databases differ in what they take for the same letter.
    """
    watches = transaction.watches.list_all()
    titles = transaction.watches.list_channel_titles([watch.watch_id for watch in watches])
    wanted = name.casefold()
    return [
        watch
        for watch in watches
        if any(
            wanted in text.casefold()
            for text in (watch.term, watch.label, titles.get(watch.watch_id, ""))
        )
    ]
