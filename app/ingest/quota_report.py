"""The report on quota: what is spent, which keys are in use, and what the rest of the day brings.

It tells what the ledger, the key ring and the watches know; it decides nothing and spends nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.domain.burn_down import SpentDay, edges
from app.domain.clock import next_pacific_midnight, pacific_day, pacific_midnight

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from app.domain.clock import Clock
    from app.domain.quota import KeyReport, Usage
    from app.domain.watches import Watch
    from app.ingest.pacer import Pacer
    from app.ingest.pacing import Plan
    from app.quota.ledger import Ledger
    from app.quota.ring import KeyRing
    from app.store.store import Store


@dataclass(frozen=True, slots=True)
class ProjectQuota:
    """What one project has used today, by bucket, and its keys."""

    project: str
    usage: tuple[Usage, ...]
    keys: tuple[KeyReport, ...]


@dataclass(frozen=True, slots=True)
class PlannedPoll:
    """When a watch is polled next, and how long after that again.

    `interval_seconds` is as planned with the calls that are left now; None if none are.
    `packed_interval_seconds` is between polls that look for it along with others; None if none do.
    """

    watch: Watch
    interval_seconds: float | None
    packed_interval_seconds: float | None


@dataclass(frozen=True, slots=True)
class Forecast:
    """What is to come today, as planned now.

    Args:
        polls: of the watches that are not paused, the next one first.
        calls_left: search calls that the usable keys' projects may still make today.
        calls_reserved: how many of them are kept back now.
        last_call_at: when the others are spent at the present pace; None where some outlast the
            day, or none are left.
        plenty: calls are enough to poll every watch at every tick.
    """

    polls: tuple[PlannedPoll, ...]
    calls_left: int
    calls_reserved: float
    last_call_at: datetime | None
    plenty: bool


@dataclass(frozen=True, slots=True)
class QuotaReport:
    """Quota as it stands; every bucket is full again at `resets_at`."""

    resets_at: datetime
    projects: tuple[ProjectQuota, ...]
    forecast: Forecast


class QuotaReporter:
    """Makes the report; it asks the store anew each time."""

    def __init__(
        self, store: Store, ring: KeyRing, ledger: Ledger, pacer: Pacer, clock: Clock
    ) -> None:
        self._store = store
        self._ring = ring
        self._ledger = ledger
        self._pacer = pacer
        self._clock = clock

    def spent_today(self) -> SpentDay:
        """Return what the fetches of today cost, by the hour, of all projects together.

        It is what the log of fetches has: not what is under way, nor what died unlogged.

        Raises:
            StoreUnavailableError: the database is away.
        """
        now = self._clock()
        began_at, resets_at = pacific_midnight(pacific_day(now)), next_pacific_midnight(now)
        hours = edges(began_at, resets_at)
        spent = self._store.read(lambda transaction: transaction.fetches.list_spent(hours))
        return SpentDay(began_at, resets_at, now, tuple(spent))

    def report(self) -> QuotaReport:
        """Return quota as it stands.

        Raises:
            StoreUnavailableError: the database is away.
        """
        keys = self._ring.list_keys()
        names = list(dict.fromkeys(key.project for key in keys))
        usage = self._ledger.list_usage(names)
        projects = (
            ProjectQuota(
                name,
                tuple(used for used in usage if used.project == name),
                tuple(key for key in keys if key.project == name),
            )
            for name in names
        )
        return QuotaReport(self._ledger.resets_at(), tuple(projects), self._forecast())

    def _forecast(self) -> Forecast:
        watches = self._store.read(lambda transaction: transaction.watches.list_all())
        outlook = self._pacer.outlook()
        active = (watch for watch in watches if not watch.paused)
        return Forecast(
            polls=tuple(
                _planned(watch, outlook.plans.get(watch.watch_id))
                for watch in sorted(active, key=lambda watch: watch.next_due_at)
            ),
            calls_left=outlook.budget.left,
            calls_reserved=outlook.reserved,
            last_call_at=outlook.last_call_at,
            plenty=outlook.plenty,
        )


def _planned(watch: Watch, plan: Plan | None) -> PlannedPoll:
    if plan is None:
        return PlannedPoll(watch, None, None)
    return PlannedPoll(watch, _seconds(plan.interval), _seconds(plan.packed_interval))


def _seconds(interval: timedelta | None) -> float | None:
    return None if interval is None else interval.total_seconds()
