"""The tick: put right what is behind, then claim what is due. It makes no call to any source."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.domain.errors import InvalidValueError
from app.domain.watches import WatchKind, parse_keyword
from app.telemetry import get_logger

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    from app.domain.clock import Clock
    from app.domain.watches import Claim
    from app.feed.publisher import FeedPublisher
    from app.ingest.claims import Claims
    from app.store.store import Store

CLAIMS_PER_TICK = 50
"""How many watches one tick gives out; more would wait in the queue until their leases end."""


class Scheduler:
    """Runs ticks; any number of processes may do so at once.

    Args:
        store: holds the watches.
        claims: gives watches out.
        publisher: repairs what a crash left unpublished.
        clock: the present.
        keywords: watches that must exist.
        backfill: how far back a new watch starts.
    """

    def __init__(
        self,
        store: Store,
        claims: Claims,
        publisher: FeedPublisher,
        clock: Clock,
        *,
        keywords: Sequence[str],
        backfill: timedelta,
    ) -> None:
        self._store = store
        self._claims = claims
        self._publisher = publisher
        self._clock = clock
        self._keywords = keywords
        self._backfill = backfill
        self._seeded = False
        self._log = get_logger(__name__)

    def tick(self) -> list[Claim]:
        """Return the claims to run now.

        Raises:
            StoreUnavailableError: the database is away; the next tick tries again.
        """
        if not self._seeded:
            self._seed()
            self._seeded = True
        self._publisher.repair()
        return self._claims.due(CLAIMS_PER_TICK)

    def _seed(self) -> None:
        for keyword in self._keywords:
            try:
                self._add(parse_keyword(keyword))
            except InvalidValueError as error:
                self._log.error("keyword_refused", keyword=keyword[:50], detail=str(error))

    def _add(self, term: str) -> None:
        now = self._clock()
        start = now - self._backfill
        _, is_new = self._store.write(
            lambda t: t.watches.add(WatchKind.KEYWORD, term, now=now, read_until=start)
        )
        if is_new:
            self._log.info("watch_added", kind="keyword", term=term)
