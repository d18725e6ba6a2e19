"""Reads the newest videos of a channel nobody watches: the free way first, units within a bound.

It asks and puts together; it stores nothing, and never asks the search bucket.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from operator import attrgetter
from typing import TYPE_CHECKING

from app.domain.channels import usual_playlist
from app.domain.errors import GoneError, NoUsableKeyError, SourceError, UpstreamError
from app.domain.glances import KEPT, MAX_VIDEOS
from app.domain.videos import Detail, Source, merge
from app.ingest.refreshing import is_credible

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from app.domain.clock import Clock
    from app.domain.glances import Glance
    from app.domain.quota import Spending
    from app.domain.videos import Video
    from app.quota.on_demand import OnDemandUnits
    from app.sources.base import ChannelSource, FeedSource, VideoSource
    from app.store.store import Store

FEED_VIDEOS = 15
"""A feed of fewer has all that the channel has (recorded bodies)."""

COMPLETED_FOR = timedelta(hours=1)
"""videos.list is asked again about what it told after this; before, only with something new."""

_NOBODY = "YouTube knows no such channel"


@dataclass(frozen=True, slots=True)
class Listing:
    """What was told of a channel, newest first; `reach` and `completed_at` as of a glance."""

    videos: tuple[Video, ...]
    source: Source
    reach: int
    rejected: int = 0
    completed_at: datetime | None = None


class GlanceReader:
    """Asks the sources for one glance.

    Args:
        store: knows what need not be asked about.
        source: completes videos.
        channels: lists uploads, and knows which channels there are.
        feeds: the free way.
        units: bounds what all this may cost.
        clock: the present.
    """

    def __init__(
        self,
        *,
        store: Store,
        source: VideoSource,
        channels: ChannelSource,
        feeds: FeedSource,
        units: OnDemandUnits,
        clock: Clock,
    ) -> None:
        self._store = store
        self._source = source
        self._channels = channels
        self._feeds = feeds
        self._units = units
        self._clock = clock

    def read(self, before: Glance, spending: Spending) -> Listing:
        """Return the channel's newest videos: as many as are wanted, if units allow that.

        Raises:
            GoneError: YouTube knows no such channel.
            SourceError: neither its feed nor its uploads could be read.
            NoUsableKeyError: its feed could not be read, and no unit may be spent on it.
        """
        listing = self._list(before, spending)
        newest = sorted(listing.videos, key=attrgetter("published_at", "video_id"), reverse=True)
        listing = replace(listing, videos=tuple(newest[:MAX_VIDEOS]))
        return self._completed(listing, before, spending)

    def _list(self, before: Glance, spending: Spending) -> Listing:
        try:
            shown = self._feed(before.channel_id)
        except SourceError:  # a feed's 404, too, which means nothing by itself
            return self._uploads(before.channel_id, spending)
        if shown.reach >= before.wanted:
            return shown
        try:
            return self._uploads(before.channel_id, spending)
        except (SourceError, NoUsableKeyError):
            return shown

    def _feed(self, channel_id: str) -> Listing:
        feed = self._feeds.feed(channel_id)
        reach = MAX_VIDEOS if feed.listed < FEED_VIDEOS else FEED_VIDEOS
        return _readable(Listing(feed.videos, Source.RSS, reach, len(feed.rejected)))

    def _uploads(self, channel_id: str, spending: Spending) -> Listing:
        playlist = usual_playlist(channel_id)
        try:
            return self._first_page(playlist, spending)
        except GoneError:
            pass  # a channel without public videos has none, and few have another
        channel = self._units.call(lambda key: self._channels.channel(key, channel_id), spending)
        if channel is None:
            raise GoneError(_NOBODY)
        if channel.uploads_playlist_id not in (None, playlist):
            with suppress(GoneError):
                return self._first_page(str(channel.uploads_playlist_id), spending)
        if channel.videos:
            raise UpstreamError("YouTube does not list the videos of a channel that has some")
        return Listing((), Source.UPLOADS, MAX_VIDEOS)

    def _first_page(self, playlist_id: str, spending: Spending) -> Listing:
        page = self._units.call(
            lambda key: self._channels.uploads(key, playlist_id, None), spending
        )
        return _readable(Listing(page.videos, Source.UPLOADS, MAX_VIDEOS, len(page.rejected)))

    def _completed(self, listing: Listing, before: Glance, spending: Spending) -> Listing:
        """Take over what videos.list told: of what is not stored, now or lately."""
        ids = [video.video_id for video in listing.videos]
        stored = _full(self._store.read(lambda t: t.videos.list_told(ids)))
        owed = [video_id for video_id in ids if video_id not in stored]
        asked_at, now = before.completed_at, self._clock()
        age = timedelta.max if asked_at is None else now - asked_at
        known = _full({v.video_id: v for v in before.videos}) if age < KEPT else {}
        missing: Collection[str] = ()
        if owed and (age >= COMPLETED_FOR or not known.keys() >= set(owed)):
            told, missing = self._ask(owed, spending)
            known |= told
            asked_at = now if told or missing else asked_at
        known |= stored  # those that every watch excludes are shown of the glance alone
        videos = [merge(known.get(v.video_id, v), v) for v in listing.videos]
        there = tuple(video for video in videos if video.video_id not in missing)
        return replace(listing, videos=there, completed_at=asked_at)

    def _ask(
        self, ids: Sequence[str], spending: Spending
    ) -> tuple[dict[str, Video], Collection[str]]:
        """Return what is told of these videos, and which of them are not there any more."""
        try:
            batch = self._units.call(lambda key: self._source.videos(key, ids), spending)
        except (SourceError, NoUsableKeyError):
            return {}, ()  # what the listing told is served
        told = {video.video_id: video for video in batch.videos}
        missing = frozenset(ids) - told.keys()
        believed = is_credible(asked=len(ids), absent=len(missing), unreadable=len(batch.rejected))
        return told, missing if believed else ()


def _readable(listing: Listing) -> Listing:
    if listing.rejected and not listing.videos:
        raise UpstreamError("YouTube listed videos that cannot be read")
    return listing


def _full(videos: Mapping[str, Video]) -> dict[str, Video]:
    return {name: video for name, video in videos.items() if video.detail is Detail.FULL}
