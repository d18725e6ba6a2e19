"""The report on quota: what is spent, which keys are in use, and what the rest of the day brings.

It tells what the ledger, the key ring and the watches know; it decides nothing and spends nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from app.domain.quota import KeyReport, Usage
    from app.domain.watches import Watch
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
class Forecast:
    """What is to come today, as planned now.

    Args:
        polled: the watches that are not paused, the next one to be polled first.
    """

    polled: tuple[Watch, ...]


@dataclass(frozen=True, slots=True)
class QuotaReport:
    """Quota as it stands; every bucket is full again at `resets_at`."""

    resets_at: datetime
    projects: tuple[ProjectQuota, ...]
    forecast: Forecast


class QuotaReporter:
    """Makes the report; it asks the store anew each time."""

    def __init__(self, store: Store, ring: KeyRing, ledger: Ledger) -> None:
        self._store = store
        self._ring = ring
        self._ledger = ledger

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
        active = (watch for watch in watches if not watch.paused)
        return Forecast(tuple(sorted(active, key=lambda watch: watch.next_due_at)))
