"""Managing what is watched: the one place that adds, pauses and removes watches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.domain.errors import InvalidValueError, NotFoundError
from app.domain.watches import MAX_WATCHES, WatchKind, parse_channel, parse_keyword

if TYPE_CHECKING:
    from datetime import timedelta

    from app.domain.clock import Clock
    from app.domain.watches import Watch
    from app.store.store import Store, Transaction

MAX_ID_DIGITS = 18
"""What every database holds as an integer."""


class Watching:
    """Adds and changes watches; the next tick takes it from there.

    Args:
        store: holds the watches.
        clock: the present.
        backfill: how far back a new watch starts.
    """

    def __init__(self, store: Store, clock: Clock, backfill: timedelta) -> None:
        self._store = store
        self._clock = clock
        self._backfill = backfill

    def add_keyword(self, text: str) -> tuple[Watch, bool]:
        """Watch a keyword; return the watch and whether it is new.

        Raises:
            InvalidValueError: not a keyword, or there are 1,000 watches already.
        """
        term = parse_keyword(text)
        return self._add(WatchKind.KEYWORD, term, term)

    def add_channel(self, channel_id: str, label: str = "") -> tuple[Watch, bool]:
        """Watch a channel under a label, its id if there is none; as `add_keyword` otherwise.

        Raises:
            InvalidValueError: not the id of a channel, or there are 1,000 watches already.
        """
        term = parse_channel(channel_id)
        return self._add(WatchKind.CHANNEL, term, label or term)

    def _add(self, kind: WatchKind, term: str, label: str) -> tuple[Watch, bool]:
        now = self._clock()

        def work(transaction: Transaction) -> tuple[Watch, bool]:
            watch, is_new = transaction.watches.add(
                kind, term, label, now=now, read_until=now - self._backfill
            )
            if is_new and transaction.watches.count() > MAX_WATCHES:
                raise InvalidValueError(f"there can be {MAX_WATCHES} watches at most")
            return watch, is_new

        return self._store.write(work)

    def list_all(self) -> list[Watch]:
        """Return every watch, oldest first."""
        return self._store.read(lambda transaction: transaction.watches.list_all())

    def find(self, name: str) -> Watch:
        """Return a watch by its id or its keyword.

        Raises:
            InvalidValueError: neither can look like this, or it is the id of one watch and the
                keyword of another.
            NotFoundError: there is none.
        """
        term = parse_keyword(name)

        def work(transaction: Transaction) -> Watch:
            by_term = transaction.watches.find_by_term(WatchKind.KEYWORD, term)
            by_id = _find_by_id(transaction, term)
            if by_term and by_id and by_term != by_id:
                raise InvalidValueError(
                    f"{term} is the id of the watch {by_id.term!r} and the keyword of the watch "
                    f"{by_term.watch_id}: name one by those"
                )
            found = by_term or by_id
            if found is None:
                raise NotFoundError(f"there is no watch {term!r}")
            return found

        return self._store.read(work)

    def set_paused(self, watch_id: int, *, paused: bool) -> Watch:
        """Pause or resume a watch.

        Raises:
            NotFoundError: there is none.
        """
        return self._store.write(lambda t: t.watches.set_paused(watch_id, paused=paused))

    def remove(self, watch_id: int) -> None:
        """Stop watching; the videos it found stay.

        Raises:
            NotFoundError: there is no such watch.
        """
        now = self._clock()
        self._store.write(lambda transaction: transaction.watches.remove(watch_id, now))


def _find_by_id(transaction: Transaction, name: str) -> Watch | None:
    if not (name.isdecimal() and len(name) <= MAX_ID_DIGITS):
        return None
    try:
        return transaction.watches.get(int(name))
    except NotFoundError:
        return None
