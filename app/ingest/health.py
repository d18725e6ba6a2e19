"""The health of each part, as far as this process can know it: facts, and how long answers took.

What is wrong, readiness decides; this only adds what is cheap to know beside it. A fact that cannot
be known now is None, and nobody guesses at it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from app.domain.errors import CacheUnavailableError, StoreUnavailableError
from app.domain.feeds import ALL
from app.domain.fetches import FetchQuery
from app.domain.quota import KeyState
from app.domain.webhooks import MAX_WEBHOOKS
from app.store.revisions import newest_revision

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from app.cache.base import FeedCache
    from app.domain.alerts import Alert
    from app.domain.watches import Problem
    from app.domain.webhooks import Webhook
    from app.ingest.readiness import ReadinessCheck
    from app.quota.ring import KeyRing
    from app.store.store import Store, Transaction


@dataclass(frozen=True, slots=True)
class Stored:
    """What the database knows.

    Args:
        revision: which migration it has come to.
        last_fetch_at: when the last fetch that is logged was over; None if there is none.
        last_success_at: when a poll of any watch last succeeded; None if none ever did.
        next_due_at: when the next watch is due; None if none is.
        keys: how many API keys are in each state.
        webhooks: all of them.
        alerts: trouble the operator is told of.
    """

    revision: str | None
    last_fetch_at: datetime | None
    last_success_at: datetime | None
    next_due_at: datetime | None
    keys: Mapping[KeyState, int]
    webhooks: tuple[Webhook, ...]
    alerts: tuple[Alert, ...]


@dataclass(frozen=True, slots=True)
class HealthReport:
    """How the parts are.

    Args:
        problems: all that is wrong, as /ready has it.
        database: its kind.
        database_took: how long it took to answer; None if it did not.
        replica_took: the same of the replica; None if there is none, too.
        has_replica: whether there is one.
        cache_is_shared: whether the cache is Redis; else it is of this process alone.
        cache_took: how long it took to answer; None if it did not.
        newest_revision: which migration this release needs.
        stored: what the database knows; None while it does not answer.
        channels: the kinds of ways to the operator.
    """

    problems: tuple[Problem, ...]
    database: str
    database_took: timedelta | None
    replica_took: timedelta | None
    has_replica: bool
    cache_is_shared: bool
    cache_took: timedelta | None
    newest_revision: str
    stored: Stored | None
    channels: tuple[str, ...]


class HealthCheck:
    """Looks at the parts; never raises.

    Args:
        readiness: knows what is wrong.
        store: the database and its replica.
        cache: answers or not.
        ring: knows the keys.
        cache_is_shared: whether the cache is Redis.
        channels: the kinds of ways to the operator.
        timer: seconds that pass.
    """

    def __init__(
        self,
        *,
        readiness: ReadinessCheck,
        store: Store,
        cache: FeedCache,
        ring: KeyRing,
        cache_is_shared: bool,
        channels: Sequence[str],
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self._readiness = readiness
        self._store = store
        self._cache = cache
        self._ring = ring
        self._cache_is_shared = cache_is_shared
        self._channels = tuple(channels)
        self._timer = timer

    def report(self) -> HealthReport:
        """Return how the parts are now."""
        problems = self._readiness.check().problems
        database_took = self._took(lambda: self._store.read(_look))
        has_replica = self._store.has_replica
        return HealthReport(
            problems=problems,
            database=self._store.dialect,
            database_took=database_took,
            replica_took=self._took(self._look_at_replica) if has_replica else None,
            has_replica=has_replica,
            cache_is_shared=self._cache_is_shared,
            cache_took=self._took(lambda: self._cache.version(ALL)),
            newest_revision=newest_revision(),
            stored=None if database_took is None else self._stored(),
            channels=self._channels,
        )

    def _look_at_replica(self) -> None:
        self._store.read_replica(_look)

    def _took(self, ask: Callable[[], object]) -> timedelta | None:
        began = self._timer()
        try:
            ask()
        except (StoreUnavailableError, CacheUnavailableError):
            return None
        return timedelta(seconds=self._timer() - began)

    def _stored(self) -> Stored | None:
        try:
            states = [key.state for key in self._ring.list_keys()]
            return self._store.read(lambda transaction: _read(transaction, states))
        except StoreUnavailableError:
            return None


def _look(transaction: Transaction) -> None:
    transaction.feed.version(ALL)


def _read(transaction: Transaction, states: Sequence[KeyState]) -> Stored:
    watches = transaction.watches.list_all()
    last = transaction.fetches.list_around(FetchQuery(limit=1), 1)
    successes = (watch.last_success_at for watch in watches)
    return Stored(
        revision=transaction.revision,
        last_fetch_at=last[0].record.finished_at if last else None,
        last_success_at=max((at for at in successes if at is not None), default=None),
        next_due_at=min((it.next_due_at for it in watches if not it.paused), default=None),
        keys={state: states.count(state) for state in KeyState if state in states},
        webhooks=tuple(transaction.webhooks.list_page(0, MAX_WEBHOOKS)),
        alerts=tuple(transaction.alerts.list_all()),
    )
