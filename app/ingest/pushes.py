"""What the hub says to us: it confirms what we asked for, and names videos worth a look.

Runs in the web process, which calls nobody: a push is written down as hints and makes its channel
due. Nothing a push says is stored; the next poll asks videos.list about the videos it names.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from app.domain.errors import NotFoundError, UpstreamError
from app.domain.subscriptions import Mode, is_same_topic, is_token
from app.sources.websub import is_signed, parse_push
from app.telemetry import get_logger

if TYPE_CHECKING:
    from datetime import datetime

    from app.domain.clock import Clock
    from app.domain.subscriptions import Push, Subscription
    from app.store.store import Store, Transaction

RENEWED_AFTER = 0.8
"""The part of a lease after which it is asked for again."""

DENIED_FOR = timedelta(hours=1)
"""When a hub that will not push is asked again."""

LONGEST_LEASE = timedelta(days=30)
MOST_VIDEOS = 50
MOST_HINTS = 500
"""Of a push, and of a channel: more are not noted, and the channel's listings show them."""


POLLED_FIRST = timedelta(minutes=1)
"""A channel that is watched is polled for itself; after this, keywords look at what came of it."""


class PushReceiver:
    """Answers the hub; share one per process."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._log = get_logger(__name__)

    def confirm(self, token: str, mode: str, topic: str, lease_seconds: int) -> None:
        """Confirm what we asked the hub for, and nothing else.

        Raises:
            NotFoundError: we did not ask for this.
            StoreUnavailableError: the database is away.
        """
        now = self._clock()
        self._store.read(lambda t: _get(t, token))  # a stranger takes nobody's place in the line

        def work(transaction: Transaction) -> None:
            transaction.stand_in_line()
            asked = _get(transaction, token)
            if mode != asked.mode.value or not is_same_topic(topic, asked.topic):
                raise NotFoundError("nobody here asked for this")
            if asked.mode is Mode.UNSUBSCRIBE:
                transaction.subscriptions.delete(token)
            elif asked.asked_at is not None:
                transaction.subscriptions.put(_granted(asked, lease_seconds, now))

        self._store.write(work)

    def deny(self, token: str, topic: str) -> None:
        """Note that the hub will not push; it is asked again later.

        Raises:
            NotFoundError: we did not ask for this.
            StoreUnavailableError: the database is away.
        """
        now = self._clock()
        self._store.read(lambda t: _get(t, token))  # as above

        def work(transaction: Transaction) -> None:
            transaction.stand_in_line()
            asked = _get(transaction, token)
            if not is_same_topic(topic, asked.topic):
                raise NotFoundError("nobody here asked for this")
            denied = replace(asked, failing_since=asked.failing_since or now, expires_at=None)
            again_at = min(asked.next_try_at, now + DENIED_FOR)  # renewal could be days away
            transaction.subscriptions.put(replace(denied, next_try_at=again_at))

        self._store.write(work)

    def receive(self, token: str, body: bytes, signature: str) -> None:
        """Take a push; one that is not signed with our secret is passed over in silence.

        So the specification wants it: who signs wrongly must not learn that from the answer.

        Raises:
            NotFoundError: there is no such address.
            StoreUnavailableError: the database is away; the hub will try again.
        """
        subscription = self._store.read(lambda t: _get(t, token))
        channel_id = subscription.channel_id
        if not is_signed(body, signature, subscription.secret):
            self._log.warning("push_ignored", channel_id=channel_id, reason="signature")
            return
        try:
            push = parse_push(body)
        except UpstreamError as error:
            self._log.warning("push_ignored", channel_id=channel_id, reason=str(error))
            return
        if not push.channel_ids <= {channel_id}:
            self._log.warning("push_ignored", channel_id=channel_id, reason="another channel")
            return
        self._note(channel_id, push)

    def _note(self, channel_id: str, push: Push) -> None:
        video_ids = (*push.video_ids, *push.deleted_ids)[:MOST_VIDEOS]
        now = self._clock()

        def work(transaction: Transaction) -> None:
            transaction.stand_in_line()  # or a poll that ends now could miss the hints
            subscriptions = transaction.subscriptions
            watch_id = subscriptions.find_watch(channel_id)
            followed = transaction.follows.find(channel_id) is not None
            if (watch_id is None and not followed) or not video_ids:
                return
            if subscriptions.count_hints(channel_id) < MOST_HINTS:
                subscriptions.add_hints(channel_id, video_ids, now)
            if watch_id is not None:
                transaction.watches.mark_due(watch_id, now)
            if followed:
                waits = POLLED_FIRST if subscriptions.is_polled(channel_id) else timedelta()
                transaction.follows.mark_due(channel_id, now + waits)

        self._store.write(work)


def _get(transaction: Transaction, token: str) -> Subscription:
    found = transaction.subscriptions.find(token) if is_token(token) else None
    if found is None:
        raise NotFoundError("nobody here asked for this")
    return found


def _granted(asked: Subscription, lease_seconds: int, now: datetime) -> Subscription:
    lease = min(LONGEST_LEASE, timedelta(seconds=max(0, lease_seconds)))
    return replace(
        asked,
        asked_at=None,
        expires_at=now + lease,
        failing_since=None,
        next_try_at=now + max(timedelta(minutes=1), RENEWED_AFTER * lease),
    )
