"""Changes in the order of commit: the words of keeping a copy of the videos in sync."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.domain.videos import StoredVideo


@dataclass(frozen=True, slots=True)
class Bookmark:
    """How far a client has come: its copy holds every change up to `seq`.

    Args:
        seq: 0 for a client that holds nothing yet.
        since: only while a first copy is made: the feed version at which it was begun. What was
            deleted before then the client cannot hold, however far its `seq` lies behind.
    """

    seq: int = 0
    since: int = 0

    @property
    def deletions_after(self) -> int:
        """The seq from which on a deletion may concern the client."""
        return max(self.seq, self.since)


@dataclass(frozen=True, slots=True)
class Change:
    """The latest state of a video; `video` is None when readers no longer see it."""

    seq: int
    video_id: str
    video: StoredVideo | None


@dataclass(frozen=True, slots=True)
class ChangeList:
    """A page of changes, encoded.

    Args:
        changes: JSON objects as bytes, in the order of their seq.
        next_after: where the next page begins; opaque to clients.
        more: whether there was more at the time of reading.
        version: the feed version of the snapshot that was read.
    """

    changes: tuple[bytes, ...]
    next_after: str
    more: bool
    version: int
