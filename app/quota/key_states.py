"""What is known of keys: noted after every call, asked before one.

It stands in the database, by fingerprint, so that all processes know it and a restart forgets
nothing. A key of which nothing is noted is usable.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from app.domain.audit import Action
from app.domain.errors import KeyRejectedError
from app.domain.quota import KeyState, KeyStatus

if TYPE_CHECKING:
    from datetime import datetime

    from app.domain.clock import Clock
    from app.domain.errors import QuotaExhaustedError, ThrottledError
    from app.domain.quota import ApiKey
    from app.store.store import Store, Transaction
    from app.telemetry import Incidents

    Statuses = dict[str, KeyStatus]

COOLING_SECONDS = 60.0
"""How long a throttled key rests at least (per-minute limits end after a minute)."""

TRIED_AGAIN_AFTER = timedelta(days=1)
"""A key that was refused is tried once a day: its owner may have mended it."""


class KeyStates:
    """Reads and writes the states of keys, and tells when one begins and ends."""

    def __init__(self, store: Store, clock: Clock, incidents: Incidents) -> None:
        self._store = store
        self._clock = clock
        self._incidents = incidents

    def list_all(self) -> Statuses:
        """Return what is noted, by fingerprint."""
        return self._store.read(lambda transaction: transaction.keys.list_all())

    def set_aside(
        self,
        key: ApiKey,
        error: KeyRejectedError | QuotaExhaustedError | ThrottledError,
        before: KeyStatus | None,
    ) -> None:
        """Note that a key was refused (it is tried again in a day) or throttled (in a while)."""
        if isinstance(error, KeyRejectedError):
            state, reason = KeyState.DISABLED, f"{error.reason}: {error}"
            rest = TRIED_AGAIN_AFTER
        else:
            state, reason = KeyState.COOLING, str(error)
            rest = timedelta(seconds=max(COOLING_SECONDS, error.retry_after or 0))
        now = self._clock()
        since = before.since if before is not None and before.state is state else now
        self._put(KeyStatus(key.fingerprint, key.project, state, reason, since, now + rest))
        self._incidents.begin(f"key:{key.fingerprint}", f"{state}: {reason}")

    def welcome_back(self, key: ApiKey, before: KeyStatus | None) -> None:
        """Note that a key works."""
        if before is not None:
            self._store.write(lambda transaction: transaction.keys.clear(key.fingerprint))
        # Also when another process cleared the state: this one may have told of its beginning.
        self._incidents.end(f"key:{key.fingerprint}")

    def hold(self, key: ApiKey) -> None:
        """Note that the operator wants a key out of use; only `release` ends that."""
        reason = "disabled by the operator"
        now = self._clock()
        held = KeyStatus(key.fingerprint, key.project, KeyState.HELD, reason, now, None)

        def work(transaction: Transaction) -> None:
            transaction.stand_in_line()
            if not transaction.keys.is_held(key.fingerprint):
                transaction.keys.put(held)
                transaction.note(Action.KEY_DISABLED, f"key:{key.fingerprint}", now)

        self._store.write(work)

    def release(self, key: ApiKey) -> None:
        """Forget everything about a key."""

        def work(transaction: Transaction) -> None:
            if transaction.keys.clear(key.fingerprint, held=True):
                transaction.note(Action.KEY_ENABLED, f"key:{key.fingerprint}", self._clock())

        self._store.write(work)
        self._incidents.end(f"key:{key.fingerprint}")

    def _put(self, status: KeyStatus) -> None:
        self._store.write(lambda transaction: transaction.keys.put(status))


def is_usable(status: KeyStatus | None, now: datetime) -> bool:
    """Tell whether a key may be used now."""
    return status is None or (status.until is not None and status.until <= now)
