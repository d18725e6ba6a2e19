"""The feeds that readers ask for: which there are, whether ingest keeps them fresh, their versions.

Requests are answered from memory. The database is asked beside them, by one thread, each second
that somebody asks for something: whether those watches still exist, to note that somebody reads
them (ADR 0003), and which version each feed has come to, since a cache that takes no writes keeps
older heads (ADR 0032). While the database is away, what was known is trusted.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING

from cachetools import LRUCache

from app.domain.errors import NotFoundError, StoreUnavailableError
from app.domain.feeds import ALL, Feed
from app.domain.watches import MAX_WATCHES, WatchKind
from app.feed.publisher import ACCESS_WINDOW
from app.feed.put_back import lift_version
from app.telemetry import get_logger

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import datetime

    from app.domain.clock import Clock
    from app.domain.watches import Watch
    from app.feed.head_reader import HeadReader
    from app.store.store import Store, Transaction

_NOTED_EVERY = timedelta(minutes=1)
_KEPT_FRESH = ACCESS_WINDOW - 2 * _NOTED_EVERY  # less: other clocks differ, a note takes a while
_PAUSE_SECONDS = 1
LAST_ROUND_SECONDS = 2
"""How long a process that ends waits for a database that does not answer."""


@dataclass(frozen=True, slots=True)
class _Watched:
    """A watch as it was when its row was read.

    Args:
        noted_at: when it was last noted that somebody reads it.
        version: of its feed, as last read.
    """

    noted_at: datetime | None
    version: int


class WatchedFeeds:
    """What a process knows of watches; at most as many as there may be. Thread-safe.

    Args:
        store: the primary is asked.
        clock: the present.
        heads: what this process has served, and from where.
    """

    def __init__(self, store: Store, clock: Clock, heads: HeadReader | None = None) -> None:
        self._store = store
        self._clock = clock
        self._heads = heads
        self._watched: LRUCache[int, _Watched] = LRUCache(MAX_WATCHES)
        self._keywords: LRUCache[str, int] = LRUCache(MAX_WATCHES)
        self._asked: set[int] = set()
        self._version = 0  # of everything
        self._is_away = False
        self._answered_at = clock()
        self._lock = Lock()
        self._wanted, self._closed = Event(), Event()
        self._thread = Thread(target=self._run, name="watched-feeds", daemon=True)
        self._log = get_logger(__name__)

    @property
    def away_since(self) -> datetime | None:
        """When the primary last answered, or we began, if it does not answer now."""
        return self._answered_at if self._is_away else None

    def is_kept_fresh(self, watch_id: int) -> bool:
        """Tell whether a watch exists and the cache has its newest head, without asking anybody.

        While the database is away that is taken on trust.
        """
        with self._lock:
            watched = self._watched.get(watch_id)
        if watched is None or self._is_away:
            return watched is not None
        noted_at = watched.noted_at
        return noted_at is not None and self._clock() - noted_at < _KEPT_FRESH

    def find_keyword(self, term: str) -> int | None:
        """Return the id of a keyword's watch, if it was learned."""
        with self._lock:
            watch_id = self._keywords.get(term)
            return watch_id if watch_id in self._watched else None

    def asked(self, feed: Feed) -> int:
        """Have it noted that a feed is read; return the version its head has at least.

        Whatever is no watch's changes with everything.
        """
        with self._lock:
            version = self._version
            if feed.watch_id is not None:
                watched = self._watched.get(feed.watch_id)
                self._asked.add(feed.watch_id)
                version = 0 if watched is None else watched.version
        if not self._wanted.is_set():
            self._wanted.set()
        return version

    def learn(self, watch: Watch) -> None:
        """Take over what was just read of a watch."""
        with self._lock:
            self._watched[watch.watch_id] = _Watched(watch.last_accessed_at, watch.feed_seq)
            if watch.kind is WatchKind.KEYWORD:
                self._keywords[watch.term] = watch.watch_id

    def forget(self, watch_id: int) -> None:
        """Take over that there is no such watch."""
        with self._lock:
            self._watched.pop(watch_id, None)

    def start(self) -> None:
        """Begin to ask the database beside the requests."""
        self._wanted.set()
        self._thread.start()

    def close(self) -> None:
        """End that, soon: one that hangs in a database ends with the process."""
        self._closed.set()
        self._wanted.set()
        if self._thread.is_alive():
            self._thread.join(LAST_ROUND_SECONDS)

    def catch_up(self) -> None:
        """Ask the database once about everything that was asked for since the last time."""
        with self._lock:
            asked, self._asked = self._asked, set()
        try:
            self._look_at(asked)
        except StoreUnavailableError:  # told by readers and by /ready
            self._is_away = True
            with self._lock:
                self._asked |= asked
            self._wanted.set()
        else:
            self._is_away, self._answered_at = False, self._clock()

    def _look_at(self, watch_ids: Collection[int]) -> None:
        def read(transaction: Transaction) -> tuple[int, str, list[Watch]]:
            found = transaction.watches.list_by_id(watch_ids) if watch_ids else []
            return transaction.feed.version(ALL), transaction.site, found

        # What was served is looked up first: what is stored is no older.
        served = self._served([ALL, *(Feed(watch_id=watch_id) for watch_id in watch_ids)])
        version, site, watches = self._store.read(read)
        if self._heads is not None:
            self._heads.learn_site(site)
        with self._lock:
            self._version = version
        for watch_id in set(watch_ids) - {watch.watch_id for watch in watches}:
            self.forget(watch_id)
        for watch in watches:
            self._see(watch)
            self._note(watch)
        stored = {ALL: version} | {Feed(watch_id=it.watch_id): it.feed_seq for it in watches}
        behind = next((feed for feed in stored if served.get(feed, 0) > stored[feed]), None)
        if behind is not None:  # with it all others are lifted
            lift_version(self._store, behind, served[behind])

    def _served(self, feeds: Iterable[Feed]) -> dict[Feed, int]:
        """Return the versions of those that this process has served."""
        if self._heads is None:
            return {}
        known = {feed: self._heads.last_known(feed) for feed in feeds}
        return {feed: last.version for feed, last in known.items() if last is not None}

    def _see(self, watch: Watch) -> None:
        with self._lock:
            watched = self._watched.get(watch.watch_id)
            if watched is not None:
                self._watched[watch.watch_id] = replace(watched, version=watch.feed_seq)

    def _note(self, watch: Watch) -> None:
        """Note an access, once a minute, and learn from which version on heads are published."""
        now = self._clock()
        before = now - _NOTED_EVERY
        if watch.last_accessed_at is not None and watch.last_accessed_at >= before:
            return

        def note(transaction: Transaction) -> Watch:
            transaction.watches.note_access(watch.watch_id, now, before)
            return transaction.watches.get(watch.watch_id)

        # One transaction each: two that write several watches could wait for each other.
        try:
            self.learn(self._store.write(note))
        except NotFoundError:
            self.forget(watch.watch_id)

    def _run(self) -> None:
        while self._wanted.wait() and not self._closed.is_set():
            self._wanted.clear()
            try:
                self.catch_up()
            except Exception:  # noqa: BLE001 - the thread must outlive any fault; it is logged whole
                self._log.exception("watches_not_looked_at")
            self._closed.wait(_PAUSE_SECONDS)
