"""One claimed poll: read the watch's open ranges newest first, page by page, and give it back.

Each page commits its videos and the narrowed range in one transaction, so a crash costs at most
one call. The claim is checked by every write: a poll that was overtaken stores nothing more.
"""

from __future__ import annotations

from datetime import timedelta
from threading import Event
from typing import TYPE_CHECKING

from app.domain.errors import (
    LeaseLostError,
    NewsreelError,
    NoUsableKeyError,
    SourceError,
    UpstreamError,
)
from app.domain.intake import Finding
from app.domain.quota import Bucket
from app.domain.ranges import Stretch
from app.domain.videos import Source
from app.ingest import coverage
from app.ingest.claims import Outcome, code_of
from app.ingest.tail import LEASE
from app.ingest.tally import Tally, record_of
from app.sources.base import SearchQuery
from app.telemetry import get_logger

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.domain.clock import Clock
    from app.domain.quota import Spending
    from app.domain.watches import Claim
    from app.ingest.claims import Claims, Poll
    from app.ingest.completion import Completion
    from app.ingest.fetch_log import FetchLog
    from app.ingest.listings import Listing
    from app.ingest.tail import Tail
    from app.ingest.trouble import PollTrouble
    from app.quota.ring import KeyRing
    from app.sources.base import SearchPage, VideoSource
    from app.store.store import Transaction

RUN_LIMIT = timedelta(seconds=20)
"""A poll stops between pages after this long and goes on at the next tick."""

SLOW_CALL = LEASE / 3
"""After a search slower than this the lease is renewed: completing its page may take 20 s."""


class Runner:
    """Runs claims; share one per process."""

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
    ) -> None:
        self._claims = claims
        self._source = source
        self._ring = ring
        self._tail = tail
        self._completion = completion
        self._fetch_log = fetch_log
        self._clock = clock
        self._trouble = trouble
        self._stopping = Event()
        self._log = get_logger(__name__)

    def stop(self) -> None:
        """Let the polls under way end with the page they are at; the next start goes on there."""
        self._stopping.set()

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
        self._fetch_log.record(record_of(poll, tally, outcome, self._clock()))
        if isinstance(outcome, LeaseLostError):
            self._tell_lost(claim)
        else:
            self._tell(poll, tally, outcome)
        return tally

    def _finish(self, poll: Poll, tally: Tally) -> Outcome | NewsreelError:
        try:
            outcome = self._attempt(poll, tally)
            self._claims.end(poll, outcome)
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
        """Read what the poll is for until all is read, or time or calls run out."""
        for listing in poll.listings:
            left: Listing | None = listing
            while left is not None:
                if (stop := self._stop_reason(poll, tally)) is not None:
                    return stop
                left = left.after(self._read_listing(poll, left, tally))
        return Outcome.WHOLE

    def _read_listing(self, poll: Poll, listing: Listing, tally: Tally) -> Stretch | None:
        """Read one listing page by page; return what is left of its stretch, None if nothing.

        Only a listing that says it ends, and is too short to have been cut, shows all there is.
        One that goes round is begun anew below what it did show.

        Raises:
            UpstreamError: the listing is garbage, has no end, goes round without showing anything,
                or is cut and out of order, so nobody can say what it left out.
        """
        stretch = left = listing.stretch
        ordered, listed = True, 0
        tokens: set[str | None] = set()
        token: str | None = None
        while True:
            page = self._search(poll, SearchQuery(poll.watch.term, stretch, token), tally.spending)
            if coverage.is_garbage(page):
                raise UpstreamError("YouTube listed items that cannot be read")
            listed += page.listed
            ordered = ordered and page.ordered
            left = coverage.after_page(left, page) if ordered else left
            tokens.add(token)
            token = page.next_page_token
            goes_round = token is not None and token in tokens
            short = listed < coverage.LISTING_CAP
            whole = token is None and short
            self._commit(poll, page, _done(stretch, None if whole else left), tally)
            if whole:
                return None
            if listing.after(left) is None:
                return left
            if len(tokens) >= coverage.LISTING_PAGES:
                raise UpstreamError("YouTube's listing has no end")
            narrowed = left.ends_at < stretch.ends_at
            if goes_round and short and not (ordered and narrowed):
                raise UpstreamError("YouTube's listing goes round")
            if token is None or goes_round:
                return self._below_cap(poll, stretch, left, ordered=ordered)
            # Not before the range got shorter: a poll cut off sooner would begin it again for ever.
            if narrowed and self._stop_reason(poll, tally) is not None:
                return left

    def _stop_reason(self, poll: Poll, tally: Tally) -> Outcome | None:
        """Return why the poll must stop before its next call; None if it need not."""
        if tally.pages >= poll.calls_allowed:
            return Outcome.CALLS
        overtime = self._clock() - poll.started_at > RUN_LIMIT
        return Outcome.TIME if overtime or self._stopping.is_set() else None

    def _below_cap(
        self, poll: Poll, stretch: Stretch, left: Stretch, *, ordered: bool
    ) -> Stretch | None:
        """Return where to go on after a listing that was cut.

        Normally at its last second. If that is where it began, that one second fills a listing:
        no call can show the rest of it, so it is closed as capped and reading goes on below it.

        Raises:
            UpstreamError: it was out of order, so nobody can say what it left out.
        """
        if not ordered:
            raise UpstreamError("YouTube listed a long range out of order")
        if left.ends_at < stretch.ends_at:
            return left
        capped = Stretch(stretch.ends_at, stretch.ends_at)
        self._log.warning(
            "second_capped", watch_id=poll.watch.watch_id, second=capped.ends_at.isoformat()
        )
        self._tail.commit([], claim=poll.claim, progress=self._progress(poll, capped, capped=True))
        return next(iter(stretch.without(capped)), None)

    def _search(self, poll: Poll, query: SearchQuery, spending: Spending) -> SearchPage:
        asked_at = self._clock()
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
        tally.add(page, recorded)
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
        if tally.added or tally.updated:
            self._log.info("poll_done", **details)


def _done(stretch: Stretch, left: Stretch | None) -> Stretch | None:
    """Return the part of a stretch that has been read; the last second of what is left is not."""
    if left is None:
        return stretch
    return next(iter(stretch.without(left)), None)
