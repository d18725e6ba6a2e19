"""Counts for charts and lists, read from what `counts.py` keeps."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from app.domain.statistics import Counts, Grain
from app.store.models import (
    ALL_VIDEOS,
    REMOVED,
    DayCountRow,
    HourCountRow,
    VideoRow,
    WatchRow,
    WatchVideoRow,
)

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date

    from sqlalchemy import ColumnElement, Connection

    from app.domain.statistics import CountQuery


class StatisticsRepository:
    """Reads counts within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def totals(self, watch_ids: Collection[int]) -> dict[int, int]:
        """Return how many videos the feed of each of these watches has."""
        row = DayCountRow
        query = select(row.scope, func.sum(row.videos)).where(row.scope.in_(watch_ids))
        known = {scope: int(n) for scope, n in self._connection.execute(query.group_by(row.scope))}
        return {watch_id: known.get(watch_id, 0) for watch_id in watch_ids}

    def counts(self, query: CountQuery) -> Counts:
        """Return the counts that are asked for, zeros included."""
        scope = ALL_VIDEOS if query.watch_id is None else query.watch_id
        known = self._known(query, scope)
        return Counts(
            query=query,
            videos=tuple(known.get(at, 0) for at in query.starts()),
            by_watch=() if query.watch_id is not None else self._by_watch(query),
        )

    def list_delays(
        self, first_at: datetime, last_at: datetime, watch_id: int | None, among: int
    ) -> list[int]:
        """Return how many seconds late search showed videos of a stretch of publish time.

        Looks at no more than the `among` newest videos of the stretch, of a watch or of all; of
        all, one that several watches found late counts for each of them.
        """
        link = WatchVideoRow
        if watch_id is not None:
            mine = select(link.delay_seconds).where(
                link.watch_id == watch_id,
                link.published_at >= first_at,
                link.published_at < last_at,
            )
            late = mine.order_by(link.published_at.desc()).limit(among)
        else:
            there = select(VideoRow.video_id).where(
                VideoRow.published_at >= first_at, VideoRow.published_at < last_at
            )
            newest = there.order_by(VideoRow.published_at.desc()).limit(among).subquery()
            late = select(link.delay_seconds).join(newest, newest.c.video_id == link.video_id)
        seconds = self._connection.execute(late).scalars()
        return [it for it in seconds if it is not None]

    def _known(self, query: CountQuery, scope: int) -> dict[datetime, int]:
        if query.grain is Grain.HOUR:
            hours = select(HourCountRow.hour_at, HourCountRow.videos).where(*_hours(query))
            rows = self._connection.execute(hours.where(HourCountRow.scope == scope))
            return {row.hour_at: row.videos for row in rows}
        days = select(DayCountRow.day, DayCountRow.videos).where(*_days(query))
        found = self._connection.execute(days.where(DayCountRow.scope == scope))
        return {_midnight(row.day): row.videos for row in found}

    def _by_watch(self, query: CountQuery) -> tuple[tuple[int, int], ...]:
        """Return how many videos each watch has of that time, by id; not those that have none."""
        row = HourCountRow if query.grain is Grain.HOUR else DayCountRow
        within = _hours(query) if query.grain is Grain.HOUR else _days(query)
        there = select(WatchRow.watch_id).where(WatchRow.kind != REMOVED)
        counts = (
            select(row.scope, func.sum(row.videos))
            .where(row.scope.in_(there), row.videos > 0, *within)
            .group_by(row.scope)
            .order_by(row.scope)
        )
        return tuple((scope, int(n)) for scope, n in self._connection.execute(counts))


def _hours(query: CountQuery) -> tuple[ColumnElement[bool], ...]:
    at = HourCountRow.hour_at
    return at >= query.first_at, at <= query.last_at


def _days(query: CountQuery) -> tuple[ColumnElement[bool], ...]:
    day = DayCountRow.day
    return day >= query.first_at.date(), day <= query.last_at.date()


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
