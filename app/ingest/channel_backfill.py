"""Asks for all that a watched channel ever published; its polls read it, within their units."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.domain.audit import Action
from app.domain.errors import InvalidValueError
from app.domain.watches import WatchKind
from app.ingest import channel_coverage

if TYPE_CHECKING:
    from app.domain.clock import Clock
    from app.domain.watches import Watch
    from app.store.store import Store, Transaction


class ChannelBackfill:
    """Writes down what is wanted; the next tick takes it from there."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def request(self, watch_id: int) -> Watch:
        """Ask for the whole channel; once that is read, asking again reads it again.

        Raises:
            InvalidValueError: the watch is not for a channel.
            NotFoundError: there is none.
        """
        now = self._clock()

        def work(transaction: Transaction) -> Watch:
            transaction.stand_in_line()
            watch = transaction.watches.get(watch_id)
            if watch.kind is not WatchKind.CHANNEL:
                raise InvalidValueError(f"the watch {watch_id} is for a keyword, not for a channel")
            pending = transaction.ranges.list_pending(watch_id)
            wanted = channel_coverage.with_backfill(pending, watch.created_at)
            transaction.ranges.replace(watch_id, wanted)
            transaction.watches.mark_due(watch_id, now)
            if not channel_coverage.is_for_backfill(pending):
                transaction.note(Action.WATCH_BACKFILLED, f"watch:{watch_id}", now)
            return watch

        return self._store.write(work)
