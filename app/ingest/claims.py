"""Claims: which watches are due, who may fetch for them, and when they are due again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, auto
from typing import TYPE_CHECKING

from app.domain.errors import NewsreelError, NoUsableKeyError, SourceError
from app.domain.quota import Bucket
from app.domain.watches import Problem
from app.ingest import planner
from app.ingest.tail import LEASE

if TYPE_CHECKING:
    from datetime import datetime

    from app.domain.clock import Clock
    from app.domain.ranges import OpenRange
    from app.domain.watches import Claim, Watch
    from app.quota.ledger import Ledger
    from app.quota.ring import KeyRing
    from app.store.store import Store, Transaction

RETRY_AFTER_TROUBLE = timedelta(seconds=60)
"""When a watch is tried again after an error, unless its pace or the source asks for longer."""


@dataclass(frozen=True, slots=True)
class Poll:
    """A claimed watch in hand.

    Args:
        claim: under which everything is written.
        watch: what is read for.
        ranges: what it has to read, newest first.
        calls_allowed: search calls it may spend.
        started_at: when it was taken in hand.
    """

    claim: Claim
    watch: Watch
    ranges: tuple[OpenRange, ...]
    calls_allowed: int
    started_at: datetime


class Outcome(Enum):
    """How a poll ended: all read, or some left for want of time or of calls."""

    WHOLE = auto()
    TIME = auto()
    CALLS = auto()


class Claims:
    """Gives watches out and takes them back.

    Args:
        store: holds watches and ranges.
        ring: knows which keys are usable and what they have left.
        ledger: knows when the day ends.
        clock: the present.
        interval: the least time between two polls of a watch.
        lookback: how much of what was read before is read again.
    """

    def __init__(
        self,
        store: Store,
        ring: KeyRing,
        ledger: Ledger,
        clock: Clock,
        *,
        interval: timedelta,
        lookback: timedelta,
    ) -> None:
        self._store = store
        self._ring = ring
        self._ledger = ledger
        self._clock = clock
        self._interval = interval
        self._lookback = lookback

    def due(self, limit: int) -> list[Claim]:
        """Claim up to `limit` watches that are due; nobody else gets them while the lease holds."""
        now = self._clock()
        return self._store.write(lambda t: t.watches.claim_due(now, now + LEASE, limit))

    def begin(self, claim: Claim) -> Poll:
        """Take a claimed watch in hand: what it has to read is written down before it is read.

        Raises:
            LeaseLostError: the claim was taken over.
        """
        now = self._clock()
        calls_allowed = planner.calls_allowed(self._pace())

        def work(transaction: Transaction) -> Poll:
            transaction.watches.renew(claim, now + LEASE)
            watch = transaction.watches.get(claim.watch_id)
            stretches = planner.stretches_to_read(
                watch,
                transaction.ranges.list_open(claim.watch_id),
                now=now,
                lookback=self._lookback,
            )
            transaction.ranges.replace(claim.watch_id, stretches)
            transaction.watches.read_to(claim, planner.floor_second(now))
            ranges = transaction.ranges.list_open(claim.watch_id)
            return Poll(claim, watch, tuple(ranges), calls_allowed, now)

        return self._store.write(work)

    def end(self, poll: Poll, outcome: Outcome | NewsreelError) -> None:
        """Give a watch back: due at its pace, at once if only time ran out, later after trouble.

        Raises:
            LeaseLostError: the claim was taken over.
        """
        now = self._clock()
        problem = None
        if isinstance(outcome, NewsreelError):
            problem = Problem(code_of(outcome), now, str(outcome))
            due_at = self._after_trouble(outcome)
        elif outcome is Outcome.TIME:
            due_at = now
        else:
            due_at = planner.next_due_at(poll.started_at, self._pace())
        self._store.write(
            lambda t: t.watches.release(poll.claim, next_due_at=due_at, now=now, problem=problem)
        )

    def _after_trouble(self, error: NewsreelError) -> datetime:
        now = self._clock()
        wait = RETRY_AFTER_TROUBLE
        if isinstance(error, SourceError) and error.retry_after is not None:
            wait = max(wait, timedelta(seconds=error.retry_after))
        if isinstance(error, NoUsableKeyError):
            return now + wait  # costs no call, and sees at once what the operator mended
        return max(now + wait, planner.next_due_at(now, self._pace()))

    def _pace(self) -> planner.Pace:
        active = self._store.read(lambda transaction: transaction.watches.count_active())
        return planner.Pace(
            interval=self._interval,
            calls_left=self._ring.left(Bucket.SEARCH),
            resets_at=self._ledger.resets_at(),
            active_watches=max(1, active),
        )


def code_of(error: NewsreelError) -> str:
    """Return the name of an error as /ready and the log show it."""
    return error.reason if isinstance(error, NoUsableKeyError) else error.code
