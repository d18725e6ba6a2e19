"""What ingest hands to the store, and what comes back: the words of the one way in."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.domain.videos import Source, Video


class LinkReason(StrEnum):
    """Why a video belongs to a watch: its own search found it, or a search it shared with others.

    Of a shared search, where the video's text holds the watch's term; `UNMATCHED` if no term of
    them is found anywhere, so that nobody knows which watch it was shown for. `OWN_CHANNEL` if the
    watched channel published it, `FOLLOWED_CHANNEL` if a channel did that is followed for a keyword
    and its text holds the keyword.
    `SUGGESTED` if Invidious named it for the watch's term.
    """

    OWN_SEARCH = "own_search"
    IN_TITLE = "packed_title"
    IN_DESCRIPTION = "packed_description"
    IN_TAGS = "packed_tags"
    IN_CHANNEL = "packed_channel"
    UNMATCHED = "packed"
    OWN_CHANNEL = "own_channel"
    FOLLOWED_CHANNEL = "followed_channel"
    SUGGESTED = "invidious_search"


@dataclass(frozen=True, slots=True)
class Finding:
    """A video as a source told it.

    Args:
        video: the telling.
        source: through which door it came.
        watch_id: the watch that found it; None if it was told for its own sake.
        reason: why it belongs to the watch.
        late: an earlier reading of its second did not show it.
        uncertain: it stays out of the watch's feed until a finding that is certain.
    """

    video: Video
    source: Source
    watch_id: int | None = None
    reason: LinkReason = LinkReason.OWN_SEARCH
    late: bool = False
    uncertain: bool = False


@dataclass(frozen=True, slots=True)
class Rejection:
    """A video the database refused, and its words."""

    video_id: str
    detail: str


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a recording changed.

    Args:
        version: the feed version after it.
        added: ids stored for the first time.
        updated: ids whose readers see a change.
        watches: watches whose feed changed.
        rejected: videos that could not be stored.
        deleted: ids that are no longer stored.
        ended: watches that were removed and have lost videos, or their last trace.
    """

    version: int
    added: tuple[str, ...]
    updated: tuple[str, ...]
    watches: frozenset[int]
    rejected: tuple[Rejection, ...]
    deleted: tuple[str, ...] = ()
    ended: frozenset[int] = frozenset()
