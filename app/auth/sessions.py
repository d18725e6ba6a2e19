"""Sessions: the operator's password opens one, and the browser keeps its secret in a cookie.

A session allows everything. It ends when it is closed, when it is old or idle, and when the
password is changed. Knows nothing of cookies; no message and no row holds a password or a secret.
"""

from __future__ import annotations

import hmac
from datetime import timedelta
from typing import TYPE_CHECKING

from app.auth.credentials import SESSION, hashed, matches, new_secret
from app.domain import audit
from app.domain.audit import Action, Actor
from app.domain.errors import WrongPasswordError
from app.domain.sessions import Session

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from app.domain.clock import Clock
    from app.store.store import Store, Transaction

_NOTED_EVERY = timedelta(minutes=1)


class Sessions:
    """Opens and closes sessions; all may raise StoreUnavailableError.

    Args:
        store: holds them.
        clock: the present.
        password: the operator's; without one there are no sessions.
        keys: what tags the password in the store, where it could otherwise be guessed: the first
            does, any of them may have done it.
    """

    def __init__(self, store: Store, clock: Clock, password: str, keys: Sequence[bytes]) -> None:
        self._store = store
        self._clock = clock
        self._password_hash = hashed(password)
        self._tags = [_tag(key, password) for key in keys] if password else []

    @property
    def can_open(self) -> bool:
        """Whether there is a password."""
        return bool(self._tags)

    def open(self, password: str, replaced: str | None = None, address: str | None = None) -> str:
        """Open a session; return its secret, for the browser alone.

        Args:
            password: as it was given; how wrong it is takes no time to tell.
            replaced: the secret of a session that ends with this.
            address: of who gives it, for the audit log.

        Raises:
            WrongPasswordError: it is not the password, or there is none.
        """
        is_right = matches(password, self._password_hash)
        now = self._clock()
        if not self._tags or not is_right:
            stranger = self._store.by(Actor(audit.NOBODY, address))
            stranger.write(lambda it: it.note(Action.LOGIN_FAILED, audit.SESSION, now))
            raise WrongPasswordError("this is not the password")
        secret = new_secret(SESSION)
        session = Session(hashed(secret), self._tags[0], created_at=now, seen_at=now)

        def work(transaction: Transaction) -> None:
            transaction.sessions.prune(now)
            if replaced is not None:
                transaction.sessions.delete(hashed(replaced))
            transaction.sessions.add(session)
            transaction.note(Action.LOGGED_IN, audit.SESSION, now)

        self._store.by(Actor(audit.SESSION, address)).write(work)
        return secret

    def is_open(self, secret: str) -> bool:
        """Tell whether this is the secret of a session, which counts as a use of it."""
        if not self._tags:
            return False
        session_hash, now = hashed(secret), self._clock()
        session = self._store.read(lambda transaction: transaction.sessions.find(session_hash))
        if session is None or session.password_tag not in self._tags or session.is_over(now):
            return False
        self._note_use(session, now)
        return True

    def close(self, secret: str, address: str | None = None) -> bool:
        """End a session; tell whether there was one."""

        def work(transaction: Transaction) -> bool:
            was_open = transaction.sessions.delete(hashed(secret))
            if was_open:
                transaction.note(Action.LOGGED_OUT, audit.SESSION, self._clock())
            return was_open

        return self._store.by(Actor(audit.SESSION, address)).write(work)

    def _note_use(self, session: Session, now: datetime) -> None:
        if now - session.seen_at >= _NOTED_EVERY:
            self._store.write(lambda it: it.sessions.touch(session.session_hash, now))


def _tag(key: bytes, password: str) -> str:
    return hmac.digest(key, b"newsreel password " + password.encode(), "sha256").hex()
