"""Which of the watches that shared a search a video belongs to. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.domain.intake import Finding, LinkReason
from app.domain.videos import Source
from app.ingest.matching import Place, attribute

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.domain.videos import Video
    from app.domain.watches import Watch

_REASONS = {
    Place.TITLE: LinkReason.IN_TITLE,
    Place.DESCRIPTION: LinkReason.IN_DESCRIPTION,
    Place.TAGS: LinkReason.IN_TAGS,
    Place.CHANNEL: LinkReason.IN_CHANNEL,
}


def findings_of(
    told: Video, full: Video, watches: Sequence[Watch], *, alone: bool = False
) -> list[Finding]:
    """Return what a shared search found by listing a video.

    It belongs to each watch whose term its text holds. Where that is none it was shown for one of
    them all the same: each is linked to it, but uncertain. Watches that were added after it was
    published are left out: how far back these go, their own readings know.

    Args:
        told: the video as the search told it.
        full: the same with all the text that is known.
        watches: those that share the search.
        alone: it asked for the term of one of them only, so all it shows is found for that one.
    """
    begun = [watch for watch in watches if watch.created_at <= told.published_at]
    if not begun:
        return [Finding(told, Source.SEARCH)]
    if alone:
        return [Finding(told, Source.SEARCH, watch.watch_id) for watch in begun]
    places = attribute((watch.term for watch in begun), full)
    if not places:
        return [_uncertain(told, watch) for watch in begun]
    return [
        Finding(told, Source.SEARCH, watch.watch_id, _REASONS[places[watch.term]])
        for watch in begun
        if watch.term in places
    ]


def _uncertain(video: Video, watch: Watch) -> Finding:
    return Finding(video, Source.SEARCH, watch.watch_id, LinkReason.UNMATCHED, uncertain=True)
