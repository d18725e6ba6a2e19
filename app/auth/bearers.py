"""Who stands behind a bearer token. A token that was verified once is known again from memory."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from cachetools import LRUCache

from app.domain.errors import InvalidTokenError

if TYPE_CHECKING:
    from app.auth.revocations import Revocations
    from app.auth.tokens import AccessToken, Tokens

MAX_REMEMBERED = 4096
"""Tokens of some 400 bytes."""


class Bearers:
    """Verifies tokens. Thread-safe.

    Args:
        tokens: verifies signature and claims.
        revocations: of tokens that would still be valid.
        max_remembered: tokens that are known again; beyond it those used least recently go.
    """

    def __init__(
        self, tokens: Tokens, revocations: Revocations, max_remembered: int = MAX_REMEMBERED
    ) -> None:
        self._tokens = tokens
        self._revocations = revocations
        self._verified: LRUCache[str, AccessToken] = LRUCache(max_remembered)
        self._lock = Lock()

    def verify(self, text: str) -> AccessToken:
        """Return what a token allows.

        Raises:
            InvalidTokenError: malformed, not ours, expired or revoked.
            StoreUnavailableError: whether it is revoked cannot be known.
        """
        token = self._remembered(text) or self._tokens.verify(text)
        if not self._tokens.is_alive(token) or self._revocations.covers(token):
            raise InvalidTokenError("it is expired or revoked")
        with self._lock:
            self._verified[text] = token
        return token

    def find_known(self, text: str) -> AccessToken | None:
        """Return what a token allows if that is known now; waits for nothing."""
        token = self._remembered(text)
        if token is None or not self._tokens.is_alive(token):
            return None
        revocations = self._revocations
        unsure = not revocations.is_fresh() or revocations.known_to_cover(token)
        return None if unsure else token

    def find_client(self, text: str) -> str | None:
        """Return whose token this is, be it revoked or not; None if it is not good.

        Waits for nothing, and allows nothing: it tells who is to be counted.
        """
        try:
            token = self._remembered(text) or self._tokens.verify(text)
        except InvalidTokenError:
            return None
        with self._lock:
            self._verified[text] = token
        return token.client_id if self._tokens.is_alive(token) else None

    def _remembered(self, text: str) -> AccessToken | None:
        with self._lock:
            return self._verified.get(text)
