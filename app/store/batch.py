"""What a batch of findings does to each video: decided before anything is written. Pure."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.domain.videos import Detail, Video, differs, merge
from app.store.rows import told_by

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Row

    from app.domain.intake import Finding

    Stored = Row[tuple[object, ...]]


@dataclass(frozen=True, slots=True)
class Change:
    """What a batch does to one video: `stored` is its row before, None if it is new."""

    stored: Stored | None
    before: Video | None
    after: Video
    first: Finding
    linked: frozenset[int]
    new_links: dict[int, Finding]
    complete: bool
    seen_by_readers: bool

    @property
    def hidden(self) -> bool:
        """Whether no feed shows the video."""
        return self.stored is not None and self.stored.hidden_at is not None

    @property
    def watches(self) -> frozenset[int]:
        """The watches the video belongs to afterwards."""
        return self.linked.union(self.new_links)

    @property
    def needless(self) -> bool:
        """Whether the video's row can stay as it is."""
        return self.after == self.before and not self.new_links and not self.complete


def by_video(findings: Iterable[Finding]) -> dict[str, list[Finding]]:
    """Return the findings of each video, in their order."""
    grouped: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        grouped[finding.video.video_id].append(finding)
    return grouped


def change_of(
    findings: list[Finding], stored: Stored | None, linked: frozenset[int], known: frozenset[int]
) -> Change:
    """Return what findings of one video do to it.

    Args:
        findings: at least one.
        stored: its row, None if it is new.
        linked: the watches it belongs to already.
        known: the watches that exist.
    """
    after = findings[0].video
    for finding in findings[1:]:
        after = merge(after, finding.video)
    before = None if stored is None else told_by(stored)
    complete = after.detail is Detail.FULL
    after = after if before is None else merge(before, after)
    wanted = {f.watch_id: f for f in findings if f.watch_id is not None}
    new_links = {w: f for w, f in wanted.items() if w in known and w not in linked}
    return Change(
        stored=stored,
        before=before,
        after=after,
        first=findings[0],
        linked=linked,
        new_links=new_links,
        complete=complete,
        seen_by_readers=before is None or bool(new_links) or differs(before, after),
    )
