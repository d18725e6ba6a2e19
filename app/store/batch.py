"""What a batch of findings does to each video: decided before anything is written. Pure."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.domain.videos import Detail, Video, differs, merge
from app.store.rows import told_by

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy import Row

    from app.domain.intake import Finding

    Stored = Row[tuple[object, ...]]


@dataclass(frozen=True, slots=True)
class Change:
    """What a batch does to one video.

    Args:
        stored: its row before; None if it is new.
        before: what had been told of it.
        after: what is known of it now.
        first: the finding that came first.
        linked: the watches it belongs to already.
        new_links: what adds it to watches.
        confirmed: what adds it to watches of which it was uncertain.
        uncertain: what links it to watches without adding it to them.
        complete: videos.list has told it.
        seen_by_readers: its item changes.
    """

    stored: Stored | None
    before: Video | None
    after: Video
    first: Finding
    linked: frozenset[int]
    new_links: dict[int, Finding]
    confirmed: dict[int, Finding]
    uncertain: dict[int, Finding]
    complete: bool
    seen_by_readers: bool

    @property
    def hidden(self) -> bool:
        """Whether no feed shows the video."""
        return self.stored is not None and self.stored.hidden_at is not None

    @property
    def watches(self) -> frozenset[int]:
        """The watches the video belongs to afterwards."""
        return self.linked.union(self.gained)

    @property
    def gained(self) -> dict[int, Finding]:
        """What adds the video to watches it did not belong to."""
        return self.new_links | self.confirmed

    @property
    def needless(self) -> bool:
        """Whether the video's row can stay as it is."""
        return self.after == self.before and not self.gained and not self.complete


def by_video(findings: Iterable[Finding]) -> dict[str, list[Finding]]:
    """Return the findings of each video, in their order."""
    grouped: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        grouped[finding.video.video_id].append(finding)
    return grouped


def change_of(
    findings: list[Finding],
    stored: Stored | None,
    links: Mapping[int, bool],
    known: frozenset[int],
) -> Change:
    """Return what findings of one video do to it.

    Args:
        findings: at least one.
        stored: its row, None if it is new.
        links: the watches it is linked to already, and whether that is uncertain.
        known: the watches that exist.
    """
    after = findings[0].video
    for finding in findings[1:]:
        after = merge(after, finding.video)
    before = None if stored is None else told_by(stored)
    complete = after.detail is Detail.FULL
    after = after if before is None else merge(before, after)
    wanted = _wanted_links(findings, known)
    new = {w: f for w, f in wanted.items() if w not in links}
    new_links = {w: f for w, f in new.items() if not f.uncertain}
    confirmed = {w: f for w, f in wanted.items() if links.get(w) and not f.uncertain}
    return Change(
        stored=stored,
        before=before,
        after=after,
        first=findings[0],
        linked=frozenset(w for w, uncertain in links.items() if not uncertain),
        new_links=new_links,
        confirmed=confirmed,
        uncertain={w: f for w, f in new.items() if f.uncertain},
        complete=complete,
        seen_by_readers=before is None or bool(new_links or confirmed) or differs(before, after),
    )


def _wanted_links(findings: list[Finding], known: frozenset[int]) -> dict[int, Finding]:
    """Return what links a video to each watch that exists: a certain finding if there is one."""
    certain_last = sorted(findings, key=lambda finding: not finding.uncertain)
    return {f.watch_id: f for f in certain_last if f.watch_id is not None and f.watch_id in known}
