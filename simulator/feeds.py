"""The channel feeds: the newest 15 videos by publish time, kept for 15 minutes as on the real way.

No key, no quota, no search index: a new video may be missing only because the feed is an old copy.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from simulator import wire_atom
from simulator.reply import HTML_TYPE, Reply

if TYPE_CHECKING:
    from datetime import datetime

    from simulator.world import World

ENTRIES = 15
KEPT = timedelta(minutes=15)
XML_TYPE = "text/xml; charset=UTF-8"
PATHS = ("/feeds/videos.xml", "/xml/feeds/videos.xml")
NO_FEED = Reply(404, b"<!DOCTYPE html><title>Error 404 (Not Found)!!1</title>", HTML_TYPE)


@dataclass(slots=True)
class Feeds:
    """Answers for feeds; `lag` is how much later than the video itself a feed shows it."""

    world: World
    lag: timedelta = timedelta()
    _kept: dict[str, tuple[datetime, Reply]] = field(default_factory=dict)

    def get(self, channel_id: str) -> Reply:
        """A channel's feed as it was up to 15 minutes ago; 404 for an unknown channel."""
        with self.world.lock:
            now = self.world.now()
            made_at, reply = self._kept.get(channel_id, (None, NO_FEED))
            if made_at is None or now - made_at >= KEPT:
                reply = self._made(channel_id, now)
                self._kept[channel_id] = (now, reply)
            return reply

    def _made(self, channel_id: str, now: datetime) -> Reply:
        channel = self.world.find_channel(channel_id)
        if channel is None:
            return NO_FEED
        shown = [v for v in self.world.uploads(channel_id) if v.added_at <= now - self.lag]
        newest = sorted(shown, key=lambda video: video.published_at, reverse=True)[:ENTRIES]
        return Reply(200, wire_atom.channel_feed(channel, newest), XML_TYPE)
