"""A channel's poll in hand: taken with what is known of the channel, given back with what came."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from app.domain.errors import NewsreelError, NoUsableKeyError, SourceError, UpstreamError
from app.domain.quota import Bucket
from app.domain.ranges import RangeReason, floor_second
from app.ingest import channel_coverage, channel_plan, coverage, retries
from app.ingest.channel_plan import FEED_EVERY, Means
from app.ingest.claims import problem_of
from app.ingest.tail import LEASE
from app.sources.base import MAX_IDS_PER_CALL

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from app.domain.channels import ChannelState
    from app.domain.clock import Clock
    from app.domain.ranges import Pending
    from app.domain.watches import Claim, Problem, Watch
    from app.quota.ring import KeyRing
    from app.store.store import Store, Transaction

GONE = "gone"
"""The code of the problem that YouTube knows no such channel."""


@dataclass
class ChannelPoll:
    """A claimed channel watch in hand.

    Args:
        claim: under which everything is written.
        watch: what is read for, as it was before.
        state: how the channel was followed, as it was last written down.
        pending: what is still to be read, as it was last written down.
        means: what there was to follow it with at its start.
        started_at: when it was taken in hand.
        held_at: when its lease was renewed last.
        hints: what pushes named and was not followed yet, an id for each and the video.
        push_until: how long the hub has promised to push for it; None if it has not.
        feed_error: what became of its feed.
        uploads_error: what became of what was asked of the Data API.
    """

    claim: Claim
    watch: Watch
    state: ChannelState
    pending: list[Pending]
    means: Means
    started_at: datetime
    held_at: datetime
    hints: tuple[tuple[int, str], ...] = ()
    push_until: datetime | None = None
    feed_error: SourceError | None = None
    uploads_error: SourceError | NoUsableKeyError | None = None

    @property
    def gone(self) -> bool:
        """Whether YouTube said that there is no such channel."""
        error = self.watch.last_error
        return error is not None and error.code == GONE


class ChannelPolls:
    """Takes claimed channel watches in hand and gives them back.

    Args:
        store: holds watches, ranges, states and hints.
        ring: knows what units are left.
        clock: the present.
        pushes: the hub can reach us. If it could once and now cannot, its leases mean nothing.
    """

    def __init__(self, store: Store, ring: KeyRing, clock: Clock, *, pushes: bool) -> None:
        self._store = store
        self._ring = ring
        self._clock = clock
        self._pushes = pushes

    def begin(self, claim: Claim) -> ChannelPoll:
        """Take a watch in hand: what it has to read is written down before it is read.

        Raises:
            LeaseLostError: the claim was taken over.
        """
        now = self._clock()
        left, limit = self._ring.usable(Bucket.UNITS)

        def work(transaction: Transaction) -> ChannelPoll:
            transaction.stand_in_line()  # a backfill that is asked for now writes ranges, too
            transaction.watches.renew(claim, now + LEASE)
            watch = transaction.watches.get(claim.watch_id)
            known = transaction.ranges.list_pending(claim.watch_id)
            pending = coverage.take_in_hand(known, read_until=watch.read_until, now=now)
            transaction.ranges.replace(claim.watch_id, pending)
            transaction.watches.read_to(claim, floor_second(now))
            state = transaction.channels.get_state(watch)
            means = Means(transaction.channels.count_active(), left, limit)
            subscription = transaction.subscriptions.find_by_channel(watch.term)
            active = self._pushes and subscription and subscription.is_active(now)
            hints = transaction.subscriptions.list_hints(watch.term, MAX_IDS_PER_CALL)
            return ChannelPoll(
                claim,
                watch,
                state,
                pending,
                means,
                started_at=now,
                held_at=now,
                hints=tuple(hints),
                push_until=subscription.expires_at if subscription and active else None,
            )

        return self._store.write(work)

    def end(self, poll: ChannelPoll) -> Problem | None:
        """Give a watch back and return what is wrong with it.

        Raises:
            LeaseLostError: the claim was taken over.
        """
        now = self._clock()
        problem = _problem(poll, now)
        retry_at = _retry_at(poll, problem, now)
        until = poll.started_at - channel_coverage.FEED_AGE

        def work(transaction: Transaction) -> None:
            transaction.stand_in_line()
            # Read anew: somebody may have asked for a backfill meanwhile.
            pending = transaction.ranges.list_pending(poll.watch.watch_id)
            due = _next_due_at(poll, pending, problem, retry_at, now)
            if transaction.subscriptions.list_hints(poll.watch.term, 1):
                hints_at = _retry_at(poll, problem, now, paced=False) or now + retries.SOONEST
                due = min(due, hints_at if poll.hints else now)
            transaction.watches.release(poll.claim, next_due_at=due, now=now, problem=problem)
            transaction.watches.grant_wish(poll.claim, poll.started_at, now)
            transaction.channels.put_state(poll.watch.watch_id, poll.state)
            told = channel_coverage.because(pending, _reason(poll), until)
            transaction.ranges.replace(poll.watch.watch_id, told)

        self._store.write(work)
        return problem


def feed_failed(state: ChannelState, error: SourceError, now: datetime) -> ChannelState:
    """Return the state after a feed failed: it is asked for again soon, later if that goes on."""
    since = state.feed_failing_since or now
    wait = max(retries.SOONEST, min(FEED_EVERY, now - since))
    asked = timedelta(seconds=error.retry_after or 0)
    return replace(state, feed_failing_since=since, feed_retry_at=now + max(wait, asked))


def _problem(poll: ChannelPoll, now: datetime) -> Problem | None:
    """Return what is wrong: that a feed fails is no trouble while its playlist is read instead.

    What ended the last reading of the playlist stays a problem until one succeeds, but that YouTube
    knew no such channel only until its feed is there.
    """
    before = poll.watch.last_error
    if poll.uploads_error is not None:
        return problem_of(poll.uploads_error, before, now)
    lately = now - poll.means.uploads_every - FEED_EVERY
    if poll.feed_error is not None and not _was_read(poll, lately):
        # Never as `gone`: a feed's 404 does not say so.
        failed = UpstreamError(str(poll.feed_error))
        return before if poll.gone else problem_of(failed, before, now)
    tried_at = poll.state.uploads_tried_at
    owed = tried_at is not None and not _was_read(poll, tried_at)
    back = poll.gone and poll.state.feed_failing_since is None
    return before if owed and not back else None


def _next_due_at(
    poll: ChannelPoll,
    pending: Sequence[Pending],
    problem: Problem | None,
    retry_at: datetime | None,
    now: datetime,
) -> datetime:
    return channel_plan.next_due_at(
        poll.state,
        pending,
        means=poll.means,
        push_until=poll.push_until,
        gone=problem is not None and problem.code == GONE,
        retry_at=retry_at,
        soonest=poll.started_at + timedelta(seconds=poll.watch.min_interval_seconds or 0),
        now=now,
    )


def _retry_at(
    poll: ChannelPoll, problem: Problem | None, now: datetime, *, paced: bool = True
) -> datetime | None:
    """Return when to ask the Data API again; None if it did not fail.

    The uploads playlist has a pace of its own (`channel_plan`), what was pushed has none.
    """
    error = poll.uploads_error
    if error is None or problem is None:
        return None
    turn = poll.watch.watch_id
    return retries.retry_at(error, failing_since=problem.since, now=now, turn=turn, paced=paced)


def _was_read(poll: ChannelPoll, since: datetime) -> bool:
    read_at = poll.state.uploads_read_at
    return read_at is not None and read_at >= since


def _reason(poll: ChannelPoll) -> RangeReason:
    error: NewsreelError | None = poll.uploads_error or poll.feed_error
    if error is None:
        return RangeReason.NEW
    return RangeReason.BUDGET if isinstance(error, NoUsableKeyError) else RangeReason.ERROR
