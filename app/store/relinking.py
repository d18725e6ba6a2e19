"""Links that change without anybody telling of their videos: new filters, a watch's end, doubts.

New filters and a watch's end go through what the watch has in batches, each a transaction of its
own that locks the feed version first. How far they have come is written by the batch, so any
process may do the next one, and one that is killed leaves nothing half-done.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import and_, bindparam, delete, exists, select, update
from sqlalchemy.orm import aliased

from app.domain.intake import Recorded
from app.domain.watches import UNDO_WINDOW
from app.store.batch import Link, reason_against
from app.store.counts import Counts, forget_scope
from app.store.feed import counted_link
from app.store.feed_version import lock_version, move_feeds, store_version
from app.store.models import REMOVED, VideoRow, WatchRow, WatchVideoRow
from app.store.removal import Removal
from app.store.removed_watches import let_go, may_be_withdrawn
from app.store.rows import told_by
from app.store.visibility import list_excluded
from app.store.watch_rows import read_filters

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection, Row

    Found = Row[tuple[object, ...]]
    Marked = Row[int, str | None, str | None]

_FOUND = (
    select(WatchVideoRow.uncertain, WatchVideoRow.excluded_by, VideoRow.__table__)
    .join(VideoRow, VideoRow.video_id == WatchVideoRow.video_id)
    .order_by(WatchVideoRow.video_id)
)
_OTHER = aliased(WatchVideoRow)
_JUDGE = (
    update(WatchVideoRow)
    .where(WatchVideoRow.watch_id == bindparam("of"), WatchVideoRow.video_id == bindparam("video"))
    .values(excluded_by=bindparam("exclusion"))
)
_TOUCH = (
    update(VideoRow)
    .where(VideoRow.video_id == bindparam("key"))
    .values(visible=bindparam("shown"), seq=bindparam("new_seq"), updated_at=bindparam("at"))
)


class Relinking:
    """Does one batch; made for one transaction and used once."""

    def __init__(self, connection: Connection, now: datetime) -> None:
        self._connection = connection
        self._now = now
        self._before = lock_version(connection)

    def refilter(self, limit: int) -> Recorded | None:
        """Judge up to `limit` videos of a watch whose filters changed; None if there is none."""
        watch = self._first(WatchRow.refilter_after.is_not(None), WatchRow.kind != REMOVED)
        if watch is None:
            return None
        beyond = WatchVideoRow.video_id > watch.refilter_after
        rows = self._found(watch.watch_id, limit, beyond)
        filters = read_filters(watch.filters)
        judged = {row.video_id: reason_against(told_by(row), filters) for row in rows}
        changed = [row for row in rows if row.excluded_by != judged[row.video_id]]
        if changed:
            self._connection.execute(
                _JUDGE,
                [
                    {"of": watch.watch_id, "video": r.video_id, "exclusion": judged[r.video_id]}
                    for r in changed
                ],
            )
        self._mark(watch.watch_id, rows[-1].video_id if len(rows) == limit else None)
        certain = [row for row in changed if row.hidden_at is None and not row.uncertain]
        gained = [r for r in certain if judged[r.video_id] is None]
        lost = [r for r in certain if r.excluded_by is None]
        self._count(watch.watch_id, gained, 1)
        self._count(watch.watch_id, lost, -1)
        return self._settled(changed, [*gained, *lost], {watch.watch_id})

    def withdraw(self, limit: int) -> Recorded | None:
        """Take up to `limit` videos from a watch that was removed; None if there is none.

        One that can still be brought back is left alone; from the first batch on it cannot. A video
        that no other watch found goes away. After the last one so does the watch.
        """
        watch = self._first(may_be_withdrawn(self._now - UNDO_WINDOW))
        if watch is None:
            return None
        let_go(self._connection, watch.watch_id)
        rows = self._found(watch.watch_id, limit)
        if not rows:
            self._forget(watch.watch_id)
            return replace(self._touched({}, set()), ended=frozenset([watch.watch_id]))
        counted = [row for row in rows if row.hidden_at is None and _link(row).counts]
        self._count(watch.watch_id, counted, -1)
        ids = [row.video_id for row in rows]
        mine = WatchVideoRow.watch_id == watch.watch_id
        self._connection.execute(delete(WatchVideoRow).where(mine, WatchVideoRow.video_id.in_(ids)))
        shared = self._linked(ids)
        touched = self._settled(
            [row for row in rows if row.video_id in shared],
            [row for row in counted if row.video_id in shared],
            set(),
        )
        gone = Removal(self._connection, self._now).delete(set(ids) - shared)
        return Recorded(
            version=gone.version,
            added=(),
            updated=touched.updated,
            watches=touched.watches | gone.watches,
            rejected=(),
            deleted=gone.deleted,
            ended=frozenset([watch.watch_id]),
        )

    def drop_uncertain(self, watch_id: int, since: datetime, before: datetime) -> int:
        """Drop a watch's links that nothing has confirmed; return how many.

        An excluded one stays: it may be all that keeps its video out of the feeds. Both instants
        bound the publish times, so that an index holds what is looked at.
        """
        old = and_(
            WatchVideoRow.watch_id == watch_id,
            WatchVideoRow.published_at >= since,
            WatchVideoRow.published_at < before,
            WatchVideoRow.uncertain.is_(True),
            WatchVideoRow.excluded_by.is_(None),
        )
        excluded = exists().where(
            _OTHER.video_id == WatchVideoRow.video_id, _OTHER.excluded_by.is_not(None)
        )
        at_stake = self._connection.execute(_FOUND.where(old, excluded)).all()
        dropped = self._connection.execute(delete(WatchVideoRow).where(old)).rowcount
        self._settled(at_stake, [], set())
        return dropped

    def _first(self, *conditions: ColumnElement[bool]) -> Marked | None:
        query = select(WatchRow.watch_id, WatchRow.filters, WatchRow.refilter_after)
        first = query.where(*conditions).order_by(WatchRow.watch_id).limit(1)
        return self._connection.execute(first).first()

    def _found(self, watch_id: int, limit: int, *beyond: ColumnElement[bool]) -> Sequence[Found]:
        mine = _FOUND.where(WatchVideoRow.watch_id == watch_id, *beyond)
        return self._connection.execute(mine.limit(limit)).all()

    def _mark(self, watch_id: int, video_id: str | None) -> None:
        mine = update(WatchRow).where(WatchRow.watch_id == watch_id)
        self._connection.execute(mine.values(refilter_after=video_id))

    def _count(self, watch_id: int, rows: Sequence[Found], difference: int) -> None:
        counts = Counts()
        for row in rows:
            counts.add_scopes([watch_id], row.published_at, difference)
        counts.flush(self._connection)

    def _linked(self, video_ids: Collection[str]) -> set[str]:
        """Return those of these videos that any watch found."""
        query = select(WatchVideoRow.video_id).where(WatchVideoRow.video_id.in_(video_ids))
        return set(self._connection.execute(query).scalars())

    def _settled(
        self, relinked: Sequence[Found], moved: Sequence[Found], watches: set[int]
    ) -> Recorded:
        """Write what readers see otherwise, now that links have changed.

        Args:
            relinked: the videos of these links, as they were before.
            moved: those of them that came into a watch's feed or left it.
            watches: whose feeds those are.
        """
        excluded = list_excluded(self._connection, [row.video_id for row in relinked])
        shown = {
            row.video_id: row.hidden_at is None and row.video_id not in excluded for row in relinked
        }
        turned = [row for row in relinked if row.visible != shown[row.video_id]]
        counts = Counts()
        for row in turned:
            counts.add(row.channel_id, row.published_at, (), 1 if shown[row.video_id] else -1)
        counts.flush(self._connection)
        touched = {row.video_id: shown[row.video_id] for row in (*moved, *turned)}
        return self._touched(touched, watches if moved else set())

    def _touched(self, shown: Mapping[str, bool], watches: set[int]) -> Recorded:
        """Note that these videos come or go, or that their items change, which name watches."""
        if not shown:
            return Recorded(self._before, (), (), frozenset(), ())
        version = self._before + len(shown)
        rows = [
            {"key": video_id, "shown": shown[video_id], "new_seq": seq, "at": self._now}
            for seq, video_id in enumerate(sorted(shown), start=self._before + 1)
        ]
        self._connection.execute(_TOUCH, rows)
        query = select(WatchVideoRow.watch_id).where(
            WatchVideoRow.video_id.in_(shown), *counted_link()
        )
        moved = watches.union(self._connection.execute(query.distinct()).scalars())
        store_version(self._connection, version)
        move_feeds(self._connection, moved, version)
        return Recorded(version, (), tuple(shown), frozenset(moved), ())

    def _forget(self, watch_id: int) -> None:
        forget_scope(self._connection, watch_id)
        self._connection.execute(delete(WatchRow).where(WatchRow.watch_id == watch_id))


def _link(row: Found) -> Link:
    return Link(row.uncertain, row.excluded_by)
