"""Readiness: whether reads can be answered, and everything that is wrong, for people and probes.

Only reads decide whether we are ready. Keys, quota, YouTube and workers degrade the service; they
never take it out of a load balancer.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from app.domain.clock import format_instant
from app.domain.errors import (
    CacheReplicaUnavailableError,
    CacheUnavailableError,
    StoreUnavailableError,
)
from app.domain.feeds import ALL
from app.domain.quota import Bucket, KeyState
from app.domain.refreshing import DELETED_AFTER, LATE_AFTER
from app.domain.watches import Problem, WatchKind
from app.ingest.trouble import WRITES_FAIL

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from app.cache.base import FeedCache
    from app.domain.clock import Clock
    from app.domain.watches import Watch
    from app.feed.near_heads import NearHeads
    from app.feed.reader import FeedReader
    from app.ingest.trouble import WriteTrouble
    from app.quota.ring import KeyRing
    from app.store.store import Store
    from app.telemetry import Incidents

OVERDUE = timedelta(seconds=90)
"""A watch that was due this long ago and has not been given out means that nobody ticks."""


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether reads can be answered, and what is wrong: one problem per code, oldest first."""

    serving: bool
    problems: tuple[Problem, ...]


class ReadinessCheck:
    """Looks at database, cache, keys and watches; share one per process.

    Problems without a history of their own count from when this process first saw them. Their
    sentences are for strangers: what a driver said, with its hosts and tables, goes to the log.
    """

    def __init__(
        self,
        *,
        store: Store,
        cache: FeedCache,
        reader: FeedReader,
        ring: KeyRing,
        clock: Clock,
        writes: WriteTrouble,
        incidents: Incidents,
        near: NearHeads | None = None,
    ) -> None:
        self._store = store
        self._cache = cache
        self._near = near
        self._reader = reader
        self._ring = ring
        self._clock = clock
        self._writes = writes
        self._incidents = incidents
        self._since: dict[str, datetime] = {}

    def check(self) -> Readiness:
        """Return the state of things now; never raises."""
        store_problem = self._store_problem()
        looked = store_problem, self._cache_problem(), self._replica_problem()
        found = [problem for problem in looked if problem is not None]
        if store_problem is None:
            try:
                found += self._ingest_problems()
            except StoreUnavailableError as error:
                store_problem = self._away(error)
                found.append(store_problem)
        problems = _one_of_each(found)
        codes = {problem.code for problem in problems}
        self._since = {code: at for code, at in self._since.items() if code in codes}
        serving = store_problem is None or self._reader.can_serve()
        return Readiness(serving, problems)

    def _store_problem(self) -> Problem | None:
        try:
            self._store.read(lambda transaction: transaction.feed.version(ALL))
        except StoreUnavailableError as error:
            return self._away(error)
        self._incidents.end(StoreUnavailableError.code)
        return None

    def _cache_problem(self) -> Problem | None:
        try:
            self._cache.version(ALL)
        except CacheUnavailableError as error:
            return self._away(error)
        self._incidents.end(CacheUnavailableError.code)
        return None

    def _replica_problem(self) -> Problem | None:
        if self._near is None:
            return None
        try:
            self._near.check()
        except CacheReplicaUnavailableError as error:
            return self._away(error)
        return None

    def _ingest_problems(self) -> list[Problem]:
        watches = self._store.read(lambda transaction: transaction.watches.list_all())
        active = [watch for watch in watches if not watch.paused]
        problems = [
            *self._write_problems(),
            *self._key_problems(),
            *self._watch_problems(active),
            *self._webhook_problems(),
        ]
        late = self._late_refresh()
        return [*problems, late] if late else problems

    def _write_problems(self) -> Iterator[Problem]:
        """Tell of writes that fail where reads do not; only a process that polls can know."""
        if (since := self._writes.since) is not None:
            yield Problem(WRITES_FAIL, since, "the database refuses to write")

    def _late_refresh(self) -> Problem | None:
        """Tell of videos that were not refreshed in time, before they have to be deleted."""
        oldest = self._store.read(lambda transaction: transaction.videos.oldest_refresh_at())
        if oldest is None or oldest > self._clock() - LATE_AFTER:
            return None
        deleted_at = format_instant(oldest + DELETED_AFTER)
        detail = f"videos wait for a refresh; the first is deleted at {deleted_at} without one"
        return Problem("refresh_late", oldest + LATE_AFTER, detail)

    def _key_problems(self) -> Iterator[Problem]:
        trouble = self._ring.trouble(Bucket.SEARCH)
        if trouble is not None:
            yield self._seen(trouble.reason, str(trouble))
        disabled = [s for s in self._ring.statuses() if s.state is KeyState.DISABLED]
        if disabled and (trouble is None or trouble.reason != "keys_disabled"):
            detail = "; ".join(f"key {s.fingerprint}: {s.reason}" for s in disabled)
            yield Problem("key_disabled", min(s.since for s in disabled), detail)

    def _watch_problems(self, active: list[Watch]) -> Iterator[Problem]:
        now = self._clock()
        if not active:
            yield self._seen("no_watches", "nothing is watched: add a keyword")
        for watch in active:
            if watch.last_error is not None:
                yield watch.last_error
        searched = [watch for watch in active if watch.kind is WatchKind.KEYWORD]
        overdue = [watch for watch in searched if watch.next_due_at < now - OVERDUE]
        if overdue:
            since = min(watch.next_due_at for watch in overdue)
            detail = (
                f"{len(overdue)} watches are overdue: no worker runs, or what it does is not stored"
            )
            yield Problem("ingest_stalled", since, detail)

    def _webhook_problems(self) -> Iterator[Problem]:
        given_up = self._store.read(lambda transaction: transaction.webhooks.list_given_up())
        since = [it.paused_at for it in given_up if it.paused_at is not None]
        if since:
            numbers = ", ".join(str(it.webhook_id) for it in given_up)
            detail = f"deliveries failed too long or were refused for good: webhook {numbers}"
            yield Problem("webhook_paused", min(since), detail)

    def _away(
        self, error: StoreUnavailableError | CacheUnavailableError | CacheReplicaUnavailableError
    ) -> Problem:
        self._incidents.begin(error.code, str(error))
        return self._seen(error.code, error.for_strangers)

    def _seen(self, code: str, detail: str) -> Problem:
        return Problem(code, self._since.setdefault(code, self._clock()), detail)


def _one_of_each(found: list[Problem]) -> tuple[Problem, ...]:
    """Return the oldest problem of each code, oldest first."""
    oldest: dict[str, Problem] = {}
    for problem in sorted(found, key=lambda it: (it.since, it.code)):
        oldest.setdefault(problem.code, problem)
    return tuple(oldest.values())
