"""Keeps the hub's subscriptions as the watches want them: asks for, renews and ends them.

A tick gives out what is due by moving its due time a lease ahead, so what a crash left undone is
due again by itself. While the hub is in trouble the feeds go on as without it.
"""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from app.domain.errors import BadRequestError, SourceError, StoreUnavailableError
from app.domain.subscriptions import Mode, Subscription, other_form, topic_of
from app.sources.websub import Callback
from app.telemetry import get_logger

if TYPE_CHECKING:
    from datetime import datetime

    from app.domain.clock import Clock
    from app.ingest.trouble import WriteTrouble
    from app.sources.websub import Hub
    from app.store.store import Store, Transaction
    from app.telemetry import Incidents

LEASE_WANTED = timedelta(days=5)
"""What others ask for and get; the hub may grant another."""

AT_ONCE = 4
"""Subscriptions a tick asks about: with a tick of 10 seconds 1,000 channels take 42 minutes."""

CONFIRMED_WITHIN = timedelta(hours=1)
"""A request that the hub took and did not confirm is made again after this, in the other form."""

_IN_HAND = timedelta(minutes=2)
_SOONEST, _LATEST = timedelta(minutes=1), timedelta(hours=2)


class Subscriber:
    """Gives out what is due and asks the hub; any number of processes may do so at once.

    Args:
        store: holds the subscriptions.
        hub: what is asked; None if nobody can reach us, so nothing is ever due.
        public_url: where the hub can reach us, with a slash at its end.
        clock: the present.
        incidents: told when the hub is in trouble and when that is over.
        writes: told when the database refuses to write.
    """

    def __init__(
        self,
        *,
        store: Store,
        hub: Hub | None,
        public_url: str,
        clock: Clock,
        incidents: Incidents,
        writes: WriteTrouble,
    ) -> None:
        self._store = store
        self._hub = hub
        self._public_url = public_url
        self._clock = clock
        self._incidents = incidents
        self._writes = writes
        self._log = get_logger(__name__)

    def due(self) -> list[str]:
        """Give out the channels about which the hub is to be asked now: a tick."""
        if self._hub is None:
            return []
        try:
            # Looked at first, because to take something locks out whoever stores videos.
            if not self._store.read(lambda t: t.subscriptions.has_work(self._clock())):
                return []
            return self._store.write(self._take)
        except StoreUnavailableError as error:
            self._writes.begin(error)
            return []

    def run(self, channel_id: str) -> None:
        """Ask the hub about a channel; what goes wrong is told once, and it is due again later."""
        try:
            self._ask_about(channel_id)
        except StoreUnavailableError as error:
            self._writes.begin(error)

    def _take(self, transaction: Transaction) -> list[str]:
        now = self._clock()
        subscriptions = transaction.subscriptions
        transaction.stand_in_line()
        subscriptions.drop_unwanted(now)
        for channel_id in subscriptions.list_unsubscribed(AT_ONCE):
            subscriptions.put(_new(channel_id, now))
        due = subscriptions.list_due(now, AT_ONCE)
        for subscription in due:
            subscriptions.put(replace(subscription, next_try_at=now + _IN_HAND))
        return [subscription.channel_id for subscription in due]

    def _ask_about(self, channel_id: str) -> None:
        """Write down what is asked, ask it, write down what came of it."""
        subscription = self._store.write(lambda t: self._begin(t, channel_id))
        if subscription is None or self._hub is None:
            return
        callback = Callback(f"{self._public_url}websub/{subscription.token}", LEASE_WANTED)
        try:
            self._hub.ask(subscription, callback)
        except SourceError as error:
            self._incidents.begin("hub_failed", str(error))
            trouble: SourceError | None = error
        else:
            self._incidents.end("hub_failed")
            trouble = None
        self._store.write(lambda t: self._end(t, subscription, trouble))

    def _begin(self, transaction: Transaction, channel_id: str) -> Subscription | None:
        transaction.stand_in_line()
        found = transaction.subscriptions.find_by_channel(channel_id)
        if found is None:
            return None
        unconfirmed = found.asked_at is not None and found.failing_since is None
        topic = other_form(found.topic) if unconfirmed else found.topic
        mode = Mode.SUBSCRIBE if transaction.subscriptions.is_wanted(found) else Mode.UNSUBSCRIBE
        asked = replace(found, mode=mode, topic=topic, asked_at=self._clock())
        transaction.subscriptions.put(asked)
        return asked

    def _end(
        self, transaction: Transaction, asked: Subscription, trouble: SourceError | None
    ) -> None:
        transaction.stand_in_line()
        found = transaction.subscriptions.find(asked.token)
        if found is None or found.asked_at != asked.asked_at:
            return  # confirmed already, or asked anew
        now = self._clock()
        if trouble is None:
            later = replace(found, failing_since=None, next_try_at=now + CONFIRMED_WITHIN)
        else:
            later = _failed(found, trouble, now)
        transaction.subscriptions.put(later)


def _new(channel_id: str, now: datetime) -> Subscription:
    return Subscription(
        token=secrets.token_urlsafe(32),
        channel_id=channel_id,
        secret=secrets.token_urlsafe(32),
        topic=topic_of(channel_id),
        mode=Mode.SUBSCRIBE,
        asked_at=None,
        expires_at=None,
        failing_since=None,
        next_try_at=now,
    )


def _failed(asked: Subscription, trouble: SourceError, now: datetime) -> Subscription:
    """Wait as long as it has been failing, so the waits double; try what is refused otherwise."""
    since = asked.failing_since or now
    wait = max(_SOONEST, min(_LATEST, now - since), timedelta(seconds=trouble.retry_after or 0))
    refused = isinstance(trouble, BadRequestError)
    topic = other_form(asked.topic) if refused else asked.topic
    return replace(asked, topic=topic, failing_since=since, next_try_at=now + wait)
