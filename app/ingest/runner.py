"""One claimed poll: read the watch's open ranges newest first, page by page, and give it back.

Each page commits its videos and the narrowed range in one transaction, so a crash costs at most
one call. The claim is checked by every write: a poll that was overtaken stores nothing more.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from app.domain.errors import (
    LeaseLostError,
    NewsreelError,
    NoUsableKeyError,
    SourceError,
)
from app.domain.intake import Finding
from app.domain.quota import Bucket
from app.domain.ranges import Stretch
from app.domain.videos import Source
from app.ingest import coverage
from app.ingest.claims import Outcome, code_of
from app.ingest.listings import Listing, has_waited_long
from app.ingest.tail import LEASE
from app.ingest.tally import Tally, begun_by, record_of
from app.ingest.walk import Walk
from app.telemetry import get_logger

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.domain.clock import Clock
    from app.domain.quota import Spending
    from app.domain.watches import Claim
    from app.ingest.claims import Claims, Poll
    from app.ingest.completion import Completion
    from app.ingest.fetch_log import FetchLog
    from app.ingest.flag import Flag
    from app.ingest.tail import Tail
    from app.ingest.trouble import PollTrouble
    from app.quota.ring import KeyRing
    from app.sources.base import SearchPage, SearchQuery, VideoSource
    from app.store.store import Transaction

RUN_LIMIT = timedelta(seconds=20)
"""A poll stops between pages after this long and goes on at the next tick."""

SLOW_CALL = LEASE / 3
"""After a search slower than this the lease is renewed: completing its page may take 20 s."""


class Runner:
    """Runs claims; share one per process.

    Once `stopping` is set, polls under way end with the page they are at; the next start goes on
    there.
    """

    def __init__(
        self,
        *,
        claims: Claims,
        source: VideoSource,
        ring: KeyRing,
        tail: Tail,
        completion: Completion,
        fetch_log: FetchLog,
        clock: Clock,
        trouble: PollTrouble,
        stopping: Flag,
    ) -> None:
        self._claims = claims
        self._source = source
        self._ring = ring
        self._tail = tail
        self._completion = completion
        self._fetch_log = fetch_log
        self._clock = clock
        self._trouble = trouble
        self._stopping = stopping
        self._log = get_logger(__name__)

    def run(self, claim: Claim) -> Tally:
        """Poll a claimed watch; trouble with the source is written down, not raised.

        Raises:
            StoreUnavailableError: the database is away; the lease runs out by itself.
        """
        tally = Tally()
        try:
            poll = self._claims.begin(claim)
        except LeaseLostError:
            self._tell_lost(claim)
            return tally
        outcome = self._finish(poll, tally)
        trouble = outcome if isinstance(outcome, NewsreelError) else None
        self._fetch_log.record(record_of(begun_by(poll), tally, trouble, self._clock()))
        if isinstance(outcome, LeaseLostError):
            self._tell_lost(claim)
        else:
            self._tell(poll, tally, outcome)
        return tally

    def _finish(self, poll: Poll, tally: Tally) -> Outcome | NewsreelError:
        try:
            outcome = self._attempt(poll, tally)
            self._claims.end(poll, outcome, advanced=tally.advanced)
        except LeaseLostError as error:
            return error
        return outcome

    def _attempt(self, poll: Poll, tally: Tally) -> Outcome | NewsreelError:
        try:
            outcome = self._read(poll, tally)
            self._completion.catch_up(tally.spending)
        except (SourceError, NoUsableKeyError) as error:
            return error
        return outcome

    def _read(self, poll: Poll, tally: Tally) -> Outcome:
        """Read what the poll is for until all is read, or time or calls run out.

        What has waited long has a call of its own, whatever the newest listing took.
        """
        ended = Outcome.WHOLE
        waits = has_waited_long(poll.listings[1:], poll.started_at)
        for number, listing in enumerate(poll.listings, start=1):
            calls = poll.calls_allowed + int(number > 1 and waits)
            tally.advanced = False  # of trouble with this one that is what counts
            left: Listing | None = listing
            while left is not None:
                if (stop := self._stop_reason(poll, tally, calls)) is not None:
                    ended = stop
                    break
                left = self._read_listing(poll, left, tally, calls)
            if ended is Outcome.TIME:
                break
        return ended

    def _read_listing(
        self, poll: Poll, listing: Listing, tally: Tally, calls: int
    ) -> Listing | None:
        """Read one listing page by page; return with which to go on, None if nothing is wanted.

        Raises:
            UpstreamError: what YouTube lists makes no sense.
        """
        walk = Walk(listing)
        while True:
            page = self._search(poll, walk.query(poll.watch.term), tally.spending)
            walk.see(page)
            self._commit(poll, page, walk.done, tally)
            if walk.left is None:
                return None
            if walk.astray:
                walk = Walk(Listing.of(listing.wanted))
                continue
            if not walk.has_next():
                return self._below_cap(poll, walk.listing) if walk.capped else walk.left
            # Not before the range got shorter: a poll cut off sooner would begin it again for ever.
            if walk.narrowed and self._stop_reason(poll, tally, calls) is not None:
                return walk.left

    def _stop_reason(self, poll: Poll, tally: Tally, calls: int) -> Outcome | None:
        """Return why the poll must stop before its next call; None if it need not."""
        if tally.pages >= calls:
            return Outcome.CALLS
        overtime = self._clock() - poll.started_at > RUN_LIMIT
        return Outcome.TIME if overtime or self._stopping.is_set() else None

    def _below_cap(self, poll: Poll, listing: Listing) -> Listing | None:
        """Close the first second of a listing, which no call can show whole; return the rest."""
        second = listing.stretch.ends_at
        capped = Stretch(second, second)
        self._log.warning("second_capped", watch_id=poll.watch.watch_id, second=second.isoformat())
        self._tail.commit([], claim=poll.claim, progress=self._progress(poll, capped, capped=True))
        return listing.after(next(iter(listing.stretch.without(capped)), None))

    def _search(self, poll: Poll, query: SearchQuery, spending: Spending) -> SearchPage:
        asked_at = self._clock()
        query = replace(query, region=poll.watch.region, language=poll.watch.language)
        page = self._ring.call(Bucket.SEARCH, lambda key: self._source.search(key, query), spending)
        if self._clock() - asked_at > SLOW_CALL:
            self._claims.renew(poll.claim)
        return page

    def _commit(self, poll: Poll, page: SearchPage, done: Stretch | None, tally: Tally) -> None:
        completed = self._completion.of_page(page.videos, tally.spending)
        recorded = self._tail.commit(
            [*self._findings(poll, page), *(Finding(v, Source.SEARCH) for v in completed.videos)],
            missing=completed.missing,
            claim=poll.claim,
            progress=self._progress(poll, done),
        )
        tally.add(page, recorded, advanced=done is not None)
        for reason in page.rejected:
            self._log.warning("item_rejected", watch_id=poll.watch.watch_id, reason=reason)

    def _findings(self, poll: Poll, page: SearchPage) -> list[Finding]:
        watch = poll.watch
        return [
            Finding(
                video,
                Source.SEARCH,
                watch.watch_id,
                late=coverage.is_late(poll.unread, video.published_at, watch.read_until),
            )
            for video in page.videos
        ]

    def _progress(
        self, poll: Poll, done: Stretch | None, *, capped: bool = False
    ) -> Callable[[Transaction], None]:
        """Return what writes down that `done` was read, in the transaction of its videos."""
        now = self._clock()

        def write(transaction: Transaction) -> None:
            pending = coverage.after_reading(
                transaction.ranges.list_pending(poll.watch.watch_id),
                done,
                started_at=poll.started_at,
                now=now,
                lookback=poll.lookback,
            )
            if capped and done is not None:
                pending = coverage.after_cap(pending, done.starts_at)
            transaction.ranges.replace(poll.watch.watch_id, pending)

        return write

    def _tell_lost(self, claim: Claim) -> None:
        self._trouble.end(claim.watch_id)
        self._log.info("lease_lost", watch_id=claim.watch_id, fence=claim.fence)

    def _tell(self, poll: Poll, tally: Tally, outcome: Outcome | NewsreelError) -> None:
        details = {
            "watch_id": poll.watch.watch_id,
            "pages": tally.pages,
            "found": tally.found,
            "added": tally.added,
            "updated": tally.updated,
        }
        if isinstance(outcome, NewsreelError):
            code, detail = code_of(outcome), str(outcome)
            self._trouble.begin(poll.watch.watch_id, code, detail)
            self._log.debug("poll_failed", code=code, detail=detail, **details)
            return
        self._trouble.end(poll.watch.watch_id)
        self._log.debug("poll_done", **details)
