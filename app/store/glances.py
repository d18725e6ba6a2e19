"""Glances: channels that are asked for and not watched, least recently asked for out first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
from sqlalchemy import and_, case, delete, insert, or_, select, update

from app.domain.clock import parse_instant
from app.domain.glances import MAX_GLANCES, Glance
from app.domain.videos import Detail, LiveState, Source, Video
from app.store.channel_models import GlanceRow
from app.store.executing import insert_if_absent
from app.store.rows import columns_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Select

    from app.store.rows import Columns

_PLAIN = (
    "channel_id",
    "wanted",
    "next_try_at",
    "last_accessed_at",
    "fetched_at",
    "reach",
    "completed_at",
    "gone_until",
    "failing_since",
)
"""The columns named like the fields of `Glance` that hold the same values."""


class GlanceRepository:
    """Reads and writes glances within one transaction; nothing of them is in any feed."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, channel_id: str) -> Glance | None:
        """Return the glance of a channel."""
        query = select(GlanceRow.__table__).where(GlanceRow.channel_id == channel_id)
        row = self._connection.execute(query).one_or_none()
        if row is None:
            return None
        plain = {name: getattr(row, name) for name in _PLAIN}
        return Glance(**plain, source=Source(row.source), videos=_read(row.videos))

    def want(self, channel_id: str, wanted: int, now: datetime, *, most: int = MAX_GLANCES) -> None:
        """Note that somebody waits for so many videos; beyond `most` glances the oldest go.

        Several at a time may each let in one more; the next one lets go of those, too.
        """
        row = GlanceRow
        larger = case((row.wanted < wanted, wanted), else_=row.wanted)
        mine = update(row).where(row.channel_id == channel_id)
        noted = self._connection.execute(mine.values(wanted=larger, last_accessed_at=now))
        if noted.rowcount:
            return
        new = Glance(channel_id, wanted, next_try_at=now, last_accessed_at=now)
        insert_if_absent(self._connection, insert(row).values(_columns(new)))
        self._drop_surplus(most)

    def note_access(self, channel_id: str, now: datetime, before: datetime) -> None:
        """Note that somebody asked for it, unless that was noted after `before`."""
        stale = GlanceRow.channel_id == channel_id, GlanceRow.last_accessed_at < before
        self._connection.execute(update(GlanceRow).where(*stale).values(last_accessed_at=now))

    def list_due(self, now: datetime, limit: int) -> list[str]:
        """Return channels that somebody waits for and that may be asked about, longest due first.

        They may be taken by others before they are claimed.
        """
        row = GlanceRow
        due = select(row.channel_id).where(row.wanted > 0, row.next_try_at <= now)
        query = due.order_by(row.next_try_at, row.channel_id).limit(limit)
        return list(self._connection.execute(query).scalars())

    def claim(self, channel_id: str, now: datetime, until: datetime) -> bool:
        """Take one that is due; False if somebody else has taken it meanwhile."""
        row = GlanceRow
        due = and_(row.channel_id == channel_id, row.wanted > 0, row.next_try_at <= now)
        taken = update(row).where(due).values(next_try_at=until)
        return self._connection.execute(taken).rowcount == 1

    def put(self, glance: Glance) -> None:
        """Write down what came of it, unless it was let go meanwhile."""
        mine = update(GlanceRow).where(GlanceRow.channel_id == glance.channel_id)
        columns = _columns(glance)
        del columns["last_accessed_at"]  # others move it meanwhile
        self._connection.execute(mine.values(columns))

    def prune(self, before: datetime, limit: int) -> int:
        """Let go of up to `limit` not asked for, or not fetched, since then; return how many."""
        row = GlanceRow
        old = or_(row.last_accessed_at < before, row.fetched_at < before)
        return self._drop(select(row.channel_id).where(old).limit(limit))

    def _drop_surplus(self, most: int) -> None:
        newest_first = GlanceRow.last_accessed_at.desc(), GlanceRow.channel_id.desc()
        self._drop(select(GlanceRow.channel_id).order_by(*newest_first).offset(most))

    def _drop(self, chosen: Select[str]) -> int:
        ids = list(self._connection.execute(chosen).scalars())
        if not ids:
            return 0
        return self._connection.execute(
            delete(GlanceRow).where(GlanceRow.channel_id.in_(ids))
        ).rowcount


def _columns(glance: Glance) -> Columns:
    plain: Columns = {name: getattr(glance, name) for name in _PLAIN}
    return {**plain, "source": glance.source.value, "videos": _written(glance.videos)}


def _written(videos: Sequence[Video]) -> str:
    return orjson.dumps([columns_of(video) for video in videos]).decode()


def _read(text: str) -> tuple[Video, ...]:
    return tuple(map(_video, orjson.loads(text)))


def _video(told: dict[str, object]) -> Video:
    live = told["live"]
    turned = {
        "published_at": parse_instant(str(told["published_at"])),
        "detail": Detail(int(str(told["detail"]))),
        "live": None if live is None else LiveState(str(live)),
    }
    return Video(**{**told, **turned})  # type: ignore[arg-type] # the fields that were written
