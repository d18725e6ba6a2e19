"""Heads for readers: from the cache, else rebuilt once, else the last one known.

One reader looks for a newer head while the others wait for it or take the last one; a version that
was served is never followed by an older one within the process.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from threading import Lock
from typing import TYPE_CHECKING

from app.domain.errors import CacheUnavailableError, NothingToServeError, StoreUnavailableError
from app.domain.feeds import ALL, CacheState
from app.feed.heads import build_head
from app.feed.known_heads import KnownHead, KnownHeads

if TYPE_CHECKING:
    from app.cache.base import FeedCache
    from app.domain.clock import Clock
    from app.domain.feeds import Feed, Head
    from app.store.store import Store, Transaction
    from app.telemetry import Incidents

_TURNS = 16
_ASKING = timedelta(seconds=1)
_LEAST_BETWEEN = timedelta(milliseconds=100)
"""Between two looks because of versions that clients name: they may name what never was."""


@dataclass(frozen=True, slots=True)
class ReadHead:
    """A head, where it came from, and the seconds since it was known to be the newest."""

    head: Head
    state: CacheState
    age_seconds: int


@dataclass(frozen=True, slots=True)
class LastKnown:
    """Of a head that was kept: its version, and the seconds since it was known to be the newest."""

    version: int
    age_seconds: int


@dataclass
class _Turn:
    """One reader at a time looks; those who waited while it failed need not try as well."""

    lock: Lock
    failures: int = 0
    failure: str = ""

    def raise_failure_after(self, failures: int) -> None:
        """Raise the error of a reader that failed while this one waited."""
        if self.failures > failures:
            raise NothingToServeError(self.failure)


class HeadReader:
    """Reads heads; share one per process.

    Args:
        store: where a head is rebuilt from when the cache has none.
        cache: where ingest publishes heads.
        clock: the present.
        hold_seconds: how long a head is served before the cache is asked again; 0 if the cache is
            in this process.
        incidents: told when cache or database go away and when they are back.
    """

    def __init__(
        self,
        store: Store,
        cache: FeedCache,
        clock: Clock,
        hold_seconds: float,
        incidents: Incidents,
    ) -> None:
        self._store = store
        self._cache = cache
        self._clock = clock
        self._hold = timedelta(seconds=hold_seconds)
        self._incidents = incidents
        self._known = KnownHeads()
        self._turns = [_Turn(Lock()) for _ in range(_TURNS)]

    def read(self, feed: Feed, at_least: int = 0) -> ReadHead:
        """Return the head of a feed, not older than version `at_least` if there is such a one.

        Raises:
            NotFoundError: the feed's watch does not exist.
            NothingToServeError: cache and database are away and no head was kept.
        """
        known = self._known.get(feed)
        if known is not None and self._will_do(known, at_least):
            return self._as(CacheState.HIT, known)
        if known is not None and feed.channel_id is not None and self._stands_still(known):
            return self._as(CacheState.HIT, self._keep(feed, known.head))
        return self._look(feed, known, at_least)

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
        if self._is_held(known) or self._is_left_to_another(known):
            return known.head.version
        self._known.put(feed, replace(known, left_at=self._clock()))
        return None

    def last_known(self, feed: Feed) -> LastKnown | None:
        """Return what is known of a head, whether or not it is the newest; waits for nothing."""
        known = self._known.get(feed)
        if known is None:
            return None
        age = max(timedelta(0), self._clock() - known.fresh_at)
        return LastKnown(known.head.version, int(age.total_seconds()))

    def has(self, feed: Feed) -> bool:
        """Tell whether a head can be served without the database."""
        return self._known.get(feed) is not None or self._cached(feed, None) is not None

    def _stands_still(self, channel: KnownHead) -> bool:
        """Tell whether no feed has changed since a channel's head was made; no cache has that."""
        newest = self.read(ALL)
        return newest.state is not CacheState.STALE and channel.head.version == newest.head.version

    def _look(self, feed: Feed, known: KnownHead | None, at_least: int) -> ReadHead:
        """Look for a newer head, unless somebody does; who has another one need not wait."""
        turn = self._turns[hash(feed) % _TURNS]
        failures = turn.failures
        waits = known is None or not self._hold or at_least > known.head.version
        if not turn.lock.acquire(blocking=waits) and known is not None:
            return self._as(CacheState.HIT, known)
        try:
            known = self._known.get(feed)
            if known is not None and self._will_do(known, at_least):  # by whom we waited for
                return self._as(CacheState.HIT, known)
            if known is None:
                turn.raise_failure_after(failures)
            return self._refreshed(feed, known, at_least)
        except NothingToServeError as error:
            turn.failures, turn.failure = turn.failures + 1, str(error)
            raise
        finally:
            turn.lock.release()

    def _refreshed(self, feed: Feed, known: KnownHead | None, at_least: int) -> ReadHead:
        now = self._clock()
        try:
            head, state = self._newest(feed, known, at_least)
        except StoreUnavailableError as error:
            self._incidents.begin(error.code, str(error))
            if known is None:
                raise NothingToServeError(str(error)) from None
            stale = replace(known, checked_at=now, stale=True)
            return self._as(CacheState.STALE, self._known.put(feed, stale))
        return self._as(state, self._keep(feed, head))

    def _newest(
        self, feed: Feed, known: KnownHead | None, at_least: int
    ) -> tuple[Head, CacheState]:
        """Return the head of the cache, else of the database, and which of the two."""
        cached = self._cached(feed, known)
        if cached is not None and cached.version >= at_least:
            return cached, CacheState.HIT

        def build(transaction: Transaction) -> Head:
            if known is not None and transaction.feed.version(feed) == known.head.version:
                return known.head
            return build_head(transaction, feed)

        # A replica may be behind a version that a client has seen; the primary never is.
        head = self._store.read(build) if at_least else self._store.read_replica(build)
        self._incidents.end(StoreUnavailableError.code)
        if known is not None and head is known.head:
            return head, CacheState.HIT
        self._offer(feed, head)
        return head, CacheState.MISS

    def _will_do(self, known: KnownHead, at_least: int) -> bool:
        """Tell whether a known head is fresh enough to be served without asking."""
        if known.head.version >= at_least:
            return self._is_held(known)
        return timedelta(0) <= self._clock() - known.checked_at < min(self._hold, _LEAST_BETWEEN)

    def _is_held(self, known: KnownHead) -> bool:
        """Tell whether it need not be checked yet; a clock set back ends that."""
        return timedelta(0) <= self._clock() - known.checked_at < self._hold

    def _is_left_to_another(self, known: KnownHead) -> bool:
        """Tell whether somebody was sent just now to check it, and it is not overdue."""
        now, left_at = self._clock(), known.left_at
        sent = left_at is not None and timedelta(0) <= now - left_at < _LEAST_BETWEEN
        return sent and now - known.fresh_at < self._hold + _ASKING

    def _cached(self, feed: Feed, known: KnownHead | None) -> Head | None:
        """Return what the cache has, without fetching what is known; channels are not in it."""
        if feed.channel_id is not None:
            return None
        try:
            if known is not None and self._cache.version(feed) == known.head.version:
                head: Head | None = known.head
            else:
                head = self._cache.get(feed)
        except CacheUnavailableError as error:
            self._incidents.begin(error.code, str(error))
            return None
        self._incidents.end(CacheUnavailableError.code)
        return head

    def _keep(self, feed: Feed, head: Head) -> KnownHead:
        now = self._clock()
        return self._known.put(feed, KnownHead(head, fresh_at=now, checked_at=now))

    def _offer(self, feed: Feed, head: Head) -> None:
        if feed.channel_id is not None:
            return
        try:
            self._cache.put(feed, head)
        except CacheUnavailableError:
            return  # ingest repairs it when the cache is back

    def _as(self, state: CacheState, known: KnownHead) -> ReadHead:
        age = max(timedelta(0), self._clock() - known.fresh_at)
        overdue = age >= self._hold + _ASKING  # somebody asks, and gets no answer for long
        told = CacheState.STALE if known.stale or overdue else state
        return ReadHead(known.head, told, int(age.total_seconds()))
