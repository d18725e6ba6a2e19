"""API clients, and the tokens that feed readers carry in an address. Secrets are here as hashes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from app.domain.errors import InvalidValueError

if TYPE_CHECKING:
    from datetime import datetime

    from app.domain.feeds import Feed

LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class Client:
    """A program that may ask for tokens.

    Args:
        client_id: public, and never given out again.
        name: by which the operator calls it, unique.
        scopes: what its tokens may carry at most.
        secret_hash: of the newest secret, SHA-256 in hex.
        previous_hash: of the secret before it while that still holds.
        created_at: when it was added.
        rotated_at: when the newest secret was made, if it is not the first.
    """

    client_id: str
    name: str
    scopes: frozenset[str]
    secret_hash: str = field(repr=False)
    previous_hash: str | None = field(repr=False)
    created_at: datetime
    rotated_at: datetime | None


@dataclass(frozen=True, slots=True)
class FeedToken:
    """A secret that opens one feed to a feed reader.

    Args:
        feed_token_id: by which the operator calls it.
        feed: that it opens.
        token_hash: SHA-256 of the token in hex.
        created_at: when it was added.
    """

    feed_token_id: int
    feed: Feed
    token_hash: str = field(repr=False)
    created_at: datetime


def parse_client_name(text: str) -> str:
    """Return the name without blanks around it.

    Raises:
        InvalidValueError: empty, too long, or not printable.
    """
    name = text.strip()
    if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable():
        raise InvalidValueError(f"a client's name has 1 to {LONGEST_NAME} printable characters")
    return name
