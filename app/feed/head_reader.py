"""Heads for readers: from the cache, else rebuilt once, else the last one known.

One reader looks for a newer head while the others wait for it or take the last one; a version that
was served is never followed by an older one within the process.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from app.domain.errors import NothingToServeError, StoreUnavailableError
from app.domain.feeds import ALL, CacheState
from app.feed.cached_heads import CachedHeads
from app.feed.flights import Flights
from app.feed.heads import build_if_newer
from app.feed.known_heads import KnownHead, KnownHeads
from app.feed.snapshots import Snapshots

if TYPE_CHECKING:
    from datetime import datetime

    from app.cache.base import FeedCache
    from app.domain.clock import Clock
    from app.domain.feeds import Feed, Head
    from app.feed.flights import Flight
    from app.feed.near_heads import NearHeads
    from app.store.store import Store
    from app.telemetry import Incidents

_ASKING = timedelta(seconds=1)
"""How long the others go on with what they know, or wait, while one looks for a newer head."""

_LEAST_BETWEEN = timedelta(milliseconds=100)
"""Between two looks because of versions that clients name: they may name what never was."""


@dataclass(frozen=True, slots=True)
class ReadHead:
    """A head, where it came from, and how long ago it was known to be the newest.

    `from_replica` is whether a replica of the database said so, and nothing else.
    """

    head: Head
    state: CacheState
    fresh_at: datetime
    age_seconds: int
    from_replica: bool = False


@dataclass(frozen=True, slots=True)
class LastKnown:
    """Of a head that was kept: its version, and the seconds since it was known to be the newest."""

    version: int
    age_seconds: int


class HeadReader:
    """Reads heads; share one per process.

    Args:
        store: where a head is rebuilt from when the cache has none.
        cache: where ingest publishes heads.
        clock: the present.
        hold_seconds: how long a head is served before the cache is asked again; 0 if the cache is
            in this process.
        incidents: told when cache or database go away and when they are back.
        near: heads in a replica of the cache beside this process.
    """

    def __init__(
        self,
        store: Store,
        cache: FeedCache,
        clock: Clock,
        hold_seconds: float,
        incidents: Incidents,
        *,
        near: NearHeads | None = None,
    ) -> None:
        self._snapshots = Snapshots(store, clock, incidents)
        self._cache = CachedHeads(cache, clock, incidents, near)
        self._has_replica = store.has_replica
        self._clock = clock
        self._hold = timedelta(seconds=hold_seconds)
        self._incidents = incidents
        self._known = KnownHeads()
        self._looks: Flights[ReadHead] = Flights()
        self._searches: Flights[ReadHead] = Flights()

    def read(self, feed: Feed, at_least: int = 0) -> ReadHead:
        """Return the head of a feed, not older than version `at_least` if there is such a one.

        Raises:
            NotFoundError: the feed's watch does not exist.
            NothingToServeError: cache and database are away and no head was kept.
        """
        known = self._known.get(feed)
        if known is not None and self._is_held(known):
            read = self._told(known)
        else:
            read = self._newest(feed, known)
        if read.head.version >= at_least or read.state is CacheState.STALE:
            return read
        return self._named(feed, read, at_least)

    def ready_version(self, feed: Feed) -> int | None:
        """Return the version of the head that would be served as a hit, without waiting for it.

        When it is to be checked, one caller is told None, and looks; the others are not sent after
        it in a crowd.
        """
        known = self._known.get(feed)
        if known is None or known.stale:
            return None
        if not self._hold:
            return self._cache.version(ALL if feed.channel_id else feed)
        sent = self._is_recent(known.left_at, _LEAST_BETWEEN)
        if self._is_held(known) or (sent and self._may_go_on(known)):
            return known.head.version
        self._known.put(feed, replace(known, left_at=self._clock()))
        return None

    def is_from_replica(self, feed: Feed) -> bool:
        """Tell whether a replica of the database alone vouches for a head; waits for nothing."""
        known = self._known.get(feed)
        return known is not None and known.from_replica

    def last_known(self, feed: Feed) -> LastKnown | None:
        """Return what is known of a head, whether or not it is the newest; waits for nothing."""
        known = self._known.get(feed)
        if known is None:
            return None
        age = max(timedelta(0), self._clock() - known.fresh_at)
        return LastKnown(known.head.version, int(age.total_seconds()))

    def learn_site(self, site: str) -> None:
        """Take over whose heads are ours."""
        self._cache.learn_site(site)

    def has(self, feed: Feed) -> bool:
        """Tell whether a head can be served without the database."""
        if self._known.get(feed) is not None or self._cache.newest(feed, None) is not None:
            return True
        return self._cache.last_copy(feed) is not None

    def _newest(self, feed: Feed, known: KnownHead | None) -> ReadHead:
        """Look for a newer head, unless somebody does: then take what he finds, or what we know."""
        flight, is_ours = self._looks.join(feed, self._clock())
        if is_ours:
            return self._looks.fly(feed, flight, partial(self._look, feed))
        if known is not None and (known.stale or self._may_go_on(known)):
            return self._told(known)
        return self._awaited(feed, flight, known)

    def _named(self, feed: Feed, read: ReadHead, at_least: int) -> ReadHead:
        """Look for a version that a client has seen elsewhere, or made up."""
        known = self._known.get(feed)
        if known is None or self._is_recent(known.sought_at, _LEAST_BETWEEN):
            missed = known is not None and known.out_of_reach
            return replace(read, state=CacheState.STALE) if missed else read
        flight, is_ours = self._searches.join(feed, self._clock())
        if is_ours:
            return self._searches.fly(feed, flight, partial(self._search, feed, known, at_least))
        read = self._awaited(feed, flight, known)
        if read.head.version >= at_least or read.state is CacheState.STALE:
            return read
        return self._named(feed, read, at_least)  # he was content with an older one

    def _awaited(self, feed: Feed, flight: Flight[ReadHead], known: KnownHead | None) -> ReadHead:
        """Wait for what another finds, but not for long if there is something else to serve."""
        left = _ASKING - (self._clock() - flight.began_at)
        patience = max(timedelta(0), min(left, _ASKING)).total_seconds()
        try:
            read = flight.found.result(None if known is None else patience)
        except TimeoutError:
            if known is None:
                raise
            return self._read(self._known.get(feed) or known, CacheState.STALE)
        return replace(read, state=CacheState.HIT) if read.state is CacheState.MISS else read

    def _look(self, feed: Feed) -> ReadHead:
        known = self._known.get(feed)
        if known is not None and self._is_held(known):  # another was here a moment ago
            return self._told(known)
        if known is not None and feed.channel_id is not None:
            all_of_it = self._unchanged_since(known.head)
            if all_of_it is not None:
                at, from_replica = all_of_it.fresh_at, all_of_it.from_replica
                return self._told(self._keep(feed, known.head, at, from_replica=from_replica))
        before, asked_at = None if known is None else known.head, self._clock()
        cached = self._cache.newest(feed, before)
        if cached is not None:
            return self._told(self._keep(feed, cached, asked_at))
        return self._rebuilt(feed, known)

    def _unchanged_since(self, channel: Head) -> ReadHead | None:
        """Return the head of all if nothing has changed since this one; no cache has channels'."""
        try:
            newest = self.read(ALL)
        except NothingToServeError:
            return None
        same = newest.head.version == channel.version
        return newest if same and newest.state is not CacheState.STALE else None

    def _rebuilt(self, feed: Feed, known: KnownHead | None) -> ReadHead:
        before, asked_at = None if known is None else known.head, self._clock()
        try:
            head = self._snapshots.read(partial(build_if_newer, feed=feed, known=before))
        except StoreUnavailableError as error:
            self._incidents.begin(error.code, str(error))
            self._keep_copy(feed)
            latest = self._known.get(feed) or known
            if latest is None:
                raise NothingToServeError(str(error)) from None
            if known is None or latest.fresh_at == known.fresh_at:  # nor did a search find any
                stale = replace(latest, checked_at=self._clock(), stale=True)
                latest = self._known.put(feed, stale)
            return self._told(latest)
        return self._taken(feed, head, known, asked_at, from_replica=self._has_replica)

    def _keep_copy(self, feed: Feed) -> None:
        """Keep what a replica last heard, if it is no older than what is known."""
        copied, known = self._cache.last_copy(feed), self._known.get(feed)
        if copied is None or (known is not None and known.head.version > copied.head.version):
            return
        at = copied.heard_at if known is None else max(copied.heard_at, known.fresh_at)
        self._known.put(feed, KnownHead(copied.head, at, self._clock(), stale=True))

    def _search(self, feed: Feed, known: KnownHead, at_least: int) -> ReadHead:
        """Look for a version where none is behind: in the cache itself, then in the primary."""
        asked_at = self._clock()
        cached = self._cache.newest_written(feed, known.head)
        if cached is not None:
            known = self._keep(feed, cached, asked_at)
            if known.head.version >= at_least:
                return self._told(known)
        asked_at = self._clock()
        try:
            head = self._snapshots.read_newest(partial(build_if_newer, feed=feed, known=known.head))
        except StoreUnavailableError as error:
            self._incidents.begin(error.code, str(error))
            known = self._known.get(feed) or known
            read = self._read(known, CacheState.STALE)  # for who named it, and nobody else
        else:
            read = self._taken(feed, head, known, asked_at)
        missed = read.state is CacheState.STALE
        known = self._known.get(feed) or known
        self._known.put(feed, replace(known, sought_at=self._clock(), out_of_reach=missed))
        return read

    def _taken(
        self,
        feed: Feed,
        head: Head,
        known: KnownHead | None,
        asked_at: datetime,
        *,
        from_replica: bool = False,
    ) -> ReadHead:
        """Keep what the database gave; offer it to the cache if it is news."""
        kept = self._keep(feed, head, asked_at, from_replica=from_replica)
        if known is not None and head is known.head:
            return self._told(kept)
        self._cache.offer(feed, head)
        return self._read(kept, CacheState.MISS)

    def _keep(
        self, feed: Feed, head: Head, asked_at: datetime, *, from_replica: bool = False
    ) -> KnownHead:
        """Keep a head that cache or database, asked then, called the newest."""
        known = self._known.get(feed) or KnownHead(head, asked_at, asked_at)
        fresh = replace(
            known,
            head=head,
            fresh_at=asked_at,
            checked_at=asked_at,
            stale=False,
            from_replica=from_replica,
        )
        return self._known.put(feed, fresh)

    def _is_held(self, known: KnownHead) -> bool:
        """Tell whether it need not be checked yet."""
        return self._is_recent(known.checked_at, self._hold)

    def _may_go_on(self, known: KnownHead) -> bool:
        """Tell whether it will do while somebody looks for a newer one."""
        return bool(self._hold) and self._is_recent(known.fresh_at, self._hold + _ASKING)

    def _is_recent(self, instant: datetime | None, duration: timedelta) -> bool:
        """Tell whether it is less long ago; a clock set back ends that."""
        return instant is not None and timedelta(0) <= self._clock() - instant < duration

    def _told(self, known: KnownHead) -> ReadHead:
        return self._read(known, CacheState.STALE if known.stale else CacheState.HIT)

    def _read(self, known: KnownHead, state: CacheState) -> ReadHead:
        age = max(timedelta(0), self._clock() - known.fresh_at)
        seconds = int(age.total_seconds())
        return ReadHead(known.head, state, known.fresh_at, seconds, known.from_replica)
