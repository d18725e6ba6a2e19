"""Follows channels for keywords: looks at what they publish and keeps what holds the keyword.

A tick gives out what is due by moving its due time ahead, so what a crash left undone is due again
by itself. Following is best effort: it moves no ranges, and what it misses searches find. What does
not hold the keyword is not stored, and not asked about again.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from app.domain.errors import GoneError, NoUsableKeyError, SourceError, StoreUnavailableError
from app.domain.fetches import FetchRecord, FetchSource, Purpose
from app.domain.intake import Finding, LinkReason
from app.domain.quota import Bucket
from app.domain.videos import Detail, Source
from app.ingest import follow_plan
from app.ingest.channel_hints import forget_hints
from app.ingest.channel_polls import feed_failed
from app.ingest.completion import Completed
from app.ingest.scouting import for_whom
from app.ingest.tally import Tally, record_of
from app.sources.base import MAX_IDS_PER_CALL

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from app.domain.clock import Clock
    from app.domain.follows import FollowingWatch
    from app.domain.videos import Video
    from app.ingest.channel_hints import HintReader
    from app.ingest.completion import Completion
    from app.ingest.fetch_log import FetchLog
    from app.ingest.follow_visits import FollowVisits, Visit
    from app.ingest.tail import Tail
    from app.ingest.trouble import WriteTrouble
    from app.quota.ring import KeyRing
    from app.sources.base import ChannelFeed, ChannelSource, FeedSource, UploadsPage
    from app.store.store import Store, Transaction
    from app.telemetry import Incidents


class Follower:
    """Gives out channels that are due and looks at them; any number of processes may do so at once.

    Args:
        store: holds what is stored already.
        visits: takes channels in hand.
        channels: tells of uploads playlists.
        feeds: tells of feeds.
        hints: asks about what pushes named.
        ring: pays.
        tail: stores.
        completion: tells in full what matches.
        fetch_log: told of each look that found, cost or failed something.
        clock: the present.
        incidents: told when the Data API fails, and when that is over.
        writes: told when the database refuses to write.
    """

    def __init__(
        self,
        *,
        store: Store,
        visits: FollowVisits,
        channels: ChannelSource,
        feeds: FeedSource,
        hints: HintReader,
        ring: KeyRing,
        tail: Tail,
        completion: Completion,
        fetch_log: FetchLog,
        clock: Clock,
        incidents: Incidents,
        writes: WriteTrouble,
    ) -> None:
        self._store = store
        self._visits = visits
        self._channels = channels
        self._feeds = feeds
        self._hints = hints
        self._ring = ring
        self._tail = tail
        self._completion = completion
        self._fetch_log = fetch_log
        self._clock = clock
        self._incidents = incidents
        self._writes = writes

    def due(self) -> list[str]:
        """Give out the channels that are to be looked at now: a tick."""
        try:
            return self._visits.due()
        except StoreUnavailableError as error:
            self._writes.begin(error)
            return []

    def run(self, channel_id: str) -> None:
        """Look at a channel; what goes wrong is told once, and it is looked at again later."""
        try:
            visit = self._visits.begin(channel_id)
            if visit is not None:
                self._look(visit)
                self._visits.end(visit)
        except StoreUnavailableError as error:
            self._writes.begin(error)

    def _look(self, visit: Visit) -> None:
        now = self._clock()
        if visit.polled:
            self._look_at_stored(visit)
        if visit.polled or not visit.watches:
            return
        if visit.hints:
            visit.hints_failed = not self._logged(visit, FetchSource.WEBSUB, self._read_hints)
        if follow_plan.feed_is_due(visit.channel.listings, visit.push_until, now):
            self._logged(visit, FetchSource.RSS, self._read_feed)
        uploads_at = follow_plan.uploads_due_at(visit.channel.listings, visit.means, now)
        if uploads_at is not None and uploads_at <= now:
            self._logged(visit, FetchSource.UPLOADS, self._read_uploads)

    def _look_at_stored(self, visit: Visit) -> None:
        """Take what the channel's own polls have stored as its listing.

        It tells nothing new of a video: what has all of its text must not pass for videos.list.
        """
        channel_id, seen = visit.channel.channel_id, visit.channel.seen
        stored = self._store.read(lambda t: t.follows.list_stored(channel_id, MAX_IDS_PER_CALL))
        findings = [
            finding
            for each in stored
            if each.video.video_id not in seen
            for finding in _found(
                replace(each.video, detail=Detail.SNIPPET), each.source, visit.watches
            )
        ]
        if findings:
            self._tail.commit(findings)
        _see(visit, [each.video for each in stored])

    def _read_hints(self, visit: Visit, tally: Tally) -> None:
        """Ask about what pushes named: only what videos.list tells of it is believed."""
        asked_at = self._clock()
        answer, missing = self._hints.ask([video_id for _, video_id in visit.hints], tally.spending)
        findings = [
            finding
            for video in answer.videos
            if video.channel_id == visit.channel.channel_id
            for finding in _found(video, Source.WEBSUB, visit.watches)
        ]

        def forget(transaction: Transaction) -> None:
            forget_hints(transaction, visit.hints, answer.videos, asked_at)

        recorded = self._tail.commit(findings, missing=missing, progress=forget)
        tally.add(answer, recorded, advanced=True)

    def _read_feed(self, visit: Visit, tally: Tally) -> None:
        asked_at, channel = self._clock(), visit.channel
        try:
            feed = self._feeds.feed(channel.channel_id)
        except SourceError as error:
            state = feed_failed(channel.listings, error, self._clock())
            visit.channel = replace(channel, listings=state)
            raise
        state = replace(
            channel.listings, feed_read_at=asked_at, feed_failing_since=None, feed_retry_at=None
        )
        visit.channel = replace(channel, listings=state)
        self._take_in(visit, feed, Source.RSS, tally)

    def _read_uploads(self, visit: Visit, tally: Tally) -> None:
        state = replace(visit.channel.listings, uploads_tried_at=self._clock())
        visit.channel = replace(visit.channel, listings=state)
        page = self._ring.call(
            Bucket.UNITS,
            lambda key: self._channels.uploads(key, state.playlist_id, None),
            tally.spending,
        )
        self._take_in(visit, page, Source.UPLOADS, tally)

    def _take_in(
        self, visit: Visit, listed: ChannelFeed | UploadsPage, source: Source, tally: Tally
    ) -> None:
        """Store what is new in a listing and holds a keyword, completed while there are units."""
        new = [v for v in listed.videos if v.video_id not in visit.channel.seen]
        wanted = [video for video in new if for_whom(video, visit.watches)]
        completed = Completed()
        if visit.means.can_check:
            completed = self._completion.of_listing(wanted, tally.spending)
        full = {video.video_id: video for video in completed.videos}
        findings = [
            finding
            for video in wanted
            if video.video_id not in completed.missing
            for finding in _found(full.get(video.video_id, video), source, visit.watches)
        ]
        if findings:
            recorded = self._tail.commit(findings)
            tally.add(listed, recorded, advanced=True)
        _see(visit, listed.videos)

    def _logged(
        self, visit: Visit, source: FetchSource, read: Callable[[Visit, Tally], None]
    ) -> bool:
        """Read, and write the line about it if it found, cost or failed something.

        Returns:
            Whether nothing failed.
        """
        tally, error = Tally(), None
        begun = _begun(visit, source, self._clock())
        try:
            read(visit, tally)
        except (SourceError, NoUsableKeyError) as trouble:
            error = trouble
        if source is not FetchSource.RSS:
            self._tell(error)
        if error is not None or tally.added or tally.updated or tally.spending.units:
            self._fetch_log.record(record_of(begun, tally, error, self._clock()))
        return error is None

    def _tell(self, error: SourceError | NoUsableKeyError | None) -> None:
        if error is None:
            self._incidents.end("follow_failed")
        elif not isinstance(error, GoneError):
            self._incidents.begin("follow_failed", str(error))


def _found(video: Video, source: Source, watches: Sequence[FollowingWatch]) -> list[Finding]:
    return [
        Finding(video, source, watch_id, LinkReason.FOLLOWED_CHANNEL)
        for watch_id in for_whom(video, watches)
    ]


def _see(visit: Visit, listed: Sequence[Video]) -> None:
    ids = tuple(video.video_id for video in listed)
    visit.channel = replace(visit.channel, seen=follow_plan.with_seen(visit.channel.seen, ids))


def _begun(visit: Visit, source: FetchSource, now: datetime) -> FetchRecord:
    watch_ids = tuple(watch.watch_id for watch in visit.watches)
    return FetchRecord(source, Purpose.FOLLOW, watch_ids, None, started_at=now, finished_at=now)
