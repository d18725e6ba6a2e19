"""One claimed channel watch: what was pushed, its feed, its uploads playlist, its older videos.

What is due of these, and when, is decided by `channel_plan`; how far each reaches, by
`channel_coverage`. Trouble with one way does not keep from the others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.domain.errors import LeaseLostError, NoUsableKeyError, SourceError
from app.domain.fetches import FetchRecord, FetchSource, Purpose
from app.domain.watches import WatchKind
from app.ingest import channel_coverage, channel_plan
from app.ingest.channel_polls import feed_failed
from app.ingest.runner import RUN_LIMIT
from app.ingest.tally import Tally, record_of
from app.telemetry import get_logger

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from app.domain.clock import Clock
    from app.domain.watches import Claim, Problem
    from app.ingest.channel_hints import HintReader
    from app.ingest.channel_polls import ChannelPoll, ChannelPolls
    from app.ingest.channel_reader import ChannelReader
    from app.ingest.completion import Completion
    from app.ingest.fetch_log import FetchLog
    from app.ingest.flag import Flag
    from app.ingest.trouble import PollTrouble
    from app.store.store import Store


class ChannelRunner:
    """Runs claims on channel watches; share one per process.

    Once `stopping` is set, polls under way end with what they are at; the next start goes on there.
    """

    def __init__(
        self,
        *,
        store: Store,
        polls: ChannelPolls,
        reader: ChannelReader,
        hints: HintReader,
        completion: Completion,
        fetch_log: FetchLog,
        clock: Clock,
        trouble: PollTrouble,
        stopping: Flag,
    ) -> None:
        self._store = store
        self._polls = polls
        self._reader = reader
        self._hints = hints
        self._completion = completion
        self._fetch_log = fetch_log
        self._clock = clock
        self._trouble = trouble
        self._stopping = stopping
        self._log = get_logger(__name__)

    def is_for(self, claim: Claim) -> bool:
        """Tell whether a claim is on a channel.

        Raises:
            StoreUnavailableError: the database is away.
        """
        kind = self._store.read(lambda t: t.watches.find_kind(claim.watch_id))
        return kind is WatchKind.CHANNEL

    def run(self, claim: Claim) -> None:
        """Poll a claimed channel; trouble with the sources is written down, not raised.

        Raises:
            StoreUnavailableError: the database is away; the lease runs out by itself.
        """
        try:
            poll = self._polls.begin(claim)
            self._follow(poll)
            self._tell(claim, self._polls.end(poll))
        except LeaseLostError:
            self._trouble.end(claim.watch_id)
            self._log.info("lease_lost", watch_id=claim.watch_id, fence=claim.fence)

    def _follow(self, poll: ChannelPoll) -> None:
        for is_due, read in (
            (self._was_pushed, self._read_hints),
            (self._feed_is_due, self._read_feed),
            (self._walk_is_broken_off, self._go_on),
            (self._uploads_are_due, self._read_uploads),
        ):
            if is_due(poll) and self._has_time(poll):
                read(poll)
        if self._older_are_wanted(poll) and self._has_time(poll):
            self._read_older(poll)
        self._completion.catch_up()

    def _has_time(self, poll: ChannelPoll) -> bool:
        return not self._stopping.is_set() and self._clock() - poll.started_at <= RUN_LIMIT

    def _was_pushed(self, poll: ChannelPoll) -> bool:
        return bool(poll.hints)

    def _feed_is_due(self, poll: ChannelPoll) -> bool:
        due_at = channel_plan.feed_due_at(poll.state, poll.push_until)
        return due_at is None or due_at <= poll.started_at

    def _walk_is_broken_off(self, poll: ChannelPoll) -> bool:
        return channel_plan.is_unfinished(poll.state, poll.pending)

    def _uploads_are_due(self, poll: ChannelPoll) -> bool:
        now = self._clock()
        due_at = channel_plan.uploads_due_at(
            poll.state, poll.pending, means=poll.means, gone=poll.gone, now=now
        )
        is_wanted = poll.watch.wanted_at is not None
        return poll.uploads_error is None and (is_wanted or due_at <= now)

    def _older_are_wanted(self, poll: ChannelPoll) -> bool:
        """Of a channel that is gone only once it has been found to be back."""
        backfill = channel_coverage.is_for_backfill(poll.pending)
        return backfill and poll.uploads_error is None and not poll.gone

    def _read_hints(self, poll: ChannelPoll) -> None:
        def read(tally: Tally) -> None:
            self._hints.read(poll, tally)

        poll.uploads_error = self._logged(poll, FetchSource.WEBSUB, Purpose.POLL, read)

    def _read_feed(self, poll: ChannelPoll) -> None:
        def read(tally: Tally) -> None:
            try:
                self._reader.read_feed(poll, tally)
            except SourceError as error:
                poll.feed_error = error
                poll.state = feed_failed(poll.state, error, self._clock())
                raise

        self._logged(poll, FetchSource.RSS, Purpose.POLL, read)

    def _go_on(self, poll: ChannelPoll) -> None:
        self._ask(poll, Purpose.POLL, lambda tally: self._reader.go_on(poll, tally))

    def _read_uploads(self, poll: ChannelPoll) -> None:
        self._ask(poll, Purpose.POLL, lambda tally: self._reader.read_uploads(poll, tally))

    def _read_older(self, poll: ChannelPoll) -> None:
        pages = poll.means.backfill_pages(self._clock())
        if pages:
            # One more: the page that was read last is read again.
            read = Purpose.BACKFILL, lambda tally: self._reader.go_on(poll, tally, pages + 1)
            self._ask(poll, *read)

    def _ask(self, poll: ChannelPoll, purpose: Purpose, read: Callable[[Tally], None]) -> None:
        poll.uploads_error = self._logged(poll, FetchSource.UPLOADS, purpose, read)

    def _logged(
        self,
        poll: ChannelPoll,
        source: FetchSource,
        purpose: Purpose,
        read: Callable[[Tally], None],
    ) -> SourceError | NoUsableKeyError | None:
        """Read, write the line about it, and return what ended it early."""
        tally, error = Tally(), None
        begun = _begun(poll, source, purpose, self._clock())
        try:
            read(tally)
        except (SourceError, NoUsableKeyError) as trouble:
            error = trouble
        self._fetch_log.record(record_of(begun, tally, error, self._clock()))
        if tally.added or tally.updated:
            details = {"found": tally.found, "added": tally.added, "updated": tally.updated}
            self._log.debug("poll_done", watch_id=poll.watch.watch_id, source=source, **details)
        return error

    def _tell(self, claim: Claim, problem: Problem | None) -> None:
        if problem is None:
            self._trouble.end(claim.watch_id)
        else:
            self._trouble.begin(claim.watch_id, problem.code, problem.detail)


def _begun(poll: ChannelPoll, source: FetchSource, purpose: Purpose, now: datetime) -> FetchRecord:
    watch_ids = (poll.watch.watch_id,)
    return FetchRecord(source, purpose, watch_ids, None, started_at=now, finished_at=now)
