"""The units that channels on demand may cost: so many a Pacific day, whoever asks for them.

They are counted in the ledger under a name that no project has, besides what the key's own project
is charged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from app.domain.clock import next_pacific_midnight, pacific_day
from app.domain.errors import NoUsableKeyError
from app.domain.quota import Bucket

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from app.domain.clock import Clock
    from app.domain.quota import ApiKey, Spending
    from app.quota.ring import KeyRing
    from app.store.store import Store

T = TypeVar("T")

SPENT = "on_demand_spent"
_ALL_PROJECTS = ""


class OnDemandUnits:
    """Calls YouTube while some of the day's units for channels on demand are left.

    Args:
        ring: makes the calls.
        store: holds the count.
        clock: the present.
        per_day: how many there are.
    """

    def __init__(self, ring: KeyRing, store: Store, clock: Clock, per_day: int) -> None:
        self._ring = ring
        self._store = store
        self._clock = clock
        self._per_day = per_day

    def call(self, request: Callable[[ApiKey], T], spending: Spending) -> T:
        """Make a request that costs a unit, counted before it is made.

        Where keys are passed over it costs one for each of them. Those are counted afterwards: the
        day's last call may cost as many more.

        Raises:
            NoUsableKeyError: no key may be used, or the day's units for this are spent.
            SourceError: YouTube failed in a way that is not the key's.
        """
        if (trouble := self._ring.trouble(Bucket.UNITS)) is not None:
            raise trouble
        now, before = self._clock(), spending.units
        if not self._count(now):
            message = "today's units for channels on demand are spent"
            raise NoUsableKeyError(SPENT, message, next_pacific_midnight(now))
        try:
            return self._ring.call(Bucket.UNITS, request, spending)
        finally:
            for _ in range(spending.units - before - 1):
                self._count(now)

    def _count(self, now: datetime) -> bool:
        day, most = pacific_day(now), self._per_day
        return self._store.write(
            lambda t: t.quota.charge(_ALL_PROJECTS, Bucket.UNITS, day, most, 1)
        )
