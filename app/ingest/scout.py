"""The scout: counts once an hour who brings videos to the keywords, and has those followed."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from app.domain.errors import StoreUnavailableError
from app.ingest import scouting
from app.telemetry import get_logger

if TYPE_CHECKING:
    from datetime import datetime

    from app.domain.clock import Clock
    from app.domain.follows import Brought, Yield
    from app.ingest.trouble import WriteTrouble
    from app.store.store import Store, Transaction

EVERY = timedelta(hours=1)


class Scout:
    """Chooses who is followed; if several processes do so at once, they choose the same.

    Args:
        store: holds the videos and the choice.
        clock: the present.
        writes: told when the database refuses to write.
        limit: how many channels may be followed in all; 0: none is.
    """

    def __init__(self, store: Store, clock: Clock, writes: WriteTrouble, *, limit: int) -> None:
        self._store = store
        self._clock = clock
        self._writes = writes
        self._limit = limit
        self._next_at: datetime | None = None
        self._log = get_logger(__name__)

    def due(self) -> bool:
        """Tell whether it is time to choose anew, once for each time: a tick."""
        now = self._clock()
        # Later than it may be: our clock was ahead then.
        if self._next_at is not None and now < self._next_at <= now + EVERY:
            return False
        self._next_at = now + EVERY
        return True

    def run(self) -> None:
        """Choose anew."""
        try:
            self._choose()
        except StoreUnavailableError as error:
            self._writes.begin(error)

    def _choose(self) -> None:
        known = self._store.read(lambda transaction: transaction.follows.list_all())
        followed = {(each.brings.watch_id, each.brings.channel_id) for each in known}
        found = self._yields(followed) if self._limit else []
        chosen = scouting.chosen(found, followed, self._limit)
        if not chosen and not self._store.read(lambda t: t.follows.count_channels()):
            return  # of a removed keyword nothing is left but the channels
        now = self._clock()

        def work(transaction: Transaction) -> None:
            transaction.stand_in_line()
            transaction.follows.replace_all(chosen, now)

        self._store.write(work)
        pairs = {(each.watch_id, each.channel_id) for each in chosen}
        if pairs != followed:
            new, dropped = len(pairs - followed), len(followed - pairs)
            self._log.info("follows_changed", follows=len(pairs), new=new, dropped=dropped)

    def _yields(self, followed: set[tuple[int, str]]) -> list[Yield]:
        """Look at one keyword after another, each in a short transaction of its own."""
        found: list[Yield] = []
        for watch in self._store.read(lambda transaction: transaction.follows.list_watches()):
            its = {channel_id for watch_id, channel_id in followed if watch_id == watch.watch_id}
            found += scouting.yields_of(watch, self._brought(watch.watch_id), its)
        return found

    def _brought(self, watch_id: int) -> list[Brought]:
        since, limit = self._clock() - scouting.WITHIN, scouting.VIDEOS_LOOKED_AT
        return self._store.read(lambda t: t.follows.list_brought(watch_id, since, limit))
