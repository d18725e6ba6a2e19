"""Readiness: whether reads can be answered, and everything that is wrong, for people and probes.

Only reads decide whether we are ready. Keys, quota, YouTube and workers degrade the service; they
never take it out of a load balancer. A backend that says nothing counts as away: nobody waits for
it longer than `WITHIN_SECONDS`.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

from app.domain.clock import format_instant
from app.domain.errors import (
    CacheReplicaUnavailableError,
    CacheUnavailableError,
    CacheWriteFailedError,
    StoreUnavailableError,
)
from app.domain.feeds import ALL
from app.domain.quota import Bucket, KeyState
from app.domain.refreshing import DELETED_AFTER, LATE_AFTER
from app.domain.watches import Problem, WatchKind
from app.ingest.clock_steps import CLOCK_DIFFERS
from app.ingest.probing import Probe
from app.ingest.trouble import WRITES_FAIL

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Future
    from datetime import datetime

    from app.cache.base import FeedCache
    from app.domain.clock import Clock
    from app.domain.watches import Watch
    from app.feed.near_heads import NearHeads
    from app.feed.reader import FeedReader
    from app.ingest.clock_steps import ClockCheck
    from app.ingest.trouble import WriteTrouble
    from app.quota.ring import KeyRing
    from app.store.store import Store
    from app.telemetry import Incidents

T = TypeVar("T")

WITHIN_SECONDS = 1.5
"""How long a check takes at most; load balancers wait for two to five seconds."""

_STORE_PART = 2 / 3
"""Of that time is for the database; the rest is for what to serve without it."""

_STORE_SILENT = "the database gave no answer in time"
_CACHE_SILENT = "Redis gave no answer in time"
_REPLICA_SILENT = "the replica of Redis gave no answer in time"

_FAULT = "a look at the service failed; its log has the fault"
_CHECK_FAILED = "readiness_unknown"
"""The incident that a look met a fault of our own."""

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
        clock_check: ClockCheck,
        near: NearHeads | None = None,
    ) -> None:
        self._store = store
        self._cache = cache
        self._reader = reader
        self._ring = ring
        self._clock = clock
        self._writes = writes
        self._incidents = incidents
        self._clock_check = clock_check
        self._since: dict[str, datetime] = {}
        self._store_probe = Probe("probe-store", self._look_at_store)
        self._cache_probe = Probe("probe-cache", self._look_at_cache)
        self._replica_probe = None if near is None else Probe("probe-replica", near.check)
        self._ingest_probe: Probe[list[Problem]] = Probe("probe-ingest", self._ingest_problems)
        self._serve_probe = Probe("probe-head", reader.can_serve)

    def check(self, within_seconds: float = WITHIN_SECONDS) -> Readiness:
        """Return the state of things now; never raises, and waits no longer than that in all.

        A fault of our own in a look means that nobody can say, so we are not ready.
        """
        try:
            found = self._check(within_seconds)
        except Exception as fault:  # noqa: BLE001 - whatever it is, it is logged whole
            self._incidents.begin(_CHECK_FAILED, type(fault).__name__, cause=fault)
            problem = self._seen("internal_error", _FAULT)
            return Readiness(serving=False, problems=(problem,))
        self._incidents.end(_CHECK_FAILED)
        return found

    def _check(self, within_seconds: float) -> Readiness:
        began = time.monotonic()
        until, store_until = began + within_seconds, began + within_seconds * _STORE_PART
        store, cache = self._store_probe.begin(), self._cache_probe.begin()
        replica = None if self._replica_probe is None else self._replica_probe.begin()
        store_problem = self._store_problem(store, store_until)
        found: list[Problem] = []
        if store_problem is None:
            try:
                look = self._ingest_probe.begin()
                found = _answer(look, until, StoreUnavailableError(_STORE_SILENT))
            except StoreUnavailableError as error:
                store_problem = self._away(error)
        serving = store_problem is None or self._serves_without_store(until)
        away = (
            store_problem,
            self._cache_problem(cache, until),
            self._replica_problem(replica, until),
        )
        problems = _one_of_each([*found, *(p for p in away if p is not None)])
        codes = {problem.code for problem in problems}
        self._since = {code: at for code, at in self._since.items() if code in codes}
        return Readiness(serving, problems)

    def _store_problem(self, look: Future[None], until: float) -> Problem | None:
        try:
            _answer(look, until, StoreUnavailableError(_STORE_SILENT))
        except StoreUnavailableError as error:
            return self._away(error)
        self._incidents.end(StoreUnavailableError.code)
        return None

    def _cache_problem(self, look: Future[None], until: float) -> Problem | None:
        try:
            _answer(look, until, CacheUnavailableError(_CACHE_SILENT))
        except CacheUnavailableError as error:
            return self._away(error)
        self._incidents.end(CacheUnavailableError.code)
        self._incidents.end(CacheWriteFailedError.code)
        return None

    def _replica_problem(self, look: Future[None] | None, until: float) -> Problem | None:
        if look is None:
            return None
        try:
            _answer(look, until, CacheReplicaUnavailableError(_REPLICA_SILENT))
        except CacheReplicaUnavailableError as error:
            return self._away(error)
        return None

    def _serves_without_store(self, until: float) -> bool:
        try:
            return _answer(self._serve_probe.begin(), until, CacheUnavailableError(_CACHE_SILENT))
        except CacheUnavailableError:
            return self._reader.last_known(ALL) is not None

    def _look_at_store(self) -> None:
        self._store.read(lambda transaction: transaction.feed.version(ALL))

    def _look_at_cache(self) -> None:
        self._cache.version(ALL)
        self._cache.check_writes()

    def _ingest_problems(self) -> list[Problem]:
        watches = self._store.read(lambda transaction: transaction.watches.list_all())
        active = [watch for watch in watches if not watch.paused]
        problems = [
            *self._write_problems(),
            *self._clock_problems(),
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

    def _clock_problems(self) -> Iterator[Problem]:
        """Tell of a clock under which nothing may be polled; each process knows its own."""
        if not self._clock_check.agrees():
            apart = self._clock_check.apart().total_seconds()
            yield self._seen(CLOCK_DIFFERS, f"our clock is {apart:+.0f} s from the database's")

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


def _answer(look: Future[T], until: float, silence: Exception) -> T:
    """Return what a look found; raises what it failed with, or `silence` if that takes too long."""
    try:
        return look.result(max(0.0, until - time.monotonic()))
    except TimeoutError:
        raise silence from None


def _one_of_each(found: list[Problem]) -> tuple[Problem, ...]:
    """Return the oldest problem of each code, oldest first."""
    oldest: dict[str, Problem] = {}
    for problem in sorted(found, key=lambda it: (it.since, it.code)):
        oldest.setdefault(problem.code, problem)
    return tuple(oldest.values())
