"""One claimed poll: read the watch's open ranges newest first, page by page, and give it back.

Each page commits its videos and the narrowed range in one transaction, so a crash costs at most
one call. The claim is checked by every write: a poll that was overtaken stores nothing more.
"""

from __future__ import annotations

from dataclasses import dataclass
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
from app.domain.videos import Source
from app.ingest import planner
from app.ingest.claims import Outcome, code_of
from app.sources.base import SearchQuery
from app.telemetry import get_logger

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.domain.clock import Clock
    from app.domain.ranges import OpenRange, Stretch
    from app.domain.watches import Claim
    from app.ingest.claims import Claims, Poll
    from app.ingest.completion import Completion
    from app.ingest.tail import Tail
    from app.quota.ring import KeyRing
    from app.sources.base import SearchPage, VideoSource
    from app.store.store import Transaction

RUN_LIMIT = timedelta(seconds=20)
"""A poll stops between pages after this long and goes on at the next tick."""


@dataclass
class Tally:
    """What a poll has done so far."""

    pages: int = 0
    found: int = 0
    added: int = 0
    updated: int = 0


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
        clock: Clock,
    ) -> None:
        self._claims = claims
        self._source = source
        self._ring = ring
        self._tail = tail
        self._completion = completion
        self._clock = clock
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
            outcome = self._attempt(poll, tally)
            self._claims.end(poll, outcome)
        except LeaseLostError:
            self._log.info("lease_lost", watch_id=claim.watch_id, fence=claim.fence)
            return tally
        self._tell(poll, tally, outcome)
        return tally

    def _attempt(self, poll: Poll, tally: Tally) -> Outcome | NewsreelError:
        try:
            outcome = self._read(poll, tally)
            self._completion.catch_up()
        except (SourceError, NoUsableKeyError) as error:
            return error
        return outcome

    def _read(self, poll: Poll, tally: Tally) -> Outcome:
        """Read the open ranges until all is read, or time or calls run out."""
        for open_range in poll.ranges:
            left: Stretch | None = open_range.stretch
            while left is not None:
                if (stop := self._stop_reason(poll, tally)) is not None:
                    return stop
                left = self._read_listing(poll, open_range, left, tally)
        return Outcome.WHOLE

    def _read_listing(
        self, poll: Poll, open_range: OpenRange, stretch: Stretch, tally: Tally
    ) -> Stretch | None:
        """Read one listing page by page; return what is left of the stretch, None if nothing.

        Raises:
            UpstreamError: the listing is garbage, has no end, or is long enough to have been cut
                and out of order, so nobody can say what it left out.
        """
        left, ordered, listed = stretch, True, 0
        tokens: set[str | None] = set()
        token: str | None = None
        while True:
            page = self._search(SearchQuery(poll.watch.term, stretch, token))
            if planner.is_garbage(page):
                raise UpstreamError("YouTube listed items that cannot be read")
            listed += page.listed
            ordered = ordered and page.ordered
            left = planner.after_page(left, page) if ordered else left
            tokens.add(token)
            token = page.next_page_token
            at_end = token is None or token in tokens
            whole = at_end and listed < planner.LISTING_CAP
            self._commit(poll, open_range, page, None if whole else left, tally)
            if whole:
                return None
            if len(tokens) >= planner.LISTING_PAGES:
                raise UpstreamError("YouTube's listing has no end")
            if at_end and not ordered:
                raise UpstreamError("YouTube listed a long range out of order")
            if at_end:
                return self._restart(poll, open_range, stretch, left)
            # Not before the range got shorter: a poll cut off sooner would begin it again for ever.
            if left.ends_at < stretch.ends_at and self._stop_reason(poll, tally) is not None:
                return left

    def _stop_reason(self, poll: Poll, tally: Tally) -> Outcome | None:
        """Return why the poll must stop before its next call; None if it need not."""
        if tally.pages >= poll.calls_allowed:
            return Outcome.CALLS
        overtime = self._clock() - poll.started_at > RUN_LIMIT
        return Outcome.TIME if overtime or self._stopping.is_set() else None

    def _restart(
        self, poll: Poll, open_range: OpenRange, before: Stretch, left: Stretch
    ) -> Stretch | None:
        """Return where to go on after a capped listing, and say so where it can show no more."""
        restart = planner.after_capped_listing(before, left)
        if left.ends_at == before.ends_at:
            self._log.warning(
                "second_capped", watch_id=poll.watch.watch_id, second=before.ends_at.isoformat()
            )
            self._tail.commit([], claim=poll.claim, progress=_progress(open_range, restart))
        return restart

    def _search(self, query: SearchQuery) -> SearchPage:
        return self._ring.call(Bucket.SEARCH, lambda key: self._source.search(key, query))

    def _commit(
        self,
        poll: Poll,
        open_range: OpenRange,
        page: SearchPage,
        left: Stretch | None,
        tally: Tally,
    ) -> None:
        completed = self._completion.of_page(page.videos)
        watch_id = poll.watch.watch_id
        findings = [Finding(video, Source.SEARCH, watch_id) for video in page.videos]
        findings += [Finding(video, Source.SEARCH) for video in completed.videos]
        recorded = self._tail.commit(
            findings,
            missing=completed.missing,
            claim=poll.claim,
            progress=_progress(open_range, left),
        )
        tally.pages += 1
        tally.found += len(page.videos)
        tally.added += len(recorded.added)
        tally.updated += len(recorded.updated)
        for reason in page.rejected:
            self._log.warning("item_rejected", watch_id=watch_id, reason=reason)

    def _tell(self, poll: Poll, tally: Tally, outcome: Outcome | NewsreelError) -> None:
        before = poll.watch.last_error
        details = {
            "watch_id": poll.watch.watch_id,
            "pages": tally.pages,
            "found": tally.found,
            "added": tally.added,
            "updated": tally.updated,
        }
        if not isinstance(outcome, NewsreelError):
            if before is not None or tally.added or tally.updated:
                self._log.info("poll_done", **details)
        elif before is None or before.code != code_of(outcome):
            self._log.error("poll_failed", code=code_of(outcome), detail=str(outcome), **details)


def _progress(open_range: OpenRange, left: Stretch | None) -> Callable[[Transaction], None]:
    def write(transaction: Transaction) -> None:
        if left is None:
            transaction.ranges.close(open_range.range_id)
        else:
            transaction.ranges.narrow(open_range.range_id, left)

    return write
