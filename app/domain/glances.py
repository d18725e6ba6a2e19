"""A glance: what was seen of a channel that nobody watches, because somebody asked for it.

It is a copy of a listing and no content of any feed (ADR 0013).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from app.domain.videos import Source, StoredVideo, Video

MAX_GLANCES = 1_000
"""How many are kept; of more, those that were asked for least recently go."""

MAX_VIDEOS = 50
"""Of a glance: what one page of an uploads playlist lists (YouTube API docs)."""

FRESH = timedelta(minutes=5)
KEPT = timedelta(days=7)
"""Without being asked for, and without being fetched: YouTube's policies allow 30 days."""

UNKNOWN_FOR = timedelta(hours=1)
"""How long it is remembered that YouTube knows no such channel."""


@dataclass(frozen=True, slots=True)
class Glance:
    """What is known of such a channel, and whether it is to be asked about.

    Args:
        channel_id: of the channel.
        wanted: how many of its newest videos somebody waits for; 0 if nobody does.
        next_try_at: YouTube is not asked before.
        last_accessed_at: when somebody asked for it, to the minute.
        fetched_at: when its listing was fetched; None if it never was.
        reach: how many of the channel's newest are in it, or all if there are fewer; those that
            were private or deleted among them are left out.
        source: the listing.
        completed_at: when videos.list was last asked about all that are not stored.
        gone_until: how long YouTube is believed to know no such channel.
        failing_since: when fetching it began to fail; None while it does not.
        videos: newest first.
    """

    channel_id: str
    wanted: int
    next_try_at: datetime
    last_accessed_at: datetime
    fetched_at: datetime | None = None
    reach: int = 0
    source: Source = Source.RSS
    completed_at: datetime | None = None
    gone_until: datetime | None = None
    failing_since: datetime | None = None
    videos: tuple[Video, ...] = ()

    def is_unknown(self, now: datetime) -> bool:
        """Tell whether YouTube knows no such channel."""
        return self.gone_until is not None and now < self.gone_until

    def is_usable(self, now: datetime) -> bool:
        """Tell whether there is anything to show."""
        return self.fetched_at is not None and now - self.fetched_at < KEPT

    def shows(self, count: int, now: datetime) -> bool:
        """Tell whether these are the newest `count` videos, as of a moment ago."""
        fresh = self.fetched_at is not None and now - self.fetched_at < FRESH
        return fresh and self.reach >= count

    def as_stored(self, video: Video) -> StoredVideo:
        """Return one of its videos as readers get it."""
        at = self.fetched_at or self.last_accessed_at
        return StoredVideo(video, self.source, (), fetched_at=at, updated_at=at, seq=0)
