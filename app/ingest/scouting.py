"""Scouting: which channels are worth following for which keywords. Pure.

A search is dear and shows videos late; a channel's own listings are cheap and fresh.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING

from app.domain.follows import Yield
from app.domain.intake import LinkReason
from app.ingest.matching import Place, attribute

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from app.domain.follows import Brought, FollowingWatch
    from app.domain.videos import Video

MATCHES = 2
"""So many videos must a channel have brought to a keyword lately, so that it is followed for it."""

WITHIN = timedelta(days=30)
"""What lately means; a channel that has brought nothing for so long is dropped."""

VIDEOS_LOOKED_AT = 1_000
"""Of a keyword: its newest. One that brings more in less time shows soon enough who brings them."""

_IN_TEXT = {
    LinkReason.IN_TITLE,
    LinkReason.IN_DESCRIPTION,
    LinkReason.IN_TAGS,
    LinkReason.FOLLOWED_CHANNEL,
}
"""Reasons that say that a video's own text holds the keyword."""


def for_whom(video: Video, watches: Iterable[FollowingWatch]) -> list[int]:
    """Return the watches whose keyword a followed channel's video holds, in its own text.

    The channel's name does not count: all its videos would be found by it. Watches that were added
    after the video was published are left out: how far back these go, their own readings know.
    """
    begun = [watch for watch in watches if watch.created_at <= video.published_at]
    places = attribute([watch.term for watch in begun], video)
    return [w.watch_id for w in begun if places.get(w.term, Place.CHANNEL) is not Place.CHANNEL]


def yields_of(
    watch: FollowingWatch, brought: Sequence[Brought], followed: Collection[str]
) -> list[Yield]:
    """Return the channels that are worth following for a keyword, with what they brought to it.

    Args:
        watch: of the keyword.
        brought: videos of its feed, newest first.
        followed: channels that are followed for it now: one more video is enough to keep them.
    """
    by_channel: dict[str, list[Brought]] = defaultdict(list)
    for each in brought:
        by_channel[each.video.channel_id].append(each)
    found: list[Yield] = []
    for channel_id, its in by_channel.items():
        least = 1 if channel_id in followed else MATCHES
        matching = [each.video for each in its if len(its) >= least and _matches(watch, each)]
        if matching and len(matching) >= least:
            newest = matching[0]
            title, at = newest.channel_title, newest.published_at
            found.append(Yield(watch.watch_id, channel_id, title, len(matching), at))
    return found


def chosen(
    yields: Iterable[Yield], followed: Collection[tuple[int, str]], limit: int
) -> list[Yield]:
    """Return what is followed of all that is worth it: at most `limit` channels.

    Watches take turns, each with the channel that brought it most of those left; who is followed
    already goes before who brought as much. A channel that is taken serves others for nothing.

    Args:
        yields: what is worth following.
        followed: watches and channels that are followed now.
        limit: how many channels there may be in all.
    """

    def worth(each: Yield) -> tuple[int, bool, str]:
        known = (each.watch_id, each.channel_id) in followed
        return -each.matches, not known, each.channel_id

    turns: Counter[int] = Counter()
    in_turn: list[tuple[int, tuple[int, bool, str], int, Yield]] = []
    for each in sorted(yields, key=worth):
        in_turn.append((turns[each.watch_id], worth(each), each.watch_id, each))
        turns[each.watch_id] += 1
    taken: set[str] = set()
    for *_, each in sorted(in_turn, key=lambda turn: turn[:3]):
        if len(taken) < limit:
            taken.add(each.channel_id)
    return [each for *_, each in in_turn if each.channel_id in taken]


def _matches(watch: FollowingWatch, each: Brought) -> bool:
    if each.reason in _IN_TEXT:
        return True
    place = attribute([watch.term], each.video).get(watch.term, Place.CHANNEL)
    return place is not Place.CHANNEL
