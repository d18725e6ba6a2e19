"""What is worth knowing at a glance: what is watched, how fresh and complete it is, what it costs.

Every page shows some of it, so a process asks the store at most once in a few seconds; while the
database is away it tells what it knew.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from threading import Lock
from typing import TYPE_CHECKING

from app.domain.errors import StoreUnavailableError
from app.domain.feeds import ALL
from app.domain.quota import Bucket
from app.domain.ranges import floor_second

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from app.domain.clock import Clock
    from app.domain.quota import Usage
    from app.domain.watches import Watch
    from app.quota.ledger import Ledger
    from app.quota.ring import KeyRing
    from app.store.store import Store, Transaction

HOLD = timedelta(seconds=5)
"""How long what was read is told again: half a tick."""


@dataclass(frozen=True, slots=True)
class Overview:
    """The whole at a glance.

    Args:
        names: of all watches, by id, oldest first.
        active: how many of them are not paused.
        failing: how many of those failed the last time.
        last_success_at: when one of them was last polled with success; None if never.
        next_due_at: when the next one is due; None if none is active.
        read_until: up to when all of them have been read once; None if none is active.
        complete_until: up to when all of them have been read twice; None if none is active.
        searches_used: search calls of today, of all projects that have a key.
        searches_limit: how many they have a day; 0 without a key.
        version: of the feed of everything.
    """

    names: Mapping[int, str] = field(default_factory=dict)
    active: int = 0
    failing: int = 0
    last_success_at: datetime | None = None
    next_due_at: datetime | None = None
    read_until: datetime | None = None
    complete_until: datetime | None = None
    searches_used: int = 0
    searches_limit: int = 0
    version: int = 0


class OverviewReader:
    """Reads it; changes nothing. Thread-safe."""

    def __init__(self, store: Store, ring: KeyRing, ledger: Ledger, clock: Clock) -> None:
        self._store = store
        self._ring = ring
        self._ledger = ledger
        self._clock = clock
        self._lock = Lock()
        self._known: Overview | None = None
        self._read_at: datetime | None = None

    def read(self) -> Overview:
        """Return it, some seconds old at most; empty or older while the database is away."""
        if self._is_fresh():
            return self._known or Overview()
        # One asks; the others take what is known, and wait only where there is nothing yet.
        if not self._lock.acquire(blocking=self._known is None):
            return self._known or Overview()
        try:
            if not self._is_fresh():
                self._look()
        finally:
            self._lock.release()
        return self._known or Overview()

    def _is_fresh(self) -> bool:
        age = None if self._read_at is None else self._clock() - self._read_at
        return age is not None and timedelta(0) <= age < HOLD

    def _look(self) -> None:
        try:
            self._known = self._overview()
        except StoreUnavailableError:  # told by readers and by /ready
            self._known = self._known or Overview()
        self._read_at = self._clock()

    def _overview(self) -> Overview:
        def work(transaction: Transaction) -> Overview:
            watches = transaction.watches.list_all()
            titles = transaction.watches.list_channel_titles([it.watch_id for it in watches])
            return overview_of(
                watches,
                transaction.ranges.first_open(),
                usage,
                titles,
                transaction.feed.version(ALL),
            )

        projects = {key.project for key in self._ring.list_keys()}
        usage = self._ledger.list_usage(sorted(projects))
        return self._store.read(work)


def overview_of(
    watches: Sequence[Watch],
    first_open: Mapping[int, datetime],
    usage: Sequence[Usage],
    titles: Mapping[int, str],
    version: int,
) -> Overview:
    """Put it together.

    Args:
        watches: all of them, oldest first.
        first_open: the first second that has not been read twice, of watches that have one.
        usage: of today.
        titles: what the channels of watches call themselves, by watch, where it is known.
        version: of the feed of everything.
    """
    active = [watch for watch in watches if not watch.paused]
    read_until = [floor_second(watch.read_until) for watch in active]
    complete = [
        min(floor_second(watch.read_until), first_open.get(watch.watch_id, watch.read_until))
        for watch in active
    ]
    succeeded = [watch.last_success_at for watch in active if watch.last_success_at]
    searches = [used for used in usage if used.bucket is Bucket.SEARCH]
    return Overview(
        names={watch.watch_id: watch.name(titles.get(watch.watch_id, "")) for watch in watches},
        active=len(active),
        failing=sum(watch.last_error is not None for watch in active),
        last_success_at=max(succeeded, default=None),
        next_due_at=min((watch.next_due_at for watch in active), default=None),
        read_until=min(read_until, default=None),
        complete_until=min(complete, default=None),
        searches_used=sum(used.used for used in searches),
        searches_limit=sum(used.limit for used in searches),
        version=version,
    )
