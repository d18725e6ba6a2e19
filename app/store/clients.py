"""The API's clients, and which of their tokens hold no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select, update

from app.domain.clients import Client
from app.store.access_models import ClientRow, RevocationRow
from app.store.executing import insert_if_absent

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection, Row

_PLAIN = ("client_id", "name", "secret_hash", "previous_hash", "created_at", "rotated_at")


class ClientRepository:
    """Reads and writes clients within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, client: Client) -> bool:
        """Store a new client; tell whether its name was free."""
        values = {name: getattr(client, name) for name in _PLAIN}
        scopes = " ".join(sorted(client.scopes))
        return insert_if_absent(self._connection, insert(ClientRow).values(scopes=scopes, **values))

    def find(self, client_id: str) -> Client | None:
        """Return a client."""
        query = select(ClientRow.__table__).where(ClientRow.client_id == client_id)
        row = self._connection.execute(query).one_or_none()
        return None if row is None else _client(row)

    def list_all(self) -> list[Client]:
        """Return the clients by name."""
        rows = self._connection.execute(select(ClientRow.__table__).order_by(ClientRow.name))
        return [_client(row) for row in rows]

    def set_secrets(self, client: Client) -> None:
        """Store the hashes of a client's secrets, and when the newest was made."""
        change = update(ClientRow).where(ClientRow.client_id == client.client_id)
        self._connection.execute(
            change.values(
                secret_hash=client.secret_hash,
                previous_hash=client.previous_hash,
                rotated_at=client.rotated_at,
            )
        )

    def delete(self, client_id: str) -> None:
        """Forget a client."""
        self._connection.execute(delete(ClientRow).where(ClientRow.client_id == client_id))


class RevocationRepository:
    """Reads and writes revocations within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, revoked: str, expires_at: datetime) -> bool:
        """Note that a token, or a client's tokens, hold no more; tell whether that is new."""
        row = insert(RevocationRow).values(revoked=revoked, expires_at=expires_at)
        return insert_if_absent(self._connection, row)

    def list_live(self, now: datetime) -> frozenset[str]:
        """Return what is revoked and could otherwise still be valid."""
        live = select(RevocationRow.revoked).where(RevocationRow.expires_at > now)
        return frozenset(self._connection.execute(live).scalars())

    def prune(self, now: datetime) -> None:
        """Forget revocations of what is expired by now."""
        self._connection.execute(delete(RevocationRow).where(RevocationRow.expires_at <= now))


def _client(row: Row[tuple[object, ...]]) -> Client:
    scopes = frozenset(str(row.scopes).split())
    return Client(scopes=scopes, **{name: getattr(row, name) for name in _PLAIN})
