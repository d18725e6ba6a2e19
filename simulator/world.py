"""Everything that exists on the simulated YouTube at a moment, kept up to date by the clock.

The world moves only when it is asked something: events that have become due are applied in
order of time. It holds the videos sorted by publish time, so a range is found by bisection.
It knows nothing of HTTP, quota or queries.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from dataclasses import replace
from datetime import timedelta
from threading import RLock
from typing import TYPE_CHECKING, Protocol

from simulator.video import NEVER, Event, stable_fraction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

    from simulator.video import Channel, Fields, Video

LAST_SEQ = 2**62


class Source(Protocol):
    """Where a world gets its events: a generator of videos or a replayed file."""

    def take(self, until: datetime) -> Iterable[Event]:
        """Events not handed out before, at least all those due by `until`.

        Later ones may be among them; the world keeps them until they are due.
        """


class World:
    """The videos and channels that exist now. Calls from several threads are safe.

    `index_lag` is the longest time search may take to show a video; each takes its own part of
    it, so that videos become visible out of order. `keep` bounds the memory of a long run: a
    video older than that is forgotten as if it never was (None keeps all).
    """

    def __init__(
        self,
        source: Source,
        clock: Callable[[], datetime],
        *,
        index_lag: timedelta = timedelta(),
        keep: timedelta | None = None,
    ) -> None:
        self.lock = RLock()
        self._source = source
        self._clock = clock
        self._index_lag = index_lag
        self._keep = keep
        self._due: list[tuple[datetime, int, Event]] = []
        self._scheduled = 0
        self._last_seq = 0
        self._first_seq = 1
        self._by_seq: dict[int, Video] = {}
        self._seq_of: dict[str, int] = {}
        self._texts: dict[int, str] = {}
        self._published: list[tuple[datetime, int]] = []
        self._channels: dict[str, Channel] = {}
        self._uploads: dict[str, list[tuple[datetime, int]]] = defaultdict(list)

    def now(self) -> datetime:
        """Bring the world up to date and return the clock's whole second."""
        with self.lock:
            now = self._clock().replace(microsecond=0)
            for event in self._source.take(now):
                self._schedule(event)
            while self._due and self._due[0][0] <= now:
                self._apply(heapq.heappop(self._due)[2])
            self._forget(now)
            return now

    def add(self, event: Event) -> None:
        """Let something happen that the source did not plan; at once if it is due."""
        with self.lock:
            self._schedule(event)
            self.now()

    def between(self, after: datetime | None, before: datetime | None) -> Iterator[Video]:
        """Videos not deleted with after <= published_at <= before, newest first."""
        low = bisect_left(self._published, (after, 0)) if after else 0
        high = bisect_right(self._published, (before, LAST_SEQ)) if before else len(self._published)
        for position in range(high - 1, low - 1, -1):
            yield self._by_seq[self._published[position][1]]

    def text(self, video: Video) -> str:
        """The search text of a video, computed once."""
        found = self._texts.get(video.seq)
        if found is None:
            found = self._texts[video.seq] = video.search_text
        return found

    def find_video(self, video_id: str) -> Video | None:
        """A video, deleted ones included."""
        return self._by_seq.get(self._seq_of.get(video_id, 0))

    def find_channel(self, channel_id: str) -> Channel | None:
        """A channel that has published something."""
        return self._channels.get(channel_id)

    def channels(self) -> Iterator[Channel]:
        """All channels that have published something."""
        return iter(self._channels.values())

    def uploads(self, channel_id: str) -> list[Video]:
        """A channel's videos, last added first; those of the last second too (no index lag)."""
        keys = self._uploads.get(channel_id, [])
        return [self._by_seq[seq] for _, seq in reversed(keys)]

    def arrived(self, after_seq: int, limit: int) -> list[Video]:
        """Up to `limit` videos in order of arrival, deleted ones included."""
        start = max(after_seq + 1, self._first_seq)
        stop = min(start + limit, self._last_seq + 1)
        return [self._by_seq[seq] for seq in range(start, stop)]

    def _schedule(self, event: Event) -> None:
        self._scheduled += 1
        heapq.heappush(self._due, (event.at, self._scheduled, event))

    def _apply(self, event: Event) -> None:
        if event.video is not None:
            self._publish(event.video, event.at)
        elif event.fields is not None and (video := self.find_video(event.video_id)):
            self._change(video, event.at, event.fields)

    def _publish(self, video: Video, at: datetime) -> None:
        if video.video_id in self._seq_of:
            return
        self._last_seq += 1
        visible_at = at + self._lag(video) if video.visible_at == NEVER else video.visible_at
        video = replace(video, seq=self._last_seq, visible_at=visible_at)
        self._by_seq[video.seq] = video
        self._seq_of[video.video_id] = video.seq
        self._channels.setdefault(video.channel.channel_id, video.channel)
        insort(self._published, (video.published_at, video.seq))
        insort(self._uploads[video.channel.channel_id], (video.added_at, video.seq))

    def _change(self, video: Video, at: datetime, fields: Fields) -> None:
        if video.deleted_at is not None:
            return
        new = video.changed(at, fields)
        self._by_seq[video.seq] = new
        self._texts.pop(video.seq, None)
        _discard(self._published, (video.published_at, video.seq))
        if new.deleted_at is None:
            insort(self._published, (new.published_at, new.seq))
        else:
            _discard(self._uploads[video.channel.channel_id], (video.added_at, video.seq))

    def _forget(self, now: datetime) -> None:
        while self._keep is not None and self._first_seq <= self._last_seq:
            video = self._by_seq[self._first_seq]
            if video.added_at >= now - self._keep:
                return
            self._first_seq += 1
            del self._by_seq[video.seq], self._seq_of[video.video_id]
            self._texts.pop(video.seq, None)
            if video.deleted_at is None:
                _discard(self._published, (video.published_at, video.seq))
                _discard(self._uploads[video.channel.channel_id], (video.added_at, video.seq))

    def _lag(self, video: Video) -> timedelta:
        seconds = self._index_lag.total_seconds() * stable_fraction(video.video_id)
        return timedelta(seconds=round(seconds))


def _discard(keys: list[tuple[datetime, int]], key: tuple[datetime, int]) -> None:
    del keys[bisect_left(keys, key)]
