"""What is left to do when watches have changed: new filters, and the videos of removed ones.

A tick does a bounded piece of it, in batches that are transactions of their own; what it did not
come to is for the next tick, of whatever process. Nobody holds it: the batch that has the feed
version's lock does the next piece, and what it did is written with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.domain.watches import UNDO_WINDOW

if TYPE_CHECKING:
    from app.domain.clock import Clock
    from app.domain.intake import Recorded
    from app.feed.publisher import FeedPublisher
    from app.store.store import Store, Transaction

BATCH_LINKS = 250
"""Of one transaction: others who store wait for it."""

BATCHES_PER_TICK = 8


class Upkeep:
    """Does a piece of what is left at each call; any number of processes may do so."""

    def __init__(self, store: Store, publisher: FeedPublisher, clock: Clock) -> None:
        self._store = store
        self._publisher = publisher
        self._clock = clock

    def run(self) -> None:
        """Do a tick's worth, and publish what it changed.

        Raises:
            StoreUnavailableError: the database is away; what was committed is published later.
        """
        self._drop_removed()
        done: list[Recorded] = []
        for batch in (self._refilter, self._withdraw) if self._is_due() else ():
            while len(done) < BATCHES_PER_TICK and (recorded := self._store.write(batch)):
                done.append(recorded)
        for watch_id in {watch_id for recorded in done for watch_id in recorded.ended}:
            self._publisher.drop(watch_id)
        if any(recorded.updated or recorded.deleted for recorded in done):
            self._publisher.publish(frozenset().union(*(recorded.watches for recorded in done)))

    def _drop_removed(self) -> None:
        """Let go of the feeds of removed watches that another process, or one that died, has not.

        One that is brought back this moment is published again by the next repair.
        """
        since = self._clock() - UNDO_WINDOW
        for removed in self._store.read(lambda t: t.watches.list_removed(since)):
            self._publisher.drop(removed.watch_id)

    def _is_due(self) -> bool:
        """Look without a lock: most often there is nothing to do."""
        now = self._clock()
        return self._store.read(lambda transaction: transaction.watches.has_upkeep(now))

    def _refilter(self, transaction: Transaction) -> Recorded | None:
        return transaction.refilter(BATCH_LINKS, self._clock())

    def _withdraw(self, transaction: Transaction) -> Recorded | None:
        return transaction.withdraw(BATCH_LINKS, self._clock())
