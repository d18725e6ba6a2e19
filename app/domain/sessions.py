"""A browser in which somebody gave the operator's password."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

LIFE = timedelta(days=14)
"""However often it is used."""

IDLE = timedelta(days=2)
"""Without a request."""


@dataclass(frozen=True, slots=True)
class Session:
    """What is known of a session; its secret is with the browser alone.

    Args:
        session_hash: of the secret, SHA-256 in hex.
        password_tag: names the password that was given, to those who have the key.
        created_at: when it was given.
        seen_at: when the session was last used, give or take a minute.
    """

    session_hash: str = field(repr=False)
    password_tag: str = field(repr=False)
    created_at: datetime
    seen_at: datetime

    def is_over(self, now: datetime) -> bool:
        """Tell whether it has lived too long, or was not used for too long."""
        return now >= self.created_at + LIFE or now >= self.seen_at + IDLE
