"""The tail every source ends in: one short transaction, then the pages it touched are published."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from app.telemetry import get_logger

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from app.domain.clock import Clock
    from app.domain.intake import Finding, Recorded
    from app.domain.watches import Claim
    from app.feed.publisher import FeedPublisher
    from app.store.store import Store, Transaction

LEASE = timedelta(seconds=30)
"""How long a claim holds without a commit; HTTP time-outs are well below it."""


class Tail:
    """Commits findings and publishes what they changed."""

    def __init__(self, store: Store, publisher: FeedPublisher, clock: Clock) -> None:
        self._store = store
        self._publisher = publisher
        self._clock = clock
        self._log = get_logger(__name__)

    def commit(
        self,
        findings: Sequence[Finding],
        *,
        missing: Collection[str] = (),
        claim: Claim | None = None,
        progress: Callable[[Transaction], None] | None = None,
    ) -> Recorded:
        """Store findings and progress together, or neither; then publish.

        Args:
            findings: what a source told.
            missing: ids that videos.list was asked for and left out.
            claim: renewed in the same transaction.
            progress: what else belongs into it, e.g. the narrowed range.

        Raises:
            LeaseLostError: the claim was taken over; nothing was stored.
            StoreUnavailableError: the database is away; nothing was stored.
        """
        now = self._clock()

        def work(transaction: Transaction) -> Recorded:
            transaction.stand_in_line()
            if claim is not None:
                # Before the findings, whose links would refuse a watch that was removed.
                transaction.watches.renew(claim, now + LEASE)
            recorded = transaction.record(findings, now)
            if missing:
                transaction.videos.mark_missing(missing, now)
            if progress is not None:
                progress(transaction)
            return recorded

        recorded = self._store.write(work)
        for rejection in recorded.rejected:
            self._log.error("video_rejected", video_id=rejection.video_id, detail=rejection.detail)
        if recorded.added or recorded.updated:
            self._publisher.publish(recorded.watches)
        return recorded
