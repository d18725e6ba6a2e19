"""What the operator was told, and by which ways: for pages. It looks for nothing itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.domain.alerts import Alert
    from app.store.store import Store


@dataclass(frozen=True, slots=True)
class AlertReport:
    """Who is told, and of what.

    Args:
        channels: the kinds of ways to the operator, one for each, without addresses.
        alerts: present trouble and what was told of it, the oldest first.
    """

    channels: tuple[str, ...]
    alerts: tuple[Alert, ...]


class AlertReports:
    """Makes the report.

    Args:
        store: holds what was told.
        channels: the kinds of ways to the operator.
    """

    def __init__(self, store: Store, channels: Sequence[str]) -> None:
        self._store = store
        self._channels = tuple(channels)

    def report(self) -> AlertReport:
        """Return what was told; raises StoreUnavailableError."""
        alerts = self._store.read(lambda transaction: transaction.alerts.list_all())
        return AlertReport(self._channels, tuple(alerts))
