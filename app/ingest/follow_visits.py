"""Followed channels in hand: given out, taken with what is known of them, given back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from app.domain.quota import Bucket
from app.ingest import follow_plan, retries
from app.ingest.channel_plan import FEED_EVERY, Means
from app.sources.base import MAX_IDS_PER_CALL

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from app.domain.clock import Clock
    from app.domain.follows import FollowedChannel, FollowingWatch
    from app.quota.ring import KeyRing
    from app.store.store import Store, Transaction

AT_ONCE = 12
"""Channels a tick gives out: with a tick of 10 seconds 1,000 take 14 minutes."""

_IN_HAND = timedelta(minutes=2)


@dataclass
class Visit:
    """A followed channel in hand.

    Args:
        channel: how it was read so far.
        watches: the keywords it is followed for.
        polled: it is watched, too: its own polls store what it publishes, and take its hints.
        push_until: how long the hub has promised to push for it; None if it has not.
        hints: what pushes named, an id for each and the video.
        means: what there is to follow channels with.
        due_at: when it was due again as it was taken in hand.
        hints_failed: nobody could be asked about what pushes named.
    """

    channel: FollowedChannel
    watches: Sequence[FollowingWatch]
    polled: bool
    push_until: datetime | None
    hints: Sequence[tuple[int, str]]
    means: Means
    due_at: datetime
    hints_failed: bool = False


class FollowVisits:
    """Takes followed channels in hand; any number of processes may do so at once.

    Args:
        store: holds what is followed.
        ring: knows what units are left.
        clock: the present.
        pushes: the hub can reach us. If it could once and now cannot, its leases mean nothing.
    """

    def __init__(self, store: Store, ring: KeyRing, clock: Clock, *, pushes: bool) -> None:
        self._store = store
        self._ring = ring
        self._clock = clock
        self._pushes = pushes

    def due(self) -> list[str]:
        """Give out channels that are due, by moving their due time ahead."""
        now = self._clock()
        next_at = self._store.read(lambda transaction: transaction.follows.next_due_at())
        if next_at is None or next_at > now:
            return []
        return self._store.write(lambda transaction: _take(transaction, now))

    def begin(self, channel_id: str) -> Visit | None:
        """Take a channel in hand; None if it is followed no more."""
        left, limit = self._ring.usable(Bucket.UNITS)
        now = self._clock()

        def work(transaction: Transaction) -> Visit | None:
            channel = transaction.follows.find(channel_id)
            if channel is None:
                return None
            followed = transaction.follows.count_channels()
            means = Means(followed, left, limit, follow_plan.UPLOADS_SHARE)
            subscriptions = transaction.subscriptions
            subscription = subscriptions.find_by_channel(channel_id) if self._pushes else None
            pushed = subscription if subscription and subscription.is_active(now) else None
            hints = subscriptions.list_hints(channel_id, MAX_IDS_PER_CALL)
            return Visit(
                channel,
                transaction.follows.list_following(channel_id),
                polled=subscriptions.is_polled(channel_id),
                # While units are short, hints wait, and the feed is read as without them.
                push_until=pushed.expires_at if pushed and means.can_check else None,
                hints=hints if means.can_check else (),
                means=means,
                due_at=channel.next_due_at,
            )

        return self._store.read(work)

    def end(self, visit: Visit) -> None:
        """Write down how it was read, and when it is looked at next."""
        now, channel = self._clock(), visit.channel
        reads = not visit.polled and bool(visit.watches)
        due_at = now + FEED_EVERY
        if reads:
            due_at = follow_plan.next_due_at(channel.listings, visit.means, visit.push_until, now)

        def work(transaction: Transaction) -> None:
            transaction.stand_in_line()
            present = transaction.follows.find(channel.channel_id)
            if present is None:
                return
            due = [due_at]
            if present.next_due_at != visit.due_at:  # a push has come meanwhile
                due.append(present.next_due_at)
            if (
                reads
                and visit.means.can_check
                and transaction.subscriptions.list_hints(channel.channel_id, 1)
            ):
                due.append(now + (FEED_EVERY if visit.hints_failed else retries.SOONEST))
            transaction.follows.put(replace(channel, next_due_at=min(due)))

        self._store.write(work)


def _take(transaction: Transaction, now: datetime) -> list[str]:
    transaction.stand_in_line()
    return transaction.follows.take_due(now, now + _IN_HAND, AT_ONCE)
