"""Sends new videos to webhooks: at least once each, in the order in which they came in.

A tick gives out what is due by moving its due time a lease ahead, so what a crash left undone is
due again by itself. How far a webhook has come is written after the answer, and a run that was
overtaken meanwhile writes nothing.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING
from uuid import uuid4

from app.domain.errors import InvalidValueError, NotFoundError, SourceError, StoreUnavailableError
from app.domain.webhooks import Arrivals, Delivery, delivered, failed
from app.telemetry import get_logger
from app.webhooks.signing import encode_delivery, headers_for

if TYPE_CHECKING:
    from datetime import datetime

    from app.domain.clock import Clock
    from app.domain.watches import Watch
    from app.domain.webhooks import Webhook
    from app.sources.outgoing import Outgoing
    from app.store.store import Store, Transaction

AT_ONCE = 8
"""Webhooks that a tick gives out, so that slow receivers cannot take all of a worker's time."""

KEPT_DELIVERIES = 200
"""The newest of each webhook; while it fails, those are more than three days."""

_IN_HAND = timedelta(minutes=2)
_LONGEST_RUN = timedelta(seconds=5)
"""After so long a run leaves the rest to the next tick."""

_NOTHING = Arrivals(0, (), more=False)


class Deliverer:
    """Gives out webhooks with something to send, and sends it; any number may do so at once.

    Args:
        store: holds webhooks and videos.
        outgoing: sends.
        clock: the present.
    """

    def __init__(self, store: Store, outgoing: Outgoing, clock: Clock) -> None:
        self._store = store
        self._outgoing = outgoing
        self._clock = clock
        self._log = get_logger(__name__)

    def due(self) -> list[int]:
        """Give out webhooks that have something to send: a tick."""
        try:
            now = self._clock()
            due = self._store.read(lambda transaction: transaction.webhooks.list_due(now, AT_ONCE))
            return [webhook.webhook_id for webhook in due if self._take(webhook)]
        except StoreUnavailableError:
            return []  # the same tick has told of it

    def run(self, webhook_id: int) -> None:
        """Send what there is for a webhook; what goes wrong is logged, and due again later."""
        ends_at = self._clock() + _LONGEST_RUN
        try:
            while self._deliver(webhook_id, ends_at):
                pass
        except StoreUnavailableError as error:
            self._log.warning("delivery_not_noted", webhook_id=webhook_id, detail=str(error))

    def test(self, webhook_id: int) -> Delivery:
        """Send a delivery without videos; it changes nothing but the log.

        Raises:
            NotFoundError: there is no such webhook.
            StoreUnavailableError: the database is away.
        """
        webhook, watch, _ = self._store.read(lambda t: _look(t, webhook_id))
        delivery, _ = self._send(webhook, watch, replace(_NOTHING, next_seq=webhook.next_seq))
        self._store.write(lambda t: _log_delivery(t, delivery))
        return delivery

    def _take(self, webhook: Webhook) -> bool:
        taken = replace(webhook, next_try_at=self._clock() + _IN_HAND)
        return self._store.write(lambda transaction: transaction.webhooks.replace(webhook, taken))

    def _deliver(self, webhook_id: int, ends_at: datetime) -> bool:
        """Send one batch; tell whether to go on with the next one."""
        try:
            webhook, watch, arrivals = self._store.read(lambda t: _look(t, webhook_id))
        except NotFoundError:
            return False  # removed since it was given out
        if webhook.paused or arrivals.next_seq == webhook.next_seq:
            return False
        delivery, wait_seconds = None, None
        if arrivals.videos:  # else all of them were hidden, deleted or are no longer wanted
            delivery, wait_seconds = self._send(webhook, watch, arrivals)
        now = self._clock()
        if delivery is not None and delivery.error is not None:
            after = failed(webhook, now, delivery.status, wait_seconds)
            self._note(webhook, after, delivery)
            return False
        goes_on = arrivals.more and now < ends_at
        after = delivered(webhook, arrivals.next_seq, now + _IN_HAND if goes_on else now)
        return self._note(webhook, after, delivery) and goes_on

    def _send(
        self, webhook: Webhook, watch: Watch | None, arrivals: Arrivals
    ) -> tuple[Delivery, float | None]:
        """Send a batch; return what came of it, and how long the receiver wants us to wait."""
        delivery_id, started_at = uuid4().hex, self._clock()
        body = encode_delivery(webhook, delivery_id, watch, arrivals)
        headers = headers_for(body, delivery_id, webhook.live_secrets(started_at), started_at)
        status, error, wait_seconds = None, None, None
        try:
            answer = self._outgoing.post(webhook.url, body, headers)
            status, wait_seconds = answer.status, answer.retry_after
            error = _complaint(status)
        except (InvalidValueError, SourceError) as trouble:
            error = str(trouble)
        delivery = Delivery(
            delivery_id=delivery_id,
            webhook_id=webhook.webhook_id,
            started_at=started_at,
            finished_at=self._clock(),
            after_seq=webhook.next_seq,
            next_seq=arrivals.next_seq,
            videos=len(arrivals.videos),
            status=status,
            error=error,
        )
        return delivery, wait_seconds

    def _note(self, before: Webhook, after: Webhook, delivery: Delivery | None) -> bool:
        """Write down what came of it, unless somebody has changed the webhook meanwhile."""

        def work(transaction: Transaction) -> bool:
            if delivery is not None:
                _log_delivery(transaction, delivery)
            return transaction.webhooks.replace(before, after)

        try:
            noted = self._store.write(work)
        except NotFoundError:
            return False  # removed since it was sent
        if noted and after.paused and delivery is not None:
            why, detail = after.paused.value, delivery.error
            self._log.warning(
                "webhook_paused", webhook_id=after.webhook_id, reason=why, detail=detail
            )
        return noted


def _look(transaction: Transaction, webhook_id: int) -> tuple[Webhook, Watch | None, Arrivals]:
    webhook = transaction.webhooks.get(webhook_id)
    watch_id = webhook.watch_id
    watch = None if watch_id is None else transaction.watches.get(watch_id)
    return webhook, watch, transaction.webhooks.arrivals(webhook, webhook.batch)


def _log_delivery(transaction: Transaction, delivery: Delivery) -> None:
    """Log a delivery, be it overtaken or not: it was sent. Raises NotFoundError."""
    transaction.webhooks.lock(delivery.webhook_id)  # or it might be removed this moment
    transaction.webhooks.add_delivery(delivery, KEPT_DELIVERIES)


def _complaint(status: int) -> str | None:
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return None
    redirects = HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST
    return f"HTTP {status}{' (redirects are not followed)' * redirects}"
