"""Heads under any order of new versions, failures, slow answers and steps of the clock.

A version is never followed by an older one. What is not marked stale is never older than a hold and
a look, and nothing is marked stale while the cache answers in time.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from app.domain.errors import NothingToServeError, StatementTimeoutError, StoreUnavailableError
from app.domain.feeds import ALL, CacheState
from tests.unit.feed.backends import Backends, nothing

if TYPE_CHECKING:
    from datetime import datetime

LOOK = timedelta(seconds=1)
REST = timedelta(seconds=1)
STEPS = st.sampled_from([0.05, 0.1, 0.3, 0.89, 0.9, 1, 1.5, 3, 4000])
DELAYS = st.sampled_from([0, 0, 0, 0.2, 0.7, 1, 2.5])
FAILURES = st.sampled_from([None, StoreUnavailableError("away"), StatementTimeoutError("slow")])


class Reading(RuleBasedStateMachine):
    """One process that reads the feed of all while others publish it."""

    @initialize(hold_seconds=st.sampled_from([0.9, 0]))
    def begin(self, hold_seconds: float) -> None:
        self.backends = Backends(hold_seconds)
        self.hold = timedelta(seconds=hold_seconds)
        self.clock = self.backends.clock
        self.heads = self.backends.reader()
        self.published: list[tuple[datetime, int]] = []
        self.served = 0
        self.set_back_away = timedelta(0)
        self.set_back = timedelta(0)  # what is known seems younger by that, until the next look
        self.fresh_at = self.back_at = self.clock() - timedelta(days=1)
        self.publish()

    @rule(step=STEPS)
    def wait(self, step: float) -> None:
        self.clock.move(step)

    @rule(step=st.sampled_from([0.5, 30]))
    def set_the_clock_back(self, step: float) -> None:
        """Set it back; the rest of the cache goes by the clock and ends later by as much."""
        self.clock.move(-step)
        self.published = [(at - timedelta(seconds=step), each) for at, each in self.published]
        self.set_back += timedelta(seconds=step)
        if self.backends.cache.is_away:  # what was tried of it before rests for longer
            self.set_back_away += timedelta(seconds=step)
        self.fresh_at = self.clock() - timedelta(days=1)

    @rule()
    def publish(self) -> None:
        version = self.backends.store.feeds.version(ALL) + 1
        self.backends.publish(ALL, version)
        self.published.append((self.clock(), version))

    @rule()
    def commit_and_fail_to_publish(self) -> None:
        self.backends.commit(ALL, self.backends.store.feeds.version(ALL) + 1)

    @rule()
    def take_the_cache_away(self) -> None:
        self.backends.cache.is_away = True

    @rule()
    def bring_the_cache_back(self) -> None:
        self.backends.cache.is_away = False
        self.back_at = max(self.back_at, self.clock() + self.set_back_away)
        self.set_back_away = timedelta(0)

    @rule(failure=FAILURES)
    def change_the_database(self, failure: StoreUnavailableError | None) -> None:
        self.backends.store.failure = failure

    @rule(ahead=st.sampled_from([None, None, 0, 1, 10**9]), delay=DELAYS, crowd=st.integers(0, 2))
    def read(self, ahead: int | None, delay: float, crowd: int) -> None:
        """Read; what backends are asked takes a while, in which versions come and others read."""
        slow = delay >= LOOK.total_seconds()

        def meanwhile() -> None:
            self.backends.cache.meanwhile = self.backends.store.meanwhile = nothing
            self.clock.move(delay)
            for _ in range(crowd):
                if self._has_one_that_will_do(LOOK) or (slow and self.served):
                    self.publish()
                    self._read(0, waits=slow)

        self.backends.cache.meanwhile = self.backends.store.meanwhile = meanwhile
        self._read(0 if ahead is None else self.served + ahead)
        self.backends.cache.meanwhile = self.backends.store.meanwhile = nothing

    @rule()
    def glance(self) -> None:
        version = self.heads.ready_version(ALL) if self.hold else None
        if version is not None:
            self._check(version, self.clock())

    def _has_one_that_will_do(self, longer: timedelta) -> bool:
        age = self.clock() - self.fresh_at
        return bool(self.served and self.hold) and timedelta(0) <= age < self.hold + longer

    def _read(self, at_least: int, *, waits: bool = False) -> None:
        asked_at, calls = self.clock(), self._calls()
        try:
            read = self.heads.read(ALL, at_least)
        except NothingToServeError:
            assert not self.served, "a page was kept"
            return
        assert read.head.version >= self.served, "a version went back"
        self.served = read.head.version
        self.fresh_at = read.fresh_at
        if read.state is CacheState.STALE:
            recent = asked_at - self.back_at < REST + self.hold
            assert at_least > self.served or waits or recent or self.backends.cache.is_away
        else:
            self._check(read.head.version, asked_at)
            self.set_back = self.set_back if calls == self._calls() else timedelta(0)

    def _check(self, version: int, asked_at: datetime) -> None:
        assert version >= self.served, "a version went back"
        for at, published in self.published:
            young = asked_at - at < self.hold + LOOK + self.set_back
            assert published <= version or young, "it is too old"

    def _calls(self) -> int:
        return self.backends.cache.calls + self.backends.store.calls


Reading.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestReading = Reading.TestCase
