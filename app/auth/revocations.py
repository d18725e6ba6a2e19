"""Which tokens hold no more although they are not expired, as far as this process knows.

The database is asked every few seconds at most, by one request for all. While it is away, what was
known is trusted: no token is given out without it, so all of them expire within their quarter of an
hour.
"""

from __future__ import annotations

import time
from datetime import timedelta
from threading import Lock
from typing import TYPE_CHECKING

from app.auth.tokens import LEEWAY_SECONDS, LIFE_SECONDS
from app.domain.audit import Action, Actor, client_name
from app.domain.errors import StoreUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from app.auth.tokens import AccessToken
    from app.domain.clock import Clock
    from app.store.store import Store, Transaction

LOOK_SECONDS = 2.0
IDLE_SECONDS = 10.0
"""Nobody has asked for so long: what was known then is not trusted any more."""

_A_MINUTE = 60
REMEMBERED = timedelta(seconds=LIFE_SECONDS + 2 * LEEWAY_SECONDS + _A_MINUTE)
"""A client's tokens are gone by then, with any that was being given out as it was revoked."""


class Revocations:
    """What is revoked, by the ids of tokens and of clients. Thread-safe.

    Args:
        store: holds them.
        clock: the present.
        monotonic: seconds, from anywhere.
    """

    def __init__(
        self, store: Store, clock: Clock, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._store = store
        self._clock = clock
        self._monotonic = monotonic
        self._lock = Lock()
        self._known: frozenset[str] | None = None
        self._next_look = 0.0
        self._looked = 0.0
        self._is_away = False

    def covers(self, token: AccessToken) -> bool:
        """Tell whether a token is revoked; may ask the database.

        Raises:
            StoreUnavailableError: the database is away, and was since this process began.
        """
        if not self.is_fresh():
            self._look()
        return self.known_to_cover(token)

    def is_fresh(self) -> bool:
        """Tell whether the database need not be asked now."""
        return self._known is not None and self._monotonic() < self._next_look

    def known_to_cover(self, token: AccessToken) -> bool:
        """Tell whether a token is known to be revoked, without waiting."""
        known = self._known
        return known is None or token.token_id in known or token.client_id in known

    def revoke(self, token: AccessToken, address: str | None = None) -> None:
        """Let a token hold no more, because its client, at an address, wants it so.

        Raises:
            StoreUnavailableError: the database is away.
        """
        now = self._clock()

        def change(transaction: Transaction) -> None:
            if note(transaction, token.token_id, now):
                transaction.note(Action.TOKEN_REVOKED, f"token:{token.token_id}", now)

        self._store.by(Actor(client_name(token.client_id), address)).write(change)
        self._next_look = 0.0

    def _look(self) -> None:
        # While the database is slow or away, one waits for it and the others go on.
        idle = not self._is_away and self._monotonic() - self._looked > IDLE_SECONDS
        waits = self._known is None or idle
        if not self._lock.acquire(blocking=waits):
            return
        try:
            if self.is_fresh():
                return
            if not waits:
                self._next_look = self._monotonic() + LOOK_SECONDS
            self._ask()
        finally:
            self._lock.release()

    def _ask(self) -> None:
        now = self._clock()
        try:
            self._known = self._store.read(
                lambda transaction: transaction.revocations.list_live(now)
            )
            self._looked = self._monotonic()
            self._is_away = False
        except StoreUnavailableError:
            self._is_away = True
            if self._known is None:
                raise
        self._next_look = self._monotonic() + LOOK_SECONDS


def note(transaction: Transaction, revoked: str, now: datetime) -> bool:
    """Note that a token, or all of a client, hold no more; forget what is over.

    Returns:
        Whether that is new.
    """
    transaction.revocations.prune(now)
    return transaction.revocations.put(revoked, now + REMEMBERED)
