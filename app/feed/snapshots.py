"""Reads of the store for readers: from the replica, or while that is away from the primary."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from app.domain.errors import StatementTimeoutError, StoreUnavailableError
from app.domain.rests import Rest

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.domain.clock import Clock
    from app.store.store import Store, Transaction
    from app.telemetry import Incidents

T = TypeVar("T")

_REST_SECONDS = 0.5
_REPLICA_REST_SECONDS = 5  # longer: nobody misses it while there is the primary


class Snapshots:
    """Reads over one consistent snapshot each; a database that was away a moment ago is not asked.

    Args:
        store: what is read.
        clock: the present.
        incidents: told when the database that readers use goes away, and when it is back. That the
            primary beside a replica is away, those tell who need it.
    """

    def __init__(self, store: Store, clock: Clock, incidents: Incidents) -> None:
        self._store = store
        self._incidents = incidents
        self._primary = Rest(clock, _REST_SECONDS)
        self._usual = Rest(clock, _REPLICA_REST_SECONDS) if store.has_replica else self._primary

    def read(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` over a snapshot that may lag behind.

        Raises:
            StatementTimeoutError: it took too long.
            StoreUnavailableError: no database answers.
        """
        try:
            found = _asked(self._usual, lambda: self._store.read_replica(work))
        except StatementTimeoutError:
            raise
        except StoreUnavailableError as error:
            self._incidents.begin(error.code, str(error))
            if not self._store.has_replica:
                raise
            return self.read_newest(work)
        self._incidents.end(StoreUnavailableError.code)
        return found

    def read_newest(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` over a snapshot of the primary, which is never behind.

        Raises:
            StatementTimeoutError: it took too long.
            StoreUnavailableError: the primary does not answer.
        """
        return _asked(self._primary, lambda: self._store.read(work))


def _asked(rest: Rest, read: Callable[[], T]) -> T:
    """Ask a database, unless it is at rest: somebody else's slow statement is no reason for one."""
    if (failure := rest.failure) is not None:
        raise StoreUnavailableError(failure)
    try:
        return read()
    except StatementTimeoutError:
        raise
    except StoreUnavailableError as error:
        rest.begin(str(error))
        raise
