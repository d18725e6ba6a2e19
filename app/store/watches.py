"""Watches: what is watched, who holds it, and how far it has been read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import and_, bindparam, delete, func, insert, or_, select, update
from sqlalchemy.orm import aliased

from app.domain.errors import LeaseLostError, NotFoundError
from app.domain.watches import ActiveWatch, Claim, Problem, Watch, WatchKind
from app.store import hour_counts
from app.store.feed import counted_link
from app.store.feed_version import lock_version, move_feeds, store_version
from app.store.models import RangeRow, VideoRow, WatchRow, WatchVideoRow

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection, Row, Update


class WatchRepository:
    """Reads and writes watches within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(
        self, kind: WatchKind, term: str, *, now: datetime, read_until: datetime
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
            "paused": False,
            "created_at": now,
            "next_due_at": now,
            "fence": 0,
            "read_until": read_until,
            "feed_seq": 0,
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
        kind = select(WatchRow.kind).where(WatchRow.watch_id == watch_id)
        found = self._connection.execute(kind).scalar_one_or_none()
        return None if found is None else WatchKind(found)

    def find_by_term(self, kind: WatchKind, term: str) -> Watch | None:
        """Return the watch with exactly this term."""
        return self._find(and_(WatchRow.kind == kind.value, WatchRow.term == term))

    def list_all(self) -> list[Watch]:
        """Return every watch, oldest first."""
        rows = self._connection.execute(select(WatchRow.__table__).order_by(WatchRow.watch_id))
        return [_watch(row) for row in rows]

    def count(self) -> int:
        """Return how many watches there are."""
        return self._connection.execute(select(func.count()).select_from(WatchRow)).scalar_one()

    def list_active(self, since: datetime) -> list[ActiveWatch]:
        """Return the unpaused watches with their videos published since then, oldest first."""
        query = select(WatchRow.__table__).where(WatchRow.paused.is_(False))
        counts = hour_counts.counts_since(self._connection, since)
        rows = self._connection.execute(query.order_by(WatchRow.watch_id))
        return [_active(row, *counts.get(row.watch_id, (0, since))) for row in rows]

    def pack(self, watch_ids: Collection[int], now: datetime) -> None:
        """Take watches for a packed reading; the feed version must be locked."""
        self._connection.execute(_members(watch_ids).values(packed_at=now))

    def packed_to(self, watch_ids: Collection[int], until: datetime) -> None:
        """Note how far a packed reading has looked for these watches; the version must be locked.

        That it looked is all this says. Of more than one page shows the older ones are left to the
        watches' own readings: another packed one would show the newest again.
        """
        self._connection.execute(_members(watch_ids).values(packed_until=until))

    def list_packed(self) -> list[int]:
        """Return the ids of the watches that were ever taken for a packed reading."""
        packed = select(WatchRow.watch_id).where(WatchRow.packed_at.is_not(None))
        return list(self._connection.execute(packed.order_by(WatchRow.watch_id)).scalars())

    def drop_uncertain(self, watch_id: int, since: datetime, before: datetime) -> int:
        """Drop a watch's links that nothing has confirmed; return how many.

        They are in no feed and no count. Both instants bound the publish times, so that an index
        holds what is looked at; the version's lock keeps away who would confirm one meanwhile.
        """
        lock_version(self._connection)
        old = and_(
            WatchVideoRow.watch_id == watch_id,
            WatchVideoRow.published_at >= since,
            WatchVideoRow.published_at < before,
            WatchVideoRow.uncertain.is_(True),
        )
        return self._connection.execute(delete(WatchVideoRow).where(old)).rowcount

    def set_paused(self, watch_id: int, *, paused: bool) -> Watch:
        """Pause or resume a watch.

        Raises:
            NotFoundError: there is none.
        """
        self._update(watch_id, paused=paused)
        return self.get(watch_id)

    def remove(self, watch_id: int, now: datetime) -> None:
        """Remove a watch, its ranges and its links; the videos stay.

        Those that its feed held change for readers.

        Raises:
            NotFoundError: there is none.
        """
        version = lock_version(self._connection)
        self.get(watch_id)
        held = and_(WatchVideoRow.watch_id == watch_id, *counted_link())
        query = select(WatchVideoRow.video_id).where(held).order_by(WatchVideoRow.video_id)
        video_ids = list(self._connection.execute(query).scalars())
        others = self._sharing_with(watch_id)
        self._connection.execute(delete(WatchVideoRow).where(WatchVideoRow.watch_id == watch_id))
        self._connection.execute(delete(RangeRow).where(RangeRow.watch_id == watch_id))
        hour_counts.forget_scope(self._connection, watch_id)
        self._connection.execute(delete(WatchRow).where(WatchRow.watch_id == watch_id))
        changed = [{"key": v, "seq": version + n} for n, v in enumerate(video_ids, start=1)]
        if changed:
            statement = update(VideoRow).where(VideoRow.video_id == bindparam("key"))
            self._connection.execute(
                statement.values(seq=bindparam("seq"), updated_at=now), changed
            )
        store_version(self._connection, version + len(changed))
        move_feeds(self._connection, others, version + len(changed))

    def claim_due(self, now: datetime, leased_until: datetime, limit: int) -> list[Claim]:
        """Claim watches that are due and not held by anyone, the longest due first.

        Two tickers may see the same watch; the conditional UPDATE lets one of them have it, and
        the higher fence shuts out whoever held it before. Whatever else writes more than one watch
        locks the feed version first; so does this, or two of them could wait for each other's.
        """
        free = or_(WatchRow.leased_until.is_(None), WatchRow.leased_until <= now)
        due = and_(WatchRow.next_due_at <= now, WatchRow.paused.is_(False), free)
        query = select(WatchRow.watch_id, WatchRow.fence).where(due)
        longest_due = WatchRow.next_due_at, WatchRow.watch_id
        seen = self._connection.execute(query.order_by(*longest_due).limit(limit)).all()
        if seen:
            lock_version(self._connection)
        claims = []
        for watch_id, fence in seen:
            mine = and_(WatchRow.watch_id == watch_id, WatchRow.fence == fence, due)
            values = {"fence": fence + 1, "leased_until": leased_until}
            if self._connection.execute(update(WatchRow).where(mine).values(values)).rowcount == 1:
                claims.append(Claim(watch_id, fence + 1))
        return claims

    def renew(self, claim: Claim, leased_until: datetime) -> None:
        """Lengthen a lease; every transaction under a claim begins with this.

        Raises:
            LeaseLostError: another worker has the watch, or it was removed.
        """
        self._under(claim, leased_until=leased_until)

    def read_to(self, claim: Claim, read_until: datetime) -> None:
        """Note how far the watch has been taken in hand.

        Raises:
            LeaseLostError: another worker has the watch.
        """
        self._under(claim, read_until=read_until)

    def release(
        self, claim: Claim, *, next_due_at: datetime, now: datetime, problem: Problem | None
    ) -> None:
        """End a claim, well or with the problem that ended the poll.

        Raises:
            LeaseLostError: another worker has the watch, or it was removed.
        """
        if problem is None:
            self._under(
                claim,
                next_due_at=next_due_at,
                leased_until=None,
                last_success_at=now,
                error_code=None,
                error_since=None,
                error_detail=None,
            )
            return
        self._under(
            claim,
            next_due_at=next_due_at,
            leased_until=None,
            error_code=problem.code,
            error_since=problem.since,
            error_detail=problem.detail,
        )

    def void_leases(self) -> None:
        """End every lease: only for the one process that is alone by its file lock."""
        self._connection.execute(update(WatchRow).values(leased_until=None))

    def note_access(self, watch_id: int, now: datetime, before: datetime) -> None:
        """Note that the watch's feed was asked for, unless that was noted after `before`."""
        stale = or_(WatchRow.last_accessed_at.is_(None), WatchRow.last_accessed_at < before)
        mine = and_(WatchRow.watch_id == watch_id, stale)
        self._connection.execute(update(WatchRow).where(mine).values(last_accessed_at=now))

    def list_accessed(self, since: datetime) -> dict[int, int]:
        """Return the watches whose feed was asked for since then, with their feed's seq."""
        query = select(WatchRow.watch_id, WatchRow.feed_seq)
        rows = self._connection.execute(query.where(WatchRow.last_accessed_at >= since))
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
        row = self._connection.execute(select(WatchRow.__table__).where(condition)).one_or_none()
        return None if row is None else _watch(row)

    def _sharing_with(self, watch_id: int) -> set[int]:
        """Return the other watches with some of its videos in their feeds: items name it there."""
        mine, other = aliased(WatchVideoRow), aliased(WatchVideoRow)
        query = select(other.watch_id).join(mine, mine.video_id == other.video_id)
        shared = query.where(
            mine.watch_id == watch_id,
            other.watch_id != watch_id,
            *counted_link(mine),
            *counted_link(other),
        )
        return set(self._connection.execute(shared.distinct()).scalars())

    def _update(self, watch_id: int, **values: object) -> None:
        self._connection.execute(
            update(WatchRow).where(WatchRow.watch_id == watch_id).values(values)
        )

    def _under(self, claim: Claim, **values: object) -> None:
        mine = and_(WatchRow.watch_id == claim.watch_id, WatchRow.fence == claim.fence)
        if self._connection.execute(update(WatchRow).where(mine).values(values)).rowcount != 1:
            raise LeaseLostError(f"the claim on watch {claim.watch_id} was taken over")


def _members(watch_ids: Collection[int]) -> Update:
    return update(WatchRow).where(WatchRow.watch_id.in_(watch_ids))


def _active(row: Row[tuple[object, ...]], videos: int, first_hour: datetime) -> ActiveWatch:
    packed_until = row.packed_until or row.read_until
    return ActiveWatch(
        watch_id=row.watch_id,
        kind=WatchKind(row.kind),
        term=row.term,
        videos=videos,
        first_hour=first_hour,
        looked_until=max(row.read_until, packed_until),
        packed_at=row.packed_at,
    )


def _watch(row: Row[tuple[object, ...]]) -> Watch:
    error = None
    if row.error_code is not None:
        error = Problem(row.error_code, row.error_since, row.error_detail)
    return Watch(
        watch_id=row.watch_id,
        kind=WatchKind(row.kind),
        term=row.term,
        label=row.label,
        paused=row.paused,
        created_at=row.created_at,
        next_due_at=row.next_due_at,
        read_until=row.read_until,
        feed_seq=row.feed_seq,
        last_success_at=row.last_success_at,
        last_error=error,
    )
