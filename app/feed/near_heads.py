"""Heads in a replica of the cache, near this process: believed only as far as they can be.

A replica may lag, be cut off, be promoted, follow another master or have lost what it had. So with
each look it says how it follows, and that is held against a mark: how far the master was a moment
ago. Whatever is not believed is asked of the master; while that is away, too, what the replica has
is a copy, which is as old as what it last heard.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from app.domain.errors import CacheReplicaUnavailableError, CacheUnavailableError
from app.domain.feeds import ALL
from app.domain.rests import Rest

if TYPE_CHECKING:
    from datetime import datetime

    from app.cache.replicas import Following, HeadReplica, Mark
    from app.domain.clock import Clock
    from app.domain.feeds import Feed, Head
    from app.telemetry import Incidents

MOST_SILENT_SECONDS = 2
"""How long a replica may have heard nothing of its master, and still be believed. A master that is
written hardly ever pings its replicas so often only with repl-ping-replica-period 1."""

MARK_SECONDS = 2
"""How long a mark will do. So a replica is at most this far behind when it is believed."""

_REST_SECONDS = 5  # nobody misses it while there is the master


@dataclass(frozen=True, slots=True)
class Copied:
    """A head that nobody vouches for, and when it was the newest at the latest."""

    head: Head
    heard_at: datetime


class NearHeads:
    """Heads in a replica. Safe to share between threads.

    Args:
        replica: of the cache.
        clock: the present.
        incidents: told when the replica goes away or no longer follows, and when it does again.
    """

    def __init__(self, replica: HeadReplica, clock: Clock, incidents: Incidents) -> None:
        self._replica = replica
        self._clock = clock
        self._incidents = incidents
        self._rest = Rest(clock, _REST_SECONDS)
        self._master_rest = Rest(clock, _REST_SECONDS)
        self._marked: tuple[datetime, Mark] | None = None

    def newest(self, feed: Feed, known: Head | None) -> Head | None:
        """Return the newest head; None if the replica has none, or is not to be believed.

        Args:
            feed: whose head.
            known: is returned itself if it is the newest.
        """
        if self._rest.failure is not None:
            return None
        mark = self._mark()
        try:
            following, version = self._replica.look(feed)
            self._tell(_fault(following, mark))
            if version is None or not _is_current(following, mark):
                return None
            if known is not None and version <= known.version:
                return known if version == known.version else None
            head = self._replica.get(feed)
        except CacheReplicaUnavailableError as error:
            self._rest.begin(str(error))
            self._tell(str(error))
            return None
        return head if head is not None and head.version >= version else None

    def last_copy(self, feed: Feed) -> Copied | None:
        """Return what the replica last heard of a head, for when nobody knows better.

        A server that has become a master has no say: it does not tell since when it hears nothing.
        """
        if self._rest.failure is not None:
            return None
        try:
            following, _ = self._replica.look(feed)
            head = self._replica.get(feed)
        except CacheReplicaUnavailableError as error:
            self._rest.begin(str(error))
            return None
        if head is None or following.heard_seconds is None:
            return None
        return Copied(head, self._clock() - timedelta(seconds=following.heard_seconds))

    def check(self) -> None:
        """Look whether the replica answers and follows the cache that is written.

        Raises:
            CacheReplicaUnavailableError: it does not.
        """
        following, _ = self._replica.look(ALL)
        fault = _fault(following, self._mark())
        self._tell(fault)
        if fault is not None:
            raise CacheReplicaUnavailableError(fault)

    def _mark(self) -> Mark | None:
        """Return how far the master was lately; while it is away, how far it had come."""
        now = self._clock()
        marked = self._marked
        if marked is not None and timedelta(0) <= now - marked[0] < timedelta(seconds=MARK_SECONDS):
            return marked[1]
        if self._master_rest.failure is None:
            try:
                self._marked = marked = now, self._replica.mark()
            except CacheUnavailableError as error:
                self._master_rest.begin(str(error))
        return None if marked is None else marked[1]

    def _tell(self, fault: str | None) -> None:
        if fault is None:
            self._incidents.end(CacheReplicaUnavailableError.code)
        else:
            self._incidents.begin(CacheReplicaUnavailableError.code, fault)


def _is_current(following: Following, mark: Mark | None) -> bool:
    """Tell whether a replica has all that the master had when it was marked."""
    heard = following.heard_seconds
    if _fault(following, mark) is not None or heard is None or heard > MOST_SILENT_SECONDS:
        return False
    return mark is None or following.offset >= mark.offset


def _fault(following: Following, mark: Mark | None) -> str | None:
    """Return what somebody has to mend; a lag passes by itself."""
    if not following.is_replica:
        return "it is no replica"
    if not following.is_linked:
        return "it does not hear its master"
    if mark is not None and following.history != mark.history:
        return "it follows another master than the one that is written"
    return None
