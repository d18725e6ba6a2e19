"""The reserve as far as people may spend it: a tenth of the day's search calls, no more.

It is counted when somebody asks, not when the poll comes, so a thousand requests of a second cost
no more than it holds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.domain.clock import pacific_day
from app.domain.quota import Bucket
from app.ingest.pacing import RESERVE

if TYPE_CHECKING:
    from app.domain.clock import Clock
    from app.quota.ring import KeyRing
    from app.store.store import Store, Transaction


class Reserve:
    """Counts the calls that were asked for on each Pacific day.

    Args:
        store: holds the count.
        ring: knows what usable keys have a day.
        clock: the present.
    """

    def __init__(self, store: Store, ring: KeyRing, clock: Clock) -> None:
        self._store = store
        self._ring = ring
        self._clock = clock

    def size(self) -> int:
        """Return how many calls may be asked for in a day."""
        return int(RESERVE * self._ring.limit(Bucket.SEARCH))

    def take(self, transaction: Transaction, size: int) -> bool:
        """Spend one of `size`; False if they are spent. The feed version must be locked."""
        return transaction.quota.take_reserve(pacific_day(self._clock()), size)

    def asked(self) -> int:
        """Return how many were asked for today."""
        day = pacific_day(self._clock())
        return self._store.read(lambda transaction: transaction.quota.reserve_used(day))
