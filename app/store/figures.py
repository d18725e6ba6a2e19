"""Figures for those who watch over the service; every query uses an index or a small table.

Words of the database stay text (`app/domain/figures.py`), and no more is read than is told.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, cast

from sqlalchemy import Integer, case, func, literal_column, select

from app.domain.clock import pacific_day
from app.domain.figures import (
    FETCHES_OF,
    MOST_OUTCOMES,
    OTHER,
    REFRESH_AGES,
    FetchFigures,
    Figures,
    RangeFigures,
    StoredKeyState,
    UsedQuota,
    VideoFigures,
    WebhookFigures,
)
from app.store.models import (
    ALL_VIDEOS,
    DayCountRow,
    FeedVersionRow,
    FetchRow,
    KeyStateRow,
    QuotaUsageRow,
    RangeRow,
    VideoRow,
)
from app.store.notice_models import AlertRow, WebhookRow
from app.store.watch_figures import read_watches
from app.store.webhooks import count_waiting

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection, Select

_SUMS = ("search_calls", "units", "found", "added", "updated", "rejected")


class FigureRepository:
    """Reads figures within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def read(self, now: datetime) -> Figures:
        """Return all figures."""
        return Figures(
            at=now,
            watches=read_watches(self._connection, now),
            videos=self._videos(now),
            ranges=self._ranges(now),
            fetches=self._fetches(now),
            used=self._used(now),
            keys=self._keys(),
            webhooks=self._webhooks(now),
            alerts=self._count(select(func.count(AlertRow.code))),
        )

    def _videos(self, now: datetime) -> VideoFigures:
        row = VideoRow
        newest = select(row.published_at).where(row.visible).order_by(row.published_at.desc())
        total = select(func.sum(DayCountRow.videos)).where(DayCountRow.scope == ALL_VIDEOS)
        known = select(func.count())
        return VideoFigures(
            total=self._count(total),
            newest_at=self._connection.execute(newest.limit(1)).scalar(),
            changes=self._count(select(FeedVersionRow.seq)),
            refreshed_at=self._connection.execute(select(func.min(row.refreshed_at))).scalar(),
            refresh_due=self._count(known.where(row.refresh_due_at <= now)),
            unrefreshed={
                age: self._count(known.where(row.refreshed_at <= now - timedelta(days=age)))
                for age in REFRESH_AGES
            },
        )

    def _ranges(self, now: datetime) -> tuple[RangeFigures, ...]:
        at = RangeRow.due_at
        due = case((at.is_(None), "never"), (at <= now, "now"), else_="later").label("due")
        lengths = func.sum(_seconds(self._connection.dialect.name) + 1)
        query = select(RangeRow.reason, due, func.count(), lengths).group_by(RangeRow.reason, "due")
        rows = self._connection.execute(query)
        return tuple(RangeFigures(reason, when, n, int(total)) for reason, when, n, total in rows)

    def _fetches(self, now: datetime) -> tuple[FetchFigures, ...]:
        row = FetchRow
        sums = [func.sum(getattr(row, name)) for name in _SUMS]
        query = select(row.source, row.error_code, func.count(), *sums).where(
            row.started_at > now - FETCHES_OF
        )
        rows = self._connection.execute(query.group_by(row.source, row.error_code))
        found = (
            FetchFigures(source, outcome or "ok", *map(int, counts))
            for source, outcome, *counts in rows
        )
        return _fewer(sorted(found, key=lambda it: it.fetches, reverse=True))

    def _used(self, now: datetime) -> tuple[UsedQuota, ...]:
        row = QuotaUsageRow
        query = select(row.project, row.bucket, row.used, row.day_limit, row.exhausted_at)
        rows = self._connection.execute(query.where(row.day == pacific_day(now)))
        return tuple(
            UsedQuota(project, bucket, used, limit, exhausted_at is not None)
            for project, bucket, used, limit, exhausted_at in rows
        )

    def _keys(self) -> dict[str, StoredKeyState]:
        query = select(KeyStateRow.fingerprint, KeyStateRow.state, KeyStateRow.until)
        rows = self._connection.execute(query)
        return {fingerprint: StoredKeyState(state, until) for fingerprint, state, until in rows}

    def _webhooks(self, now: datetime) -> WebhookFigures:
        row = WebhookRow
        failing = case((row.failing_since.is_(None), "working"), else_="failing")
        state = func.coalesce(row.paused, failing).label("state")
        counts = select(state, func.count()).group_by("state")
        since = select(func.min(row.failing_since)).where(row.paused.is_(None))
        return WebhookFigures(
            counts={row[0]: row[1] for row in self._connection.execute(counts)},
            waiting=count_waiting(self._connection, now),
            failing_since=self._connection.execute(since).scalar(),
        )

    def _count(self, query: Select[int]) -> int:
        return int(self._connection.execute(query).scalar() or 0)


def _seconds(dialect: str) -> ColumnElement[int]:
    """Return the seconds between the ends of a range; no function of SQL has it everywhere."""
    forms = {
        "sqlite": "strftime('%s', ends_at) - strftime('%s', starts_at)",
        "postgresql": "extract(epoch from ends_at - starts_at)",
    }
    usual = "timestampdiff(second, starts_at, ends_at)"
    return cast("ColumnElement[int]", literal_column(forms.get(dialect, usual), Integer))


def _fewer(found: Iterable[FetchFigures]) -> tuple[FetchFigures, ...]:
    """Sum up what is beyond the most frequent: no database can make the series any number."""
    every = list(found)
    kept, beyond = every[:MOST_OUTCOMES], every[MOST_OUTCOMES:]
    if not beyond:
        return tuple(kept)
    sums = [sum(getattr(it, name) for it in beyond) for name in ("fetches", *_SUMS)]
    return (*kept, FetchFigures(OTHER, OTHER, *sums))
