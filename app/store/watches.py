"""Watches: what is watched, and how.

Claims, packed readings and removed watches have rooms of their own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import and_, bindparam, exists, func, insert, or_, select, update

from app.domain.errors import NotFoundError
from app.domain.watches import UNDO_WINDOW, WatchKind
from app.store import counts
from app.store.feed_version import lock_version
from app.store.models import REMOVED, VideoRow, WatchRow, WatchVideoRow
from app.store.packed_watches import PackedWatches
from app.store.removed_watches import RemovedWatches, may_be_withdrawn
from app.store.watch_claims import WatchClaims
from app.store.watch_rows import USUAL_OPTIONS, active_watch_of, columns_of_options, watch_of

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection

    from app.domain.watches import ActiveWatch, Watch, WatchOptions

_IS_THERE = WatchRow.kind != REMOVED

# What every tick asks for is built once.
_HAS_UPKEEP = select(
    exists().where(
        or_(
            and_(WatchRow.refilter_after.is_not(None), _IS_THERE),
            may_be_withdrawn(bindparam("since")),
        )
    )
)
_ACCESSED = select(WatchRow.watch_id, WatchRow.feed_seq).where(
    _IS_THERE, WatchRow.last_accessed_at >= bindparam("since")
)


class WatchRepository(WatchClaims, PackedWatches, RemovedWatches):
    """Reads and writes watches within one transaction; a removed one is nowhere to be found."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self._connection = connection

    def add(
        self,
        kind: WatchKind,
        term: str,
        *,
        now: datetime,
        read_until: datetime,
        options: WatchOptions | None = None,
    ) -> tuple[Watch, bool]:
        """Add a watch that is due at once; return it and whether it is new.

        The feed version's lock makes two adders of one term stand in line.
        """
        lock_version(self._connection)
        known = self.find_by_term(kind, term)
        if known is not None:
            return known, False
        columns = {
            "kind": kind.value,
            "term": term,
            "label": term,
            "created_at": now,
            "next_due_at": now,
            "fence": 0,
            "read_until": read_until,
            "feed_seq": 0,
            **USUAL_OPTIONS,
            **columns_of_options(options or {}, term),
        }
        self._connection.execute(insert(WatchRow).values(columns))
        added = self.find_by_term(kind, term)
        if added is None:
            raise NotFoundError(f"the watch {term!r} vanished while it was added")
        return added, True

    def get(self, watch_id: int) -> Watch:
        """Return a watch.

        Raises:
            NotFoundError: there is none.
        """
        watch = self._find(WatchRow.watch_id == watch_id)
        if watch is None:
            raise NotFoundError(f"there is no watch {watch_id}")
        return watch

    def find_kind(self, watch_id: int) -> WatchKind | None:
        """Return what a watch is for; None if there is none."""
        kind = select(WatchRow.kind).where(WatchRow.watch_id == watch_id, _IS_THERE)
        found = self._connection.execute(kind).scalar_one_or_none()
        return None if found is None else WatchKind(found)

    def find_by_term(self, kind: WatchKind, term: str) -> Watch | None:
        """Return the watch with exactly this term."""
        return self._find(and_(WatchRow.kind == kind.value, WatchRow.term == term))

    def list_all(self) -> list[Watch]:
        """Return every watch, oldest first."""
        rows = self._connection.execute(
            select(WatchRow.__table__).where(_IS_THERE).order_by(WatchRow.watch_id)
        )
        return [watch_of(row) for row in rows]

    def list_page(self, first: int, length: int) -> list[Watch]:
        """Return a page of the watches, oldest first; `first` is the number of its first row."""
        query = select(WatchRow.__table__).where(_IS_THERE).order_by(WatchRow.watch_id)
        return [
            watch_of(row) for row in self._connection.execute(query.limit(length).offset(first))
        ]

    def list_channel_titles(self, watch_ids: Collection[int]) -> dict[int, str]:
        """Return what the channels of these watches call themselves, as their newest videos say."""
        video = VideoRow
        newest = select(video.channel_title).where(video.channel_id == WatchRow.term)
        title = newest.order_by(video.published_at.desc()).limit(1).scalar_subquery()
        query = select(WatchRow.watch_id, title.label("title")).where(
            WatchRow.kind == WatchKind.CHANNEL.value, WatchRow.watch_id.in_(watch_ids)
        )
        rows = self._connection.execute(query)
        return {row.watch_id: row.title for row in rows if row.title}

    def list_by_id(self, watch_ids: Collection[int]) -> list[Watch]:
        """Return those of these watches that there are, oldest first."""
        query = select(WatchRow.__table__).where(_IS_THERE, WatchRow.watch_id.in_(watch_ids))
        return [
            watch_of(row) for row in self._connection.execute(query.order_by(WatchRow.watch_id))
        ]

    def count(self) -> int:
        """Return how many watches there are."""
        query = select(func.count()).select_from(WatchRow).where(_IS_THERE)
        return self._connection.execute(query).scalar_one()

    def list_active(self, since: datetime) -> list[ActiveWatch]:
        """Return the unpaused watches with their videos published since then, oldest first."""
        query = select(WatchRow.__table__).where(WatchRow.paused.is_(False), _IS_THERE)
        recent = counts.counts_since(self._connection, since)
        rows = self._connection.execute(query.order_by(WatchRow.watch_id))
        return [active_watch_of(row, *recent.get(row.watch_id, (0, since))) for row in rows]

    def change(self, watch_id: int, options: WatchOptions) -> Watch:
        """Change what is given of a watch; `Relinking` applies new filters to what it has.

        Raises:
            NotFoundError: there is none.
        """
        if "filters" in options:  # who applies them meanwhile sees either the old or the new ones
            lock_version(self._connection)
        before = self.get(watch_id)
        columns = columns_of_options(options, before.term)
        if "filters" in options and options["filters"] != before.filters:
            columns["refilter_after"] = ""
        if columns:
            self._update(watch_id, **columns)
        return self.get(watch_id)

    def want(self, watch_id: int, now: datetime) -> Watch:
        """Make a watch due because somebody asks for it.

        Raises:
            NotFoundError: there is none.
        """
        self._update(watch_id, wanted_at=now)
        self.mark_due(watch_id, now)
        return self.get(watch_id)

    def mark_due(self, watch_id: int, now: datetime) -> None:
        """Make a watch due, unless it is due already."""
        later = and_(WatchRow.watch_id == watch_id, WatchRow.next_due_at > now)
        self._connection.execute(update(WatchRow).where(later).values(next_due_at=now))

    def has_upkeep(self, now: datetime) -> bool:
        """Tell whether there is anything for `Relinking` to do."""
        return self._connection.execute(_HAS_UPKEEP, {"since": now - UNDO_WINDOW}).scalar_one()

    def note_access(self, watch_id: int, now: datetime, before: datetime) -> None:
        """Note that the watch's feed was asked for, unless that was noted after `before`."""
        stale = or_(WatchRow.last_accessed_at.is_(None), WatchRow.last_accessed_at < before)
        mine = and_(WatchRow.watch_id == watch_id, stale)
        self._connection.execute(update(WatchRow).where(mine).values(last_accessed_at=now))

    def list_linked(self, watch_id: int, video_ids: Collection[str]) -> set[str]:
        """Return those of these videos that the watch has, in its feed or kept out of it."""
        link = WatchVideoRow
        mine = and_(link.watch_id == watch_id, link.video_id.in_(video_ids))
        return set(self._connection.execute(select(link.video_id).where(mine)).scalars())

    def list_accessed(self, since: datetime) -> dict[int, int]:
        """Return the watches whose feed was asked for since then, with their feed's seq."""
        rows = self._connection.execute(_ACCESSED, {"since": since})
        return {row.watch_id: row.feed_seq for row in rows}

    def list_delays(self, watch_id: int, since: datetime, among: int) -> list[int]:
        """Return how many seconds late search showed those that were late of the newest videos.

        Looks at no more than `among`, so that a watch of many videos costs little too.
        """
        link = WatchVideoRow
        mine = and_(link.watch_id == watch_id, link.published_at >= since)
        newest = select(link.delay_seconds).where(mine).order_by(link.published_at.desc())
        delays = self._connection.execute(newest.limit(among)).scalars()
        return [seconds for seconds in delays if seconds is not None]

    def _find(self, condition: ColumnElement[bool]) -> Watch | None:
        query = select(WatchRow.__table__).where(condition, _IS_THERE)
        row = self._connection.execute(query).one_or_none()
        return None if row is None else watch_of(row)

    def _update(self, watch_id: int, **values: object) -> None:
        self._connection.execute(
            update(WatchRow).where(WatchRow.watch_id == watch_id).values(values)
        )
