"""Follows what pushes named: asks videos.list about the videos, stores what that says."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from app.domain.quota import Bucket
from app.domain.videos import Source
from app.ingest import refreshing
from app.ingest.channel_reader import found
from app.sources.base import MAX_IDS_PER_CALL, VideoBatch

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from app.domain.quota import Spending
    from app.domain.videos import Video
    from app.ingest.channel_polls import ChannelPoll
    from app.ingest.tail import Tail
    from app.ingest.tally import Tally
    from app.quota.ring import KeyRing
    from app.sources.base import VideoSource
    from app.store.store import Store, Transaction

EARLY = timedelta(minutes=10)
"""How long YouTube may not know yet what it pushed; with push the feed is not asked for hours."""


class HintReader:
    """Reads what pushes named for polls in hand."""

    def __init__(self, store: Store, source: VideoSource, ring: KeyRing, tail: Tail) -> None:
        self._store = store
        self._source = source
        self._ring = ring
        self._tail = tail

    def read(self, poll: ChannelPoll, tally: Tally) -> None:
        """Ask about the videos of a poll's hints, 50 at most, and forget those hints.

        What is not told any more is asked about again a day later like any other video, and
        deleted only then: a push can be wrong. It can be early, too: a video that is neither told
        nor stored is asked about again for `EARLY`.

        Raises:
            NoUsableKeyError: no call can be made; the hints stay.
            SourceError: YouTube failed; the hints stay.
            LeaseLostError: the claim was taken over.
        """
        answer, missing = self.ask([video_id for _, video_id in poll.hints], tally.spending)
        findings = [
            found(video, Source.WEBSUB, poll.watch.watch_id)
            for video in answer.videos
            if video.channel_id == poll.watch.term
        ]

        hints = poll.hints  # as they are now, however often the transaction is tried

        def forget(transaction: Transaction) -> None:
            poll.hints = forget_hints(transaction, hints, answer.videos, poll.started_at)

        recorded = self._tail.commit(findings, missing=missing, claim=poll.claim, progress=forget)
        tally.add(answer, recorded, advanced=True)
        tally.found = len(findings)

    def ask(self, video_ids: Sequence[str], spending: Spending) -> tuple[VideoBatch, list[str]]:
        """Ask about videos that were named; return what is told of them, and those that are not.

        The call is filled up with videos that exist, so that an answer that misses everything is
        seen to be no answer.

        Raises:
            NoUsableKeyError: no call can be made.
            SourceError: YouTube failed.
        """
        named = tuple(dict.fromkeys(video_ids))
        others = self._store.read(lambda t: t.videos.list_last_refreshed(2 * MAX_IDS_PER_CALL))
        batch = refreshing.filled(named, others, MAX_IDS_PER_CALL)
        answer = self._ring.call(
            Bucket.UNITS, lambda key: self._source.videos(key, batch), spending
        )
        told = {video.video_id for video in answer.videos}
        absent = [video_id for video_id in batch if video_id not in told]
        credible = refreshing.is_credible(
            asked=len(batch), absent=len(absent), unreadable=len(answer.rejected)
        )
        videos = tuple(video for video in answer.videos if video.video_id in named)
        missing = [video_id for video_id in absent if video_id in named] if credible else []
        return VideoBatch(videos, answer.rejected), missing


def forget_hints(
    transaction: Transaction,
    hints: Sequence[tuple[int, str]],
    told: Sequence[Video],
    asked_at: datetime,
) -> tuple[tuple[int, str], ...]:
    """Forget hints that were followed; return those of videos that nobody knows, kept for `EARLY`.

    Args:
        transaction: in which what was told is stored.
        hints: an id for each, and the video.
        told: what videos.list told of these.
        asked_at: when.
    """
    stored = transaction.videos.list_told([video_id for _, video_id in hints])
    known = {video.video_id for video in told} | stored.keys()
    early = tuple(hint for hint in hints if hint[1] not in known)
    transaction.subscriptions.drop_hints([hint_id for hint_id, _ in set(hints).difference(early)])
    transaction.subscriptions.drop_hints([i for i, _ in early], before=asked_at - EARLY)
    return early
