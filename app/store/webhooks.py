"""Webhooks, what came into the feeds they are for, and the log of deliveries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import and_, delete, exists, func, insert, or_, select, update

from app.domain.errors import NotFoundError
from app.domain.webhooks import Arrivals, Delivery, Pause, Webhook
from app.store.feed import list_stored
from app.store.models import REMOVED, VideoRow, WatchRow, WatchVideoRow
from app.store.notice_models import WebhookDeliveryRow, WebhookRow
from app.store.rows import select_videos

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from sqlalchemy import Connection, Row, Select

    from app.domain.videos import StoredVideo
    from app.store.rows import Columns

_PLAIN = (
    "webhook_id",
    "watch_id",
    "url",
    "next_seq",
    "created_at",
    "next_try_at",
    "failing_since",
    "failures",
    "paused_at",
)
_SECRETS = ("secret", "previous_secret", "previous_until")
_OF_DELIVERY = (
    "delivery_id",
    "webhook_id",
    "started_at",
    "finished_at",
    "after_seq",
    "next_seq",
    "videos",
    "status",
    "error",
)
_IS_THERE = or_(
    WebhookRow.watch_id.is_(None),
    exists().where(WatchRow.watch_id == WebhookRow.watch_id, WatchRow.kind != REMOVED),
)
"""Not those of a removed watch, which come back if it does."""
_OF = select(WebhookRow.__table__).where(_IS_THERE)
_HAS_ARRIVALS = or_(
    and_(
        WebhookRow.watch_id.is_(None),
        exists().where(VideoRow.first_seq > WebhookRow.next_seq),
    ),
    exists().where(
        WatchVideoRow.watch_id == WebhookRow.watch_id,
        WatchVideoRow.entered_seq > WebhookRow.next_seq,
    ),
)


class WebhookRepository:
    """Reads and writes webhooks within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, watch_id: int | None, url: str, secret: str, seq: int, now: datetime) -> Webhook:
        """Add a webhook for what comes in after a seq."""
        columns: Columns = {"watch_id": watch_id, "url": url, "secret": secret, "next_seq": seq}
        statement = insert(WebhookRow).values(created_at=now, next_try_at=now, **columns)
        key = self._connection.execute(statement).inserted_primary_key
        if key is None:
            raise AssertionError("an insert of one row has a key")
        return self.get(key[0])

    def get(self, webhook_id: int) -> Webhook:
        """Return a webhook.

        Raises:
            NotFoundError: there is none.
        """
        found = self.find(webhook_id)
        if found is None:
            raise NotFoundError(f"there is no webhook {webhook_id}")
        return found

    def find(self, webhook_id: int) -> Webhook | None:
        """Return a webhook, None if there is none."""
        return self._find(_OF.where(WebhookRow.webhook_id == webhook_id))

    def lock(self, webhook_id: int) -> Webhook:
        """Return a webhook that nobody else writes until the transaction ends.

        Raises:
            NotFoundError: there is none.
        """
        found = self._find(_OF.where(WebhookRow.webhook_id == webhook_id).with_for_update())
        if found is None:
            raise NotFoundError(f"there is no webhook {webhook_id}")
        return found

    def count(self) -> int:
        """Return how many there are."""
        query = select(func.count(WebhookRow.webhook_id)).where(_IS_THERE)
        return self._connection.execute(query).scalar_one()

    def list_page(self, first: int, limit: int) -> list[Webhook]:
        """Return up to `limit` webhooks, the oldest first."""
        query = _OF.order_by(WebhookRow.webhook_id)
        rows = self._connection.execute(query.offset(first).limit(limit))
        return [_webhook(row) for row in rows]

    def list_given_up(self) -> list[Webhook]:
        """Return those that were paused by nobody, the longest paused first."""
        given_up = WebhookRow.paused.in_((Pause.FAILING.value, Pause.GONE.value))
        query = _OF.where(given_up).order_by(WebhookRow.paused_at)
        return [_webhook(row) for row in self._connection.execute(query)]

    def list_due(self, now: datetime, limit: int) -> list[Webhook]:
        """Return those with something to send, the longest due first."""
        due = WebhookRow.paused.is_(None), WebhookRow.next_try_at <= now, _HAS_ARRIVALS
        order = WebhookRow.next_try_at, WebhookRow.webhook_id
        query = _OF.where(*due).order_by(*order).limit(limit)
        return [_webhook(row) for row in self._connection.execute(query)]

    def replace(self, before: Webhook, after: Webhook) -> bool:
        """Write a webhook, its secrets apart, if nobody has since it was read; tell whether.

        Every change moves `next_try_at`, so it is enough to compare that and the seq.
        """
        change = update(WebhookRow).where(
            WebhookRow.webhook_id == before.webhook_id,
            WebhookRow.next_try_at == before.next_try_at,
            WebhookRow.next_seq == before.next_seq,
        )
        columns: Columns = {name: getattr(after, name) for name in _PLAIN}
        why = after.paused.value if after.paused else None
        return self._connection.execute(change.values(paused=why, **columns)).rowcount == 1

    def set_secrets(self, webhook: Webhook) -> None:
        """Write a webhook's secrets, beside whatever a run writes."""
        columns: Columns = {name: getattr(webhook, name) for name in _SECRETS}
        change = update(WebhookRow).where(WebhookRow.webhook_id == webhook.webhook_id)
        self._connection.execute(change.values(columns))

    def delete(self, webhook_id: int) -> None:
        """Delete a webhook with its log.

        Raises:
            NotFoundError: there is none.
        """
        self._delete([self.get(webhook_id).webhook_id])

    def delete_of_watch(self, watch_id: int) -> None:
        """Delete the webhooks of a watch with their logs."""
        mine = select(WebhookRow.webhook_id).where(WebhookRow.watch_id == watch_id)
        self._delete(list(self._connection.execute(mine).scalars()))

    def arrivals(self, webhook: Webhook, limit: int) -> Arrivals:
        """Return the first of what came in after the webhook's seq: `limit` videos at most."""
        entered = VideoRow.first_seq.expression
        query = select(entered.label("entered"), VideoRow.video_id)
        if webhook.watch_id is not None:
            entered = WatchVideoRow.entered_seq.expression
            mine = WatchVideoRow.watch_id == webhook.watch_id
            query = select(entered.label("entered"), WatchVideoRow.video_id).where(mine)
        after = query.where(entered > webhook.next_seq).order_by(entered)
        came = self._connection.execute(after.limit(limit + 1)).all()
        taken = came[:limit]
        return Arrivals(
            next_seq=taken[-1].entered if taken else webhook.next_seq,
            videos=self._seen(webhook.watch_id, [row.video_id for row in taken]),
            more=len(came) > limit,
        )

    def add_delivery(self, delivery: Delivery, keep: int) -> None:
        """Log a delivery; of the webhook's log only the newest `keep` stay."""
        columns = {name: getattr(delivery, name) for name in _OF_DELIVERY}
        self._connection.execute(insert(WebhookDeliveryRow).values(columns))
        row, mine = WebhookDeliveryRow, WebhookDeliveryRow.webhook_id == delivery.webhook_id
        numbers = select(row.number).where(mine).order_by(row.number.desc())
        last = self._connection.execute(numbers.offset(keep).limit(1)).scalar_one_or_none()
        if last is not None:
            self._connection.execute(delete(row).where(mine, row.number <= last))

    def list_deliveries(self, webhook_id: int, first: int, limit: int) -> list[Delivery]:
        """Return up to `limit` deliveries of a webhook, the newest first."""
        row = WebhookDeliveryRow
        mine = select(row.__table__).where(row.webhook_id == webhook_id)
        rows = self._connection.execute(mine.order_by(row.number.desc()).offset(first).limit(limit))
        return [Delivery(**{name: getattr(it, name) for name in _OF_DELIVERY}) for it in rows]

    def count_deliveries(self, webhook_id: int) -> int:
        """Return how many there are in a webhook's log."""
        row = WebhookDeliveryRow
        mine = select(func.count(row.number)).where(row.webhook_id == webhook_id)
        return self._connection.execute(mine).scalar_one()

    def last_deliveries(self, webhook_ids: Collection[int]) -> dict[int, Delivery]:
        """Return the last delivery of each of these webhooks that has one."""
        row = WebhookDeliveryRow
        mine = row.webhook_id.in_(webhook_ids)
        newest = select(func.max(row.number)).where(mine).group_by(row.webhook_id)
        rows = self._connection.execute(select(row.__table__).where(row.number.in_(newest)))
        return {
            it.webhook_id: Delivery(**{name: getattr(it, name) for name in _OF_DELIVERY})
            for it in rows
        }

    def _find(self, query: Select[tuple[object, ...]]) -> Webhook | None:
        row = self._connection.execute(query).one_or_none()
        return None if row is None else _webhook(row)

    def _seen(self, watch_id: int | None, video_ids: list[str]) -> tuple[StoredVideo, ...]:
        """Return those of these videos that readers of the feed see, in the given order."""
        if not video_ids:
            return ()
        wanted = VideoRow.video_id.in_(video_ids), VideoRow.visible
        stored = list_stored(self._connection, select_videos().where(*wanted))
        found = {it.video.video_id: it for it in stored if watch_id in (None, *it.watches)}
        return tuple(found[video_id] for video_id in video_ids if video_id in found)

    def _delete(self, webhook_ids: list[int]) -> None:
        for row in (WebhookDeliveryRow, WebhookRow):
            self._connection.execute(delete(row).where(row.webhook_id.in_(webhook_ids)))


def _webhook(row: Row[tuple[object, ...]]) -> Webhook:
    why = None if row.paused is None else Pause(row.paused)
    return Webhook(paused=why, **{name: getattr(row, name) for name in (*_PLAIN, *_SECRETS)})


def count_waiting(connection: Connection, now: datetime) -> int:
    """Return how many that are not paused have something to send that is due."""
    due = _IS_THERE, _HAS_ARRIVALS, WebhookRow.paused.is_(None), WebhookRow.next_try_at <= now
    return connection.execute(select(func.count(WebhookRow.webhook_id)).where(*due)).scalar_one()
