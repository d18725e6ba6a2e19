"""What a replica of the cache tells: its part in the replication, beside what it has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from app.domain.feeds import Feed, Head


@dataclass(frozen=True, slots=True)
class Following:
    """How a server follows its master.

    Args:
        is_replica: whether it has one.
        is_linked: whether it hears it, and has got all that was there when it began to.
        heard_seconds: since it last did, whole ones; None if that is not known.
        history: names the stream of writes that it takes part in; a master that was promoted
            begins another.
        offset: how far in this it is, in bytes.
    """

    is_replica: bool
    is_linked: bool
    heard_seconds: int | None
    history: str
    offset: int


@dataclass(frozen=True, slots=True)
class Mark:
    """How far the master was: what a replica is held against."""

    history: str
    offset: int


class HeadReplica(Protocol):
    """Heads in a replica, and the master that it ought to follow."""

    def look(self, feed: Feed) -> tuple[Following, int | None]:
        """Return how the replica follows, and the version of a head in the same instant.

        Raises:
            CacheReplicaUnavailableError: it does not answer.
        """
        ...

    def get(self, feed: Feed) -> Head | None:
        """Return the head of a feed that the replica has.

        Raises:
            CacheReplicaUnavailableError: it does not answer.
        """
        ...

    def mark(self) -> Mark:
        """Return how far the master is.

        Raises:
            CacheUnavailableError: the master does not answer.
        """
        ...
