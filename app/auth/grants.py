"""The client-credentials grant (RFC 6749, section 4.4) and revocation (RFC 7009)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.auth.scopes import parse_scopes
from app.auth.tokens import LIFE_SECONDS
from app.domain.errors import ForeignTokenError, InvalidScopeError, InvalidTokenError

if TYPE_CHECKING:
    from app.auth.clients import Clients
    from app.auth.revocations import Revocations
    from app.auth.scopes import Scope
    from app.auth.tokens import Tokens


@dataclass(frozen=True, slots=True)
class Granted:
    """A token that was given out; `token` is a secret."""

    token: str
    scopes: frozenset[Scope]
    life_seconds: int = LIFE_SECONDS


class Grants:
    """Gives tokens to clients and takes them back.

    Args:
        clients: who they are.
        tokens: signs.
        revocations: what was taken back.
    """

    def __init__(self, clients: Clients, tokens: Tokens, revocations: Revocations) -> None:
        self._clients = clients
        self._tokens = tokens
        self._revocations = revocations

    def issue(self, client_id: str, secret: str, scope: str = "") -> Granted:
        """Give a client a token.

        Args:
            client_id: who it says it is.
            secret: one of its secrets.
            scope: names of scopes with blanks between; all of the client's if there is none.

        Raises:
            InvalidClientError: it is not that client.
            InvalidScopeError: the client does not have all of these scopes.
            StoreUnavailableError: the database is away.
        """
        client = self._clients.authenticate(client_id, secret)
        wanted = parse_scopes(scope.split() or client.scopes)
        if not wanted <= client.scopes:
            raise InvalidScopeError(f"this client has {' '.join(sorted(client.scopes))}")
        return Granted(self._tokens.issue(client.client_id, wanted), wanted)

    def revoke(self, client_id: str, secret: str, token: str, address: str | None = None) -> None:
        """Let a client's token hold no more; one that does not hold anyway is no error.

        Args:
            client_id: who it says it is.
            secret: one of its secrets.
            token: that it was given.
            address: from where it asks.

        Raises:
            InvalidClientError: it is not that client.
            ForeignTokenError: the token was given to another one.
            StoreUnavailableError: the database is away.
        """
        client = self._clients.authenticate(client_id, secret)
        try:
            verified = self._tokens.verify(token)
        except InvalidTokenError:
            return
        if verified.client_id != client.client_id:
            raise ForeignTokenError("the token was given to another client")
        self._revocations.revoke(verified, address)
