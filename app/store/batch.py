"""What a batch of findings does to each video: decided before anything is written. Pure."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.domain.filters import exclusion
from app.domain.videos import Detail, Video, differs, merge
from app.store.rows import told_by

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from sqlalchemy import Row

    from app.domain.filters import Filters
    from app.domain.intake import Finding

    Stored = Row[tuple[object, ...]]


@dataclass(frozen=True, slots=True)
class Link:
    """That a watch found a video.

    Args:
        uncertain: nobody knows whether it was found for this watch.
        excluded_by: the filter of the watch that it did not pass.
    """

    uncertain: bool = False
    excluded_by: str | None = None

    @property
    def counts(self) -> bool:
        """Whether it puts the video into the watch's feed and counts."""
        return not self.uncertain and self.excluded_by is None


@dataclass(frozen=True, slots=True)
class Change:
    """What a batch does to one video.

    Args:
        stored: its row before; None if it is new.
        hidden_at: since when a moderator hides it; None: nobody does.
        before: what had been told of it.
        after: what is known of it now.
        first: the finding that came first.
        linked: its links before, by watch.
        links: its links afterwards.
        findings: what found it for a watch, of new links and of those no longer uncertain.
        complete: videos.list has told it.
    """

    stored: Stored | None
    hidden_at: datetime | None
    before: Video | None
    after: Video
    first: Finding
    linked: Mapping[int, Link]
    links: Mapping[int, Link]
    findings: Mapping[int, Finding]
    complete: bool

    @property
    def visible_before(self) -> bool:
        """Whether feeds showed the video."""
        return self.stored is not None and bool(self.stored.visible)

    @property
    def visible(self) -> bool:
        """Whether feeds show it afterwards: it is not hidden, and not excluded by all its links."""
        if self.hidden_at is not None:
            return False
        return not self.links or any(link.excluded_by is None for link in self.links.values())

    @property
    def watches(self) -> frozenset[int]:
        """The watches the video belongs to afterwards."""
        return _counting(self.links)

    @property
    def watches_before(self) -> frozenset[int]:
        """The watches it belonged to."""
        return _counting(self.linked)

    @property
    def gained(self) -> frozenset[int]:
        """Watches it did not belong to."""
        return self.watches - self.watches_before

    @property
    def lost(self) -> frozenset[int]:
        """Watches it no longer belongs to."""
        return self.watches_before - self.watches

    @property
    def seen_by_readers(self) -> bool:
        """Whether it comes, goes, or its item changes."""
        visible, visible_before = self.visible, self.visible_before
        if self.before is None or visible != visible_before:
            return visible or visible_before
        moved = self.gained or self.lost
        return visible and (bool(moved) or differs(self.before, self.after))

    @property
    def needless(self) -> bool:
        """Whether the video's row can stay as it is."""
        return self.after == self.before and not self.complete and not self.seen_by_readers


def _counting(links: Mapping[int, Link]) -> frozenset[int]:
    return frozenset(watch_id for watch_id, link in links.items() if link.counts)


def by_video(findings: Iterable[Finding]) -> dict[str, list[Finding]]:
    """Return the findings of each video, in their order."""
    grouped: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        grouped[finding.video.video_id].append(finding)
    return grouped


def is_for_nobody(findings: Iterable[Finding], wanted: Mapping[int, Filters]) -> bool:
    """Tell whether a video was found for watches none of which exists any more.

    Stored without a link it would be seen by all, and go with no watch.
    """
    finders = {f.watch_id for f in findings if f.watch_id is not None}
    return bool(finders) and finders.isdisjoint(wanted)


def change_of(
    findings: list[Finding],
    stored: Stored | None,
    linked: Mapping[int, Link],
    wanted: Mapping[int, Filters],
    hidden_at: datetime | None,
) -> Change:
    """Return what findings of one video do to it.

    Args:
        findings: at least one.
        stored: its row, None if it is new.
        linked: its links, by watch.
        wanted: the filters of those of these watches and of the finders that exist.
        hidden_at: since when a moderator hides it.
    """
    after = findings[0].video
    for finding in findings[1:]:
        after = merge(after, finding.video)
    before = None if stored is None else told_by(stored)
    complete = after.detail is Detail.FULL
    after = after if before is None else merge(before, after)
    found = {
        watch_id: finding
        for watch_id, finding in _finders(findings).items()
        if watch_id in wanted and _tells_more(finding, linked.get(watch_id))
    }
    uncertain = {w: link.uncertain for w, link in linked.items()}
    uncertain |= {w: finding.uncertain for w, finding in found.items()}
    judged = wanted if after != before else {w: wanted[w] for w in found}
    return Change(
        stored=stored,
        hidden_at=hidden_at,
        before=before,
        after=after,
        first=findings[0],
        linked=linked,
        links={
            w: Link(is_uncertain, reason_against(after, judged[w])) if w in judged else linked[w]
            for w, is_uncertain in uncertain.items()
        },
        findings=found,
        complete=complete,
    )


def _finders(findings: list[Finding]) -> dict[int, Finding]:
    """Return what links a video to each watch: a certain finding if there is one."""
    certain_last = sorted(findings, key=lambda finding: not finding.uncertain)
    return {f.watch_id: f for f in certain_last if f.watch_id is not None}


def _tells_more(finding: Finding, link: Link | None) -> bool:
    """Tell whether a finding makes a new link, or an uncertain one certain."""
    return link is None or (link.uncertain and not finding.uncertain)


def reason_against(video: Video, filters: Filters) -> str | None:
    """Return what a link says of a filter that its video does not pass."""
    excluded_by = exclusion(video, filters)
    return None if excluded_by is None else excluded_by.value
