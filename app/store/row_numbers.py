"""Row numbers of feeds, from counts: how many rows there are, before an instant, and where one is.

Coarse counts lead to finer ones, and these to the index. So a row number costs a few rows of counts
and at most the index entries of one piece of the finest: an hour, for channels a month.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from functools import reduce
from operator import add
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, func, select

from app.store.grains import DAYS, HOURS, MONTHS, start_of
from app.store.models import ALL_VIDEOS

if TYPE_CHECKING:
    from datetime import date, datetime

    from sqlalchemy import ColumnElement, Connection, ScalarSelect, Select

    from app.domain.feeds import Feed
    from app.store.grains import Grain

    Places = Select[datetime, str]


@dataclass(frozen=True, slots=True)
class Seek:
    """Where a row number lies: `skip` rows after an edge, the end of its hour that comes first.

    The edge is the hour's end, excluded, when counting from the newest; its start, included, when
    counting from the oldest. Of a channel it is the month's.
    """

    edge_at: datetime
    skip: int


@dataclass(frozen=True, slots=True)
class Window:
    """The rows of a feed that are wanted: `total`, between `older` and `newer` ones."""

    older: int
    total: int
    newer: int


def _sum(grain: Grain, *within: ColumnElement[bool]) -> ScalarSelect[int]:
    videos = select(func.coalesce(func.sum(grain.videos), 0))
    return videos.where(grain.whose == bindparam("whose"), *within).scalar_subquery()


def _holding(grain: Grain, *within: ColumnElement[bool]) -> dict[bool, Select[date, int]]:
    """Make the queries for the count that holds a row, and how many rows come before it.

    By whether the oldest come first.
    """
    made: dict[bool, Select[date, int]] = {}
    for oldest_first in (False, True):
        order = grain.at.asc() if oldest_first else grain.at.desc()
        upto = func.sum(grain.videos).over(order_by=order, rows=(None, 0))
        running = select(grain.at.label("at"), grain.videos.label("videos"), upto.label("upto"))
        of_feed = running.where(grain.whose == bindparam("whose"), grain.videos > 0, *within)
        counts = of_feed.subquery().c
        passed = (counts.upto - counts.videos).label("passed")
        holding = select(counts.at, passed).where(counts.upto > bindparam("rows"))
        made[oldest_first] = holding.order_by(counts.upto).limit(1)
    return made


class _Levels:
    """The grains of a kind of feed, coarse to fine, and their queries, made once."""

    def __init__(self, coarsest: Grain, *finer: Grain) -> None:
        self.grains = (coarsest, *finer)
        self.total = select(_sum(coarsest))
        self.holding = [_holding(coarsest)]
        older = [_sum(coarsest, coarsest.at < bindparam("upto_0"))]
        for n, grain in enumerate(finer, start=1):
            begun = grain.at >= bindparam("from_at")
            self.holding.append(_holding(grain, begun, grain.at < bindparam("before")))
            begun = grain.at >= bindparam(f"from_{n}")
            older.append(_sum(grain, begun, grain.at < bindparam(f"upto_{n}")))
        self.older = select(reduce(add, older))


_OF_SCOPE = _Levels(DAYS, HOURS)
_OF_CHANNEL = _Levels(MONTHS)


def _counts_of(feed: Feed) -> tuple[_Levels, int | str]:
    if feed.channel_id is not None:
        return _OF_CHANNEL, feed.channel_id
    return _OF_SCOPE, ALL_VIDEOS if feed.watch_id is None else feed.watch_id


class RowNumbers:
    """The numbers of a feed's visible rows, counted from its oldest or its newest (0).

    Args:
        connection: in one snapshot.
        feed: whose rows.
        places: the query for the places of all of them, for what is finer than counts.
    """

    def __init__(self, connection: Connection, feed: Feed, places: Places) -> None:
        self._connection = connection
        self._places = places
        self._levels, self._whose = _counts_of(feed)

    def total(self) -> int:
        """Return how many rows there are."""
        found = self._connection.execute(self._levels.total, {"whose": self._whose})
        return int(found.scalar_one())

    def window(self, after: datetime | None, before: datetime | None) -> Window:
        """Return where the rows between two instants lie, both included; None leaves it open."""
        total = self.total()
        upto = total if before is None else self._older(before, included=True)
        older = 0 if after is None else self._older(after, included=False)
        return Window(older, max(0, upto - older), total - upto)

    def seek(self, row_number: int, *, oldest_first: bool = False) -> Seek | None:
        """Find the finest piece of time that holds a row; None beyond the end."""
        within: dict[str, datetime] = {}
        for grain, holding in zip(self._levels.grains, self._levels.holding, strict=True):
            asked = {"whose": self._whose, "rows": row_number, **within}
            found = self._connection.execute(holding[oldest_first], asked).first()
            if found is None:
                return None
            row_number -= int(found.passed)
            starts_at = start_of(found.at)
            within = {"from_at": starts_at, "before": grain.after(starts_at)}
        return Seek(within["from_at" if oldest_first else "before"], row_number)

    def _older(self, at: datetime, *, included: bool) -> int:
        """Return how many rows are older than an instant, or of it."""
        at = at.astimezone(UTC)
        keys = [grain.key_of(at) for grain in self._levels.grains]
        asked: dict[str, object] = {"whose": self._whose}
        asked |= {f"upto_{n}": key for n, key in enumerate(keys)}
        asked |= {f"from_{n}": start_of(key) for n, key in enumerate(keys[:-1], start=1)}
        whole = self._connection.execute(self._levels.older, asked).scalar_one()
        published_at = self._places.selected_columns[0]
        upto = published_at <= at if included else published_at < at
        within = self._places.where(published_at >= start_of(keys[-1]), upto)
        rest = self._connection.execute(within.with_only_columns(func.count())).scalar_one()
        return int(whole) + rest
