"""Which channels are followed for which keywords, and how far their listings were seen."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sqlalchemy import and_, delete, func, insert, select, update

from app.domain.channels import ChannelState, usual_playlist
from app.domain.follows import Brought, Follow, FollowedChannel, FollowingWatch, Yield
from app.domain.intake import LinkReason
from app.domain.watches import WatchKind
from app.store.channel_models import FollowedChannelRow, FollowRow, PushHintRow
from app.store.feed import counted_link, list_stored
from app.store.models import VideoRow, WatchRow, WatchVideoRow
from app.store.rows import select_videos, told_by

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Row

    from app.domain.videos import StoredVideo

_FOLLOWS = and_(
    WatchRow.kind == WatchKind.KEYWORD.value, WatchRow.paused.is_(False), WatchRow.follow.is_(True)
)
_READ = ("feed_read_at", "feed_failing_since", "feed_retry_at", "uploads_tried_at")
"""The columns named like the fields of `ChannelState` that hold the same values."""


class FollowRepository:
    """Reads and writes what is followed within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list_watches(self) -> list[FollowingWatch]:
        """Return the keywords for which channels may be followed, the oldest first."""
        query = select(WatchRow.watch_id, WatchRow.term, WatchRow.created_at).where(_FOLLOWS)
        rows = self._connection.execute(query.order_by(WatchRow.watch_id))
        return [FollowingWatch(*row) for row in rows]

    def list_brought(self, watch_id: int, since: datetime, limit: int) -> list[Brought]:
        """Return the newest videos of a watch's feed that were published since then."""
        link = WatchVideoRow
        counts = *counted_link(), VideoRow.visible
        query = (
            select_videos()
            .add_columns(link.reason)
            .join(link, link.video_id == VideoRow.video_id)
            .where(link.watch_id == watch_id, link.published_at >= since, *counts)
            .order_by(link.published_at.desc(), link.video_id.desc())
        )
        rows = self._connection.execute(query.limit(limit))
        return [Brought(told_by(row), LinkReason(row.reason)) for row in rows]

    def list_all(self) -> list[Follow]:
        """Return all that is followed."""
        rows = self._connection.execute(select(FollowRow.__table__))
        return [_follow(row) for row in rows]

    def list_of_watch(self, watch_id: int, limit: int) -> list[Follow]:
        """Return what is followed for a keyword, the most fruitful first."""
        row = FollowRow
        mine = select(row.__table__).join(WatchRow, WatchRow.watch_id == row.watch_id)
        order = row.matches.desc(), row.last_match_at.desc(), row.channel_id
        query = mine.where(row.watch_id == watch_id, _FOLLOWS).order_by(*order)
        return [_follow(found) for found in self._connection.execute(query.limit(limit))]

    def list_following(self, channel_id: str) -> list[FollowingWatch]:
        """Return the keywords for which a channel is followed."""
        query = select(WatchRow.watch_id, WatchRow.term, WatchRow.created_at)
        mine = query.join(FollowRow, FollowRow.watch_id == WatchRow.watch_id)
        rows = self._connection.execute(
            mine.where(FollowRow.channel_id == channel_id, _FOLLOWS).order_by(WatchRow.watch_id)
        )
        return [FollowingWatch(*row) for row in rows]

    def replace_all(self, chosen: Sequence[Yield], now: datetime) -> None:
        """Follow these and nobody else; a channel with a new keyword is looked at anew, at once.

        The feed version must be locked. Keywords that are gone meanwhile are left out.
        """
        watches = {watch.watch_id for watch in self.list_watches()}
        known = {(f.brings.watch_id, f.brings.channel_id): f.since for f in self.list_all()}
        kept = [each for each in chosen if each.watch_id in watches]
        self._connection.execute(delete(FollowRow))
        rows = [_columns(each, known.get((each.watch_id, each.channel_id), now)) for each in kept]
        if rows:
            self._connection.execute(insert(FollowRow), rows)
        fresh = {e.channel_id for e in kept if (e.watch_id, e.channel_id) not in known}
        self._drop_channels({each.channel_id for each in kept})
        self._begin_channels(sorted(fresh), now)

    def list_stored(self, channel_id: str, limit: int) -> list[StoredVideo]:
        """Return the newest videos of a channel that are stored, visible or not."""
        row = VideoRow
        mine = select_videos().where(row.channel_id == channel_id)
        newest = mine.order_by(row.published_at.desc(), row.video_id.desc()).limit(limit)
        return list_stored(self._connection, newest)

    def count_channels(self) -> int:
        """Return how many channels are followed."""
        query = select(func.count()).select_from(FollowedChannelRow)
        return self._connection.execute(query).scalar_one()

    def next_due_at(self) -> datetime | None:
        """Return when a channel is looked at next; None if none is followed."""
        query = select(func.min(FollowedChannelRow.next_due_at))
        return self._connection.execute(query).scalar_one()

    def take_due(self, now: datetime, until: datetime, limit: int) -> list[str]:
        """Take channels that are due, the longest due first; they are due again at `until`.

        The feed version must be locked, so that nobody else takes the same.
        """
        row = FollowedChannelRow
        due = select(row.channel_id).where(row.next_due_at <= now)
        longest = due.order_by(row.next_due_at, row.channel_id).limit(limit)
        taken = list(self._connection.execute(longest).scalars())
        change = update(row).where(row.channel_id.in_(taken)).values(next_due_at=until)
        self._connection.execute(change)
        return taken

    def find(self, channel_id: str) -> FollowedChannel | None:
        """Return a channel that is followed."""
        query = select(FollowedChannelRow.__table__)
        mine = query.where(FollowedChannelRow.channel_id == channel_id)
        row = self._connection.execute(mine).one_or_none()
        if row is None:
            return None
        read = {name: getattr(row, name) for name in _READ}
        listings = ChannelState(usual_playlist(channel_id), **read)
        return FollowedChannel(channel_id, row.next_due_at, listings, tuple(json.loads(row.seen)))

    def put(self, channel: FollowedChannel) -> None:
        """Write down how a channel was read, if it is still followed."""
        values = {name: getattr(channel.listings, name) for name in _READ}
        seen = json.dumps(channel.seen, separators=(",", ":"))
        mine = update(FollowedChannelRow).where(FollowedChannelRow.channel_id == channel.channel_id)
        change = mine.values(next_due_at=channel.next_due_at, seen=seen, **values)
        self._connection.execute(change)

    def mark_due(self, channel_id: str, due_at: datetime) -> None:
        """Have a channel looked at by then, unless it is due earlier."""
        row = FollowedChannelRow
        later = and_(row.channel_id == channel_id, row.next_due_at > due_at)
        self._connection.execute(update(row).where(later).values(next_due_at=due_at))

    def _drop_channels(self, wanted: set[str]) -> None:
        """Forget channels that nobody wants; of what was pushed for them, what no watch wants."""
        row = FollowedChannelRow
        there = set(self._connection.execute(select(row.channel_id)).scalars())
        gone = there - wanted
        self._connection.execute(delete(row).where(row.channel_id.in_(gone)))
        is_channel = WatchRow.kind == WatchKind.CHANNEL.value
        watched = select(WatchRow.watch_id).where(
            is_channel, WatchRow.term == PushHintRow.channel_id
        )
        hints = delete(PushHintRow).where(PushHintRow.channel_id.in_(gone), ~watched.exists())
        self._connection.execute(hints)

    def _begin_channels(self, channel_ids: Iterable[str], now: datetime) -> None:
        row = FollowedChannelRow
        begun = {"next_due_at": now, "seen": "[]", "feed_read_at": None}
        for channel_id in channel_ids:
            known = update(row).where(row.channel_id == channel_id).values(begun)
            if not self._connection.execute(known).rowcount:
                self._connection.execute(insert(row).values(channel_id=channel_id, **begun))


def _columns(brings: Yield, since: datetime) -> dict[str, object]:
    return {
        "watch_id": brings.watch_id,
        "channel_id": brings.channel_id,
        "channel_title": brings.channel_title,
        "followed_since": since,
        "matches": brings.matches,
        "last_match_at": brings.last_match_at,
    }


def _follow(row: Row[tuple[object, ...]]) -> Follow:
    return Follow(
        Yield(row.watch_id, row.channel_id, row.channel_title, row.matches, row.last_match_at),
        row.followed_since,
    )
