"""Everything of this room that others use, built over one store."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.auth.bearers import Bearers
from app.auth.clients import Clients
from app.auth.feed_tokens import FeedTokens
from app.auth.grants import Grants
from app.auth.revocations import Revocations
from app.auth.sessions import Sessions
from app.auth.tokens import LEAST_KEY_BYTES, Tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.domain.clock import Clock
    from app.store.store import Store


@dataclass(frozen=True, slots=True)
class Access:
    """Who may come in, and by what.

    Args:
        reads_are_open: whether reading videos takes no token.
        clients: for the operator.
        feed_tokens: of feed readers.
        grants: gives out tokens.
        bearers: verifies them.
        sessions: of the operator's browsers.
    """

    reads_are_open: bool
    clients: Clients
    feed_tokens: FeedTokens
    grants: Grants
    bearers: Bearers
    sessions: Sessions


def build_access(
    store: Store,
    clock: Clock,
    keys: Sequence[bytes],
    *,
    reads_are_open: bool,
    admin_password: str = "",
) -> Access:
    """Build the room.

    Args:
        store: holds clients and revocations.
        clock: the present.
        keys: that sign tokens. Without any, what this process signs holds in this process alone:
            those that must not be so refuse to start.
        reads_are_open: whether reading videos takes no token.
        admin_password: the operator's, for browsers; without it none of them can log in.
    """
    keys = keys or [secrets.token_bytes(LEAST_KEY_BYTES)]
    tokens = Tokens(keys, clock)
    clients = Clients(store, clock)
    revocations = Revocations(store, clock)
    return Access(
        reads_are_open=reads_are_open,
        clients=clients,
        feed_tokens=FeedTokens(store, clock),
        grants=Grants(clients, tokens, revocations),
        bearers=Bearers(tokens, revocations),
        sessions=Sessions(store, clock, admin_password, keys),
    )
