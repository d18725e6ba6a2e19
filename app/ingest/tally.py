"""What a poll has done so far, and how it is told in the log of fetches."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from app.domain.fetches import FetchRecord, FetchSource, Purpose
from app.domain.quota import Spending
from app.domain.ranges import Stretch
from app.ingest.claims import code_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from app.domain.errors import NewsreelError
    from app.domain.intake import Recorded
    from app.ingest.claims import Poll
    from app.sources.base import ChannelFeed, SearchPage, UploadsPage, VideoBatch

    Answer = ChannelFeed | SearchPage | UploadsPage | VideoBatch


@dataclass
class Tally:
    """Counts what a poll reads and spends; `advanced` once less is left of its present listing."""

    pages: int = 0
    found: int = 0
    added: int = 0
    updated: int = 0
    rejected: int = 0
    advanced: bool = False
    spending: Spending = field(default_factory=Spending)

    def add(self, page: Answer, recorded: Recorded, *, advanced: bool) -> None:
        """Count a page that was committed; `advanced` if its commit left less to read."""
        self.pages += 1
        self.found += len(page.videos)
        self.added += len(recorded.added)
        self.updated += len(recorded.updated)
        self.rejected += len(page.rejected) + len(recorded.rejected)
        self.advanced = self.advanced or advanced


def record_of(
    begun: FetchRecord, tally: Tally, trouble: NewsreelError | None, now: datetime
) -> FetchRecord:
    """Return the line of a fetch that is over, from its line when it began."""
    return replace(
        begun,
        finished_at=now,
        pages=tally.pages,
        search_calls=tally.spending.search_calls,
        units=tally.spending.units,
        found=tally.found,
        added=tally.added,
        updated=tally.updated,
        rejected=tally.rejected,
        error_code=code_of(trouble) if trouble else None,
        error_detail=str(trouble) if trouble else None,
    )


def begun_by(poll: Poll) -> FetchRecord:
    """Return the line of a watch's own poll when it begins."""
    return FetchRecord(
        source=FetchSource.SEARCH,
        purpose=Purpose.POLL,
        watch_ids=(poll.watch.watch_id,),
        stretch=_span([listing.wanted for listing in poll.listings]),
        started_at=poll.started_at,
        finished_at=poll.started_at,
    )


def _span(stretches: Sequence[Stretch]) -> Stretch | None:
    if not stretches:
        return None
    return Stretch(min(s.starts_at for s in stretches), max(s.ends_at for s in stretches))
