"""Subscriptions at the hub, and what its pushes named."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import and_, delete, exists, func, insert, or_, select, update

from app.domain.subscriptions import Mode, Subscription
from app.domain.watches import WatchKind
from app.store.channel_models import FollowedChannelRow, PushHintRow, SubscriptionRow
from app.store.models import WatchRow

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection, Row, Select
    from sqlalchemy.orm import InstrumentedAttribute

_WATCHED = and_(WatchRow.kind == WatchKind.CHANNEL.value, WatchRow.paused.is_(False))
_WANTED = or_(
    exists().where(_WATCHED, WatchRow.term == SubscriptionRow.channel_id),
    exists().where(FollowedChannelRow.channel_id == SubscriptionRow.channel_id),
)
"""Of a subscription: its channel is watched and not paused, or followed for a keyword."""


class SubscriptionRepository:
    """Reads and writes subscriptions within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, token: str) -> Subscription | None:
        """Return the subscription of an address."""
        return self._find(SubscriptionRow.token == token)

    def find_by_channel(self, channel_id: str) -> Subscription | None:
        """Return a channel's subscription."""
        return self._find(SubscriptionRow.channel_id == channel_id)

    def list_unsubscribed(self, limit: int) -> list[str]:
        """Return channels that are wanted and have no subscription: watched ones first."""
        watched = select(WatchRow.term).where(_WATCHED)
        found = self._unsubscribed(watched, WatchRow.term, limit)
        followed = select(FollowedChannelRow.channel_id)
        found += self._unsubscribed(followed, FollowedChannelRow.channel_id, limit)
        return list(dict.fromkeys(found))[:limit]

    def list_due(self, now: datetime, limit: int) -> list[Subscription]:
        """Return subscriptions about which the hub is to be asked, the longest due first."""
        due = select(SubscriptionRow.__table__).where(SubscriptionRow.next_try_at <= now)
        order = SubscriptionRow.next_try_at, SubscriptionRow.token
        rows = self._connection.execute(due.order_by(*order).limit(limit))
        return [_subscription(row) for row in rows]

    def has_work(self, now: datetime) -> bool:
        """Tell whether the hub is to be asked about any channel, or any is to be forgotten."""
        unwanted = and_(~_WANTED, SubscriptionRow.mode == Mode.SUBSCRIBE.value)
        due = exists().where(or_(SubscriptionRow.next_try_at <= now, unwanted, _is_over(now)))
        is_any = self._connection.execute(select(due)).scalar_one()
        return is_any or bool(self.list_unsubscribed(1))

    def drop_unwanted(self, now: datetime) -> None:
        """Make due what is wanted no more and still at the hub; forget what is not there."""
        unwanted = and_(~_WANTED, SubscriptionRow.mode == Mode.SUBSCRIBE.value)
        row = SubscriptionRow
        change = update(row).where(unwanted).values(mode=Mode.UNSUBSCRIBE.value, next_try_at=now)
        self._connection.execute(change.values(asked_at=None, failing_since=None))
        self._connection.execute(delete(row).where(_is_over(now)))

    def is_wanted(self, subscription: Subscription) -> bool:
        """Tell whether its channel is watched and not paused, or followed for a keyword."""
        mine = SubscriptionRow.token == subscription.token
        wanted = select(SubscriptionRow.token).where(mine, _WANTED)
        return self._connection.execute(wanted).first() is not None

    def is_polled(self, channel_id: str) -> bool:
        """Tell whether a channel is watched and not paused: its own polls take its hints."""
        mine = _WATCHED, WatchRow.term == channel_id
        return self._connection.execute(select(WatchRow.watch_id).where(*mine)).first() is not None

    def put(self, subscription: Subscription) -> None:
        """Write a subscription down in the place of what was there of it."""
        self.delete(subscription.token)
        values = {name: getattr(subscription, name) for name in _COLUMNS}
        statement = insert(SubscriptionRow).values(mode=subscription.mode.value, **values)
        self._connection.execute(statement)

    def delete(self, token: str) -> None:
        """Forget a subscription."""
        self._connection.execute(delete(SubscriptionRow).where(SubscriptionRow.token == token))

    def add_hints(self, channel_id: str, video_ids: Sequence[str], now: datetime) -> None:
        """Note videos that a push named."""
        rows = [{"channel_id": channel_id, "video_id": v, "received_at": now} for v in video_ids]
        if rows:
            self._connection.execute(insert(PushHintRow), rows)

    def count_hints(self, channel_id: str) -> int:
        """Return how many are noted for a channel."""
        mine = select(func.count()).where(PushHintRow.channel_id == channel_id)
        return self._connection.execute(mine).scalar_one()

    def list_hints(self, channel_id: str, limit: int) -> list[tuple[int, str]]:
        """Return a channel's oldest hints: their ids, and the videos."""
        row = PushHintRow
        mine = select(row.hint_id, row.video_id).where(row.channel_id == channel_id)
        found = self._connection.execute(mine.order_by(row.hint_id).limit(limit))
        return [(hint_id, video_id) for hint_id, video_id in found]

    def drop_hints(self, hint_ids: Sequence[int], before: datetime | None = None) -> None:
        """Forget hints; if `before` is given, only those that came before it."""
        these = delete(PushHintRow).where(PushHintRow.hint_id.in_(hint_ids))
        if before is not None:
            these = these.where(PushHintRow.received_at < before)
        self._connection.execute(these)

    def find_watch(self, channel_id: str) -> int | None:
        """Return the watch of a channel."""
        mine = WatchRow.kind == WatchKind.CHANNEL.value, WatchRow.term == channel_id
        return self._connection.execute(select(WatchRow.watch_id).where(*mine)).scalar_one_or_none()

    def _unsubscribed(
        self, query: Select[str], name: InstrumentedAttribute[str], limit: int
    ) -> list[str]:
        there = exists().where(SubscriptionRow.channel_id == name)
        found = self._connection.execute(query.where(~there).order_by(name).limit(limit))
        return list(found.scalars())

    def _find(self, condition: ColumnElement[bool]) -> Subscription | None:
        query = select(SubscriptionRow.__table__).where(condition)
        row = self._connection.execute(query).one_or_none()
        return None if row is None else _subscription(row)


_COLUMNS = (
    "token",
    "channel_id",
    "secret",
    "topic",
    "asked_at",
    "expires_at",
    "failing_since",
    "next_try_at",
)


def _subscription(row: Row[tuple[object, ...]]) -> Subscription:
    return Subscription(mode=Mode(row.mode), **{name: getattr(row, name) for name in _COLUMNS})


def _is_over(now: datetime) -> ColumnElement[bool]:
    """Of a subscription: that it is to end, and has ended at the hub."""
    row = SubscriptionRow
    ended = row.expires_at.is_(None) | (row.expires_at <= now)
    return and_(row.mode == Mode.UNSUBSCRIBE.value, ended)
