"""Claims: which watches are due, who may fetch for them, and when they are due again."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from app.domain.errors import NewsreelError, NoUsableKeyError
from app.domain.ranges import RangeReason, Reading, floor_second
from app.domain.watches import Problem
from app.ingest import coverage, retries
from app.ingest.listings import listings_to_read
from app.ingest.tail import LEASE

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from app.domain.clock import Clock
    from app.domain.ranges import Pending
    from app.domain.watches import Claim, Watch
    from app.ingest.listings import Listing
    from app.ingest.pacer import Pacer
    from app.store.store import Store, Transaction


@dataclass(frozen=True, slots=True)
class Poll:
    """A claimed watch in hand.

    Args:
        claim: under which everything is written.
        watch: what is read for, as it was before.
        listings: what to read, in this order.
        unread: what had never been read when the poll began.
        lookback: the age at which a stretch is read again.
        calls_allowed: search calls it may spend.
        started_at: when it was taken in hand.
    """

    claim: Claim
    watch: Watch
    listings: tuple[Listing, ...]
    unread: tuple[Pending, ...]
    lookback: timedelta
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
        pacer: says how much a poll may spend and when the next one is due.
        clock: the present.
        lookback: the age at which a stretch is read again.
    """

    def __init__(self, store: Store, pacer: Pacer, clock: Clock, lookback: timedelta) -> None:
        self._store = store
        self._pacer = pacer
        self._clock = clock
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
        pace = self._pacer.of(claim.watch_id)

        def work(transaction: Transaction) -> Poll:
            transaction.watches.renew(claim, now + LEASE)
            watch = transaction.watches.get(claim.watch_id)
            pending = coverage.take_in_hand(
                transaction.ranges.list_pending(claim.watch_id),
                read_until=watch.read_until,
                now=now,
            )
            transaction.ranges.replace(claim.watch_id, pending)
            transaction.watches.read_to(claim, floor_second(now))
            begins_at = min([watch.created_at, *(p.stretch.starts_at for p in pending)])
            appetite = pace.appetite(self._lookback, begins_at=begins_at)
            listings = listings_to_read(pending, appetite, now=now)
            calls = pace.calls_allowed(listings)
            return Poll(
                claim=claim,
                watch=watch,
                listings=tuple(listings),
                unread=tuple(p for p in pending if p.reading is Reading.FIRST),
                lookback=self._lookback,
                calls_allowed=calls if watch.wanted_at is None or pace.plan.plenty else 1,
                started_at=now,
            )

        return self._store.write(work)

    def end(self, poll: Poll, outcome: Outcome | NewsreelError, *, advanced: bool) -> None:
        """Give a watch back: due at its pace, at once if only time ran out, later after trouble.

        What was due and not read for the first time says why. Trouble of a poll that `advanced`,
        so left less to read than it found, begins anew: the next try is soon.

        Raises:
            LeaseLostError: the claim was taken over.
        """
        now = self._clock()
        problem = None
        if isinstance(outcome, NewsreelError):
            problem = problem_of(outcome, None if advanced else poll.watch.last_error, now)
        due_at = self._due_at(poll, outcome, failing_since=problem.since if problem else now)
        reason = RangeReason.ERROR if _is_fault(outcome) else RangeReason.BUDGET

        def work(transaction: Transaction) -> None:
            transaction.watches.release(poll.claim, next_due_at=due_at, now=now, problem=problem)
            transaction.watches.grant_wish(poll.claim, poll.started_at, now)
            pending = transaction.ranges.list_pending(poll.watch.watch_id)
            told = coverage.because(pending, reason, now=poll.started_at)
            if told != pending:
                transaction.ranges.replace(poll.watch.watch_id, told)

        self._store.write(work)

    def renew(self, claim: Claim) -> None:
        """Hold a claim for another lease.

        Raises:
            LeaseLostError: the claim was taken over.
        """
        leased_until = self._clock() + LEASE
        self._store.write(lambda transaction: transaction.watches.renew(claim, leased_until))

    def let_go(self, claim: Claim) -> None:
        """End the lease of a claim and nothing else: the watch is as due as it was.

        Raises:
            LeaseLostError: the claim was taken over, or the watch removed.
        """
        self._store.write(lambda transaction: transaction.watches.let_go(claim))

    def give_up(self, claim: Claim, error: NewsreelError) -> None:
        """Give a watch back whose poll ended in an unforeseen way, to be tried again later.

        Raises:
            LeaseLostError: the claim was taken over, or the watch removed.
        """
        now = self._clock()

        def work(transaction: Transaction) -> None:
            transaction.watches.renew(claim, now + LEASE)
            before = transaction.watches.get(claim.watch_id).last_error
            problem = problem_of(error, before, now)
            turn = claim.watch_id
            due_at = retries.retry_at(error, failing_since=problem.since, now=now, turn=turn)
            transaction.watches.release(claim, next_due_at=due_at, now=now, problem=problem)

        self._store.write(work)

    def _due_at(
        self, poll: Poll, outcome: Outcome | NewsreelError, *, failing_since: datetime
    ) -> datetime:
        now = self._clock()
        if outcome is Outcome.TIME:
            return now
        if not isinstance(outcome, NewsreelError):
            return self._pacer.of(poll.watch.watch_id).next_due_at(poll.started_at)
        turn = poll.watch.watch_id
        due_at = retries.retry_at(outcome, failing_since=failing_since, now=now, turn=turn)
        if isinstance(outcome, NoUsableKeyError):
            return due_at  # costs no call
        return max(due_at, self._pacer.of(poll.watch.watch_id).next_due_at(now))


def code_of(error: NewsreelError) -> str:
    """Return the name of an error as /ready and the log show it."""
    return error.reason if isinstance(error, NoUsableKeyError) else error.code


def problem_of(error: NewsreelError, before: Problem | None, now: datetime) -> Problem:
    """Return what is wrong now; if it goes on from `before`, since that began."""
    code = code_of(error)
    since = before.since if before and before.code == code else now
    return Problem(code, since, str(error))


def _is_fault(outcome: Outcome | NewsreelError) -> bool:
    return isinstance(outcome, NewsreelError) and not isinstance(outcome, NoUsableKeyError)
