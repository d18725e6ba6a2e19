"""The API's clients: added, given new secrets, revoked, and known by their secrets."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from app.auth.credentials import CLIENT_ID, CLIENT_SECRET, hashed, matches, new_id, new_secret
from app.auth.revocations import note
from app.domain.audit import Action
from app.domain.clients import Client, parse_client_name
from app.domain.errors import DuplicateClientError, InvalidClientError, NotFoundError

if TYPE_CHECKING:
    from app.auth.scopes import Scope
    from app.domain.clock import Clock
    from app.store.store import Store, Transaction

_NOBODY = hashed("")
"""No secret has this hash: it is compared where there is no client, so that this takes as long."""

_LONGEST_ID = 40


class Clients:
    """Looks after clients; all may raise StoreUnavailableError.

    Args:
        store: holds them.
        clock: the present.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def add(self, name: str, scopes: frozenset[Scope]) -> tuple[Client, str]:
        """Add a client; return it with its secret, which nobody can tell again.

        Raises:
            InvalidValueError: the name is not one.
            DuplicateClientError: a client has the name already.
        """
        secret = new_secret(CLIENT_SECRET)
        client = Client(
            client_id=new_id(CLIENT_ID),
            name=parse_client_name(name),
            scopes=scopes,
            secret_hash=hashed(secret),
            previous_hash=None,
            created_at=self._clock(),
            rotated_at=None,
        )

        def change(transaction: Transaction) -> bool:
            is_new = transaction.clients.add(client)
            if is_new:
                about = {"name": client.name, "scopes": sorted(scopes)}
                transaction.note(Action.CLIENT_ADDED, _subject(client), client.created_at, **about)
            return is_new

        if not self._store.write(change):
            raise DuplicateClientError(f"there is a client {client.name!r} already")
        return client, secret

    def list_all(self) -> list[Client]:
        """Return the clients by name."""
        return self._store.read(lambda transaction: transaction.clients.list_all())

    def rotate(self, named: str) -> tuple[Client, str]:
        """Give a client another secret; the last one holds on, one before that does not.

        Raises:
            NotFoundError: there is no client with this name or id.
        """
        secret = new_secret(CLIENT_SECRET)
        now = self._clock()

        def change(transaction: Transaction) -> Client:
            client = _find(transaction, named)
            rotated = replace(
                client,
                secret_hash=hashed(secret),
                previous_hash=client.secret_hash,
                rotated_at=now,
            )
            transaction.clients.set_secrets(rotated)
            transaction.note(Action.CLIENT_ROTATED, _subject(client), now)
            return rotated

        return self._store.write(change), secret

    def drop_previous(self, named: str) -> Client:
        """Let only a client's newest secret hold; nothing changes where it is the only one.

        Raises:
            NotFoundError: there is no client with this name or id.
        """

        def change(transaction: Transaction) -> Client:
            before = _find(transaction, named)
            client = replace(before, previous_hash=None)
            if client != before:
                transaction.clients.set_secrets(client)
                about = {"drop_previous": True}
                transaction.note(Action.CLIENT_ROTATED, _subject(client), self._clock(), **about)
            return client

        return self._store.write(change)

    def revoke(self, named: str) -> Client:
        """Forget a client; its tokens hold no more as soon as each process has looked.

        Raises:
            NotFoundError: there is no client with this name or id.
        """
        now = self._clock()

        def change(transaction: Transaction) -> Client:
            client = _find(transaction, named)
            transaction.clients.delete(client.client_id)
            note(transaction, client.client_id, now)
            transaction.note(Action.CLIENT_REVOKED, _subject(client), now, name=client.name)
            return client

        return self._store.write(change)

    def authenticate(self, client_id: str, secret: str) -> Client:
        """Return the client whose secret this is.

        Raises:
            InvalidClientError: there is no such client, or it is not its secret.
        """
        client = self._find_by_id(client_id)
        newest = client.secret_hash if client else _NOBODY
        previous = (client.previous_hash if client else None) or _NOBODY
        is_theirs = matches(secret, newest, previous)
        if client is None or not secret or not is_theirs:
            raise InvalidClientError("there is no such client, or that is not its secret")
        return client

    def _find_by_id(self, client_id: str) -> Client | None:
        # What no id can look like is looked for as well, if as something that any database takes.
        is_plain = client_id.isascii() and client_id.isprintable()
        asked = client_id[: _LONGEST_ID + 1] if is_plain else ""
        found = self._store.read(lambda transaction: transaction.clients.find(asked))
        # MySQL does not tell blanks at the end.
        return found if found is not None and found.client_id == client_id else None


def _subject(client: Client) -> str:
    return f"client:{client.client_id}"


def _find(transaction: Transaction, named: str) -> Client:
    """Return the client with an id, else with a name, for a change that nobody else makes now."""
    transaction.stand_in_line()
    found = [it for it in transaction.clients.list_all() if named in (it.client_id, it.name)]
    if not found:
        raise NotFoundError(f"there is no client {named!r}")
    return max(found, key=lambda client: client.client_id == named)
