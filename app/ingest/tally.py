"""What a poll has done so far, and how it is told in the log of fetches."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from app.domain.errors import NewsreelError
from app.domain.fetches import FetchRecord, FetchSource, Purpose
from app.domain.quota import Spending
from app.domain.ranges import Stretch
from app.ingest.claims import code_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from app.domain.intake import Recorded
    from app.ingest.claims import Outcome, Poll
    from app.sources.base import SearchPage


@dataclass
class Tally:
    """Counts what a poll reads and spends."""

    pages: int = 0
    found: int = 0
    added: int = 0
    updated: int = 0
    rejected: int = 0
    spending: Spending = field(default_factory=Spending)

    def add(self, page: SearchPage, recorded: Recorded) -> None:
        """Count a page that was committed."""
        self.pages += 1
        self.found += len(page.videos)
        self.added += len(recorded.added)
        self.updated += len(recorded.updated)
        self.rejected += len(page.rejected) + len(recorded.rejected)


def record_of(
    poll: Poll, tally: Tally, outcome: Outcome | NewsreelError, now: datetime
) -> FetchRecord:
    """Return the line of a poll that is over."""
    trouble = outcome if isinstance(outcome, NewsreelError) else None
    return FetchRecord(
        source=FetchSource.SEARCH,
        purpose=Purpose.POLL,
        watch_ids=(poll.watch.watch_id,),
        stretch=_span([listing.wanted for listing in poll.listings]),
        started_at=poll.started_at,
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


def _span(stretches: Sequence[Stretch]) -> Stretch | None:
    if not stretches:
        return None
    return Stretch(min(s.starts_at for s in stretches), max(s.ends_at for s in stretches))
