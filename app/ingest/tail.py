"""The tail every source ends in: one short transaction, then the pages it touched are published."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from app.domain.intake import Finding
from app.domain.refreshing import ABSENCE_CONFIRMED_AFTER
from app.domain.videos import Source
from app.telemetry import get_logger

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from datetime import datetime

    from app.domain.clock import Clock
    from app.domain.intake import Recorded
    from app.domain.videos import Video
    from app.domain.watches import Claim
    from app.feed.publisher import FeedPublisher
    from app.store.store import Store, Transaction

LEASE = timedelta(seconds=30)
"""How long a claim holds unless it is renewed, which every commit does. One call takes 20 s at most
(10 to connect, 10 for the answer); who makes two between commits renews it after a slow first one.
A claim that ends all the same is taken over: its calls are made again, nothing stored is lost."""


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

        return self._published(self._store.write(work))

    def refresh(self, told: Sequence[Video], *, absent: Collection[str] = ()) -> Recorded:
        """Take over what videos.list told of stored videos, and what it left out; then publish.

        What it left out a day ago already is deleted. What was deleted meanwhile stays so.

        Raises:
            StoreUnavailableError: the database is away; nothing was stored.
        """
        now = self._clock()

        def work(transaction: Transaction) -> Recorded:
            transaction.stand_in_line()
            videos = transaction.videos
            known = videos.list_told([video.video_id for video in told])
            findings = [Finding(v, Source.SEARCH) for v in told if v.video_id in known]
            recorded = transaction.record(findings, now)
            if not absent:
                return recorded
            gone = videos.list_missing(absent, now - ABSENCE_CONFIRMED_AFTER)
            videos.mark_missing(absent, now)
            deleted = transaction.delete(gone, now)
            watches = recorded.watches | deleted.watches
            return replace(
                recorded, version=deleted.version, watches=watches, deleted=deleted.deleted
            )

        return self._published(self._store.write(work))

    def delete_unrefreshed(self, before: datetime, limit: int) -> Recorded:
        """Delete up to `limit` videos that were not refreshed since then; then publish.

        Raises:
            StoreUnavailableError: the database is away; nothing was deleted.
        """
        now = self._clock()

        def work(transaction: Transaction) -> Recorded:
            transaction.stand_in_line()
            return transaction.delete(transaction.videos.list_refreshed_before(before, limit), now)

        return self._published(self._store.write(work))

    def _published(self, recorded: Recorded) -> Recorded:
        for rejection in recorded.rejected:
            self._log.error("video_rejected", video_id=rejection.video_id, detail=rejection.detail)
        if recorded.added or recorded.updated or recorded.deleted:
            self._log.info(
                "committed",
                version=recorded.version,
                added=len(recorded.added),
                updated=len(recorded.updated),
                deleted=len(recorded.deleted),
            )
            self._publisher.publish(recorded.watches)
        return recorded
