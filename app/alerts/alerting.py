"""Tells the operator of trouble: when it begins and when it ends, once, by one of all processes.

What was told stands in the database, so that neither many processes nor their restarts say it
twice. It is noted once it was sent, so a message that a crash cut short is sent again.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from app.domain.alerts import compare, message, told, untold
from app.domain.errors import StoreUnavailableError
from app.telemetry import get_logger

if TYPE_CHECKING:
    from datetime import datetime

    from app.alerts.noticing import Noticing
    from app.domain.alerts import Alert, Message
    from app.domain.clock import Clock
    from app.domain.watches import Problem
    from app.store.store import Store, Transaction

LOOKS_EVERY = timedelta(minutes=1)
_IN_HAND = timedelta(minutes=2)


class Sender(Protocol):
    """The ways to the operator."""

    @property
    def count(self) -> int:
        """How many ways there are."""

    def send(self, message: Message) -> list[str]:
        """Send to all of them; return what went wrong, a line for each that did not take it."""


class Alerts:
    """Looks for trouble and tells of it; any number of processes may do so at once.

    Args:
        store: holds what was told.
        noticing: knows what is wrong.
        sender: tells; without any way to tell nothing is done at all.
        clock: the present.
    """

    def __init__(self, store: Store, noticing: Noticing, sender: Sender, clock: Clock) -> None:
        self._store = store
        self._noticing = noticing
        self._sender = sender
        self._clock = clock
        self._looked_at: datetime | None = None
        self._log = get_logger(__name__)

    def due(self) -> list[str]:
        """Look for trouble and give out what is to be told of it: a tick, once a minute."""
        now = self._clock()
        resting = self._looked_at is not None and abs(now - self._looked_at) < LOOKS_EVERY
        if resting or not self._sender.count:
            return []
        self._looked_at = now
        try:
            problems = self._noticing.look({alert.code for alert in self._known()})
            known = self._brought_up_to_date(problems, now)
            due = [alert for alert in known if alert.has_news and alert.next_try_at <= now]
            return [alert.code for alert in due if self._take(alert)]
        except StoreUnavailableError:
            return []  # the same tick has told of it

    def run(self, code: str) -> None:
        """Tell what is to be told of one trouble; what goes wrong is due again later."""
        try:
            alert = next((it for it in self._known() if it.code == code and it.has_news), None)
            if alert is not None:
                self._tell(alert)
        except StoreUnavailableError as error:
            self._log.warning("alert_not_noted", code=code, detail=str(error))

    def _tell(self, alert: Alert) -> None:
        failures = self._sender.send(message(alert))
        for failure in failures:
            self._log.warning("alert_not_sent", code=alert.code, detail=failure)
        arrived = len(failures) < self._sender.count
        after = told(alert, self._clock()) if arrived else untold(alert, self._clock())
        self._store.write(lambda transaction: transaction.alerts.replace(alert, after))

    def _known(self) -> list[Alert]:
        return self._store.read(lambda transaction: transaction.alerts.list_all())

    def _brought_up_to_date(self, problems: dict[str, Problem], now: datetime) -> list[Alert]:
        known = self._known()
        if compare(_by_code(known), problems, now) == ([], []):
            return known

        def work(transaction: Transaction) -> list[Alert]:
            transaction.stand_in_line()  # so that two who notice the same do not both write it
            alerts = transaction.alerts
            changed, forgotten = compare(_by_code(alerts.list_all()), problems, now)
            alerts.delete(forgotten)
            for alert in changed:
                alerts.put(alert)
            return alerts.list_all()

        return self._store.write(work)

    def _take(self, alert: Alert) -> bool:
        taken = replace(alert, next_try_at=self._clock() + _IN_HAND)
        return self._store.write(lambda transaction: transaction.alerts.replace(alert, taken))


def _by_code(alerts: list[Alert]) -> dict[str, Alert]:
    return {alert.code: alert for alert in alerts}
