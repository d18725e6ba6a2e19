"""A machine that does to ingest, in any order, whatever may happen to it.

YouTube publishes, late, tied and in bursts, moves and deletes; its answers are broken, its keys
refused, its quota is used up; two workers with clocks that differ poll one database, die between
any two steps and overtake each other. After each step nothing that a reading showed may be lost,
nothing counted as read that was not, nothing counted wrong; when the trouble is over and time has
passed, everything that YouTube shows is stored, once. What that means exactly, scene.py knows.
"""

from collections import Counter
from datetime import timedelta
from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from simulator.faults import KINDS
from simulator.quota import KEY_STATES, KeyState
from tests.integration.ingest.scene import (
    DAY,
    LARGEST_SKEW,
    LATEST,
    LOOKBACK,
    MOST_VIDEOS,
    Burst,
    Scene,
)
from tests.integration.ingest.witness import PACIFIC
from tests.unit.ingest.rig import PLENTY

workers = st.integers(0, 1)
deaths = st.sampled_from(range(2, 30))
pauses = st.sampled_from(range(1, 28))
"""Steps of a poll of two pages; those inside a transaction are no place to pause."""


bursts = st.builds(
    Burst,
    count=st.sampled_from([1, 3, 55]),
    age=st.integers(0, 600),
    lag=st.integers(0, LATEST),
    gap=st.sampled_from([0, 0.1, 1]),
)


def _may_publish(machine: "IngestMachine") -> bool:
    return machine.scene.published < MOST_VIDEOS


class IngestMachine(RuleBasedStateMachine):
    """See the module. `figures` counts what happened, over all examples."""

    figures: ClassVar[Counter[str]] = Counter()
    scene: Scene

    @initialize(
        history=st.sampled_from([0, 7, 110]),
        limit=st.sampled_from([PLENTY, 12, 3]),
        named=st.sampled_from([PLENTY, 5]),
    )
    def begin(self, history: int, limit: int, named: int) -> None:
        self.scene = Scene(history=history, limit=limit, named=named)
        self.scene.watch("title")

    @rule(worker=workers, seconds=st.sampled_from([0, 1, 10, 31, 61, 300]))
    def poll(self, worker: int, seconds: int) -> None:
        self.scene.rig.clock.move(seconds)
        self.scene.workers[worker].tick()

    @precondition(_may_publish)
    @rule(worker=workers, step=deaths, burst=bursts)
    def die_while_polling(self, worker: int, step: int, burst: Burst) -> None:
        self.scene.wait_until_due()
        self.scene.publish(burst)
        self.scene.poll_and_die(worker, step)

    @rule(worker=workers, step=pauses, seconds=st.sampled_from([5, 31, 200]))
    def be_overtaken(self, worker: int, step: int, seconds: int) -> None:
        self.scene.wait_until_due()
        self.figures["overtakings"] += self.scene.poll_and_be_overtaken(worker, step, seconds)

    @precondition(_may_publish)
    @rule(worker=workers, step=pauses, burst=bursts)
    def publish_during_a_poll(self, worker: int, step: int, burst: Burst) -> None:
        self.scene.wait_until_due()
        polling = self.scene.workers[worker]
        polling.waits_at(step, polling.tick, lambda: self.scene.publish(burst))

    @rule(worker=workers, step=deaths)
    def die_while_refreshing(self, worker: int, step: int) -> None:
        self.scene.workers[worker].dies_at(step, self.scene.workers[worker].refresh)

    @precondition(lambda self: len(self.scene.starts) > 1)
    @rule(worker=workers, step=deaths, seconds=st.sampled_from([0, 10, 300]))
    def share_a_search(self, worker: int, step: int, seconds: int) -> None:
        """It brings videos, and proves nothing to have been read."""
        self.scene.rig.clock.move(seconds)
        self.scene.workers[worker].dies_at(step, self.scene.workers[worker].share_a_search)
        self.figures["packed polls"] += 1

    @precondition(_may_publish)
    @rule(burst=bursts)
    def publish(self, burst: Burst) -> None:
        self.scene.publish(burst)

    @precondition(lambda self: self.scene.published)
    @rule(which=st.integers(0, MOST_VIDEOS), seconds=st.sampled_from([0, 30, 3000]))
    def move_a_date(self, which: int, seconds: int) -> None:
        """A premiere begins, or is put off."""
        at = self.scene.now + timedelta(seconds=seconds)
        self.scene.change(which, {"published_at": at})

    @precondition(lambda self: self.scene.published)
    @rule(which=st.integers(0, MOST_VIDEOS))
    def delete(self, which: int) -> None:
        self.scene.change(which, {"deleted_at": self.scene.now})

    @rule(
        kind=st.sampled_from(sorted(KINDS)),
        method=st.sampled_from(["search", "videos", ""]),
        skip=st.integers(0, 3),
        times=st.integers(1, 4),
    )
    def break_answers(self, kind: str, method: str, skip: int, times: int) -> None:
        self.scene.rig.fault(kind, method=method, skip=skip, times=times, seconds=11.0)

    @rule(key=st.sampled_from("abc"), state=st.sampled_from(KEY_STATES))
    def turn_a_key(self, key: str, state: KeyState) -> None:
        self.scene.rig.simulator.quota.set_state(key, state)

    @rule(worker=workers, seconds=st.sampled_from([-LARGEST_SKEW, -5, 0, 5, LARGEST_SKEW]))
    def set_a_clock(self, worker: int, seconds: int) -> None:
        self.scene.workers[worker].skew = timedelta(seconds=seconds)

    @rule(seconds=st.sampled_from([LOOKBACK, 4 * 3600, DAY]))
    def sleep(self, seconds: int) -> None:
        self.scene.rig.clock.move(seconds)

    @rule(seconds=st.integers(-70, 70))
    def sleep_until_about_midnight(self, seconds: int) -> None:
        """To the end of the day as YouTube counts them."""
        here = self.scene.rig.clock().astimezone(PACIFIC)
        midnight = here.replace(hour=0, minute=0, second=0) + timedelta(days=1, seconds=seconds)
        self.scene.rig.clock.move((midnight - here).total_seconds())

    @precondition(lambda self: len(self.scene.starts) < 2)
    @rule()
    def watch_another_word(self) -> None:
        self.scene.watch("harbour")

    @invariant()
    def everything_holds(self) -> None:
        if hasattr(self, "scene"):
            self.scene.assert_what_is_stored_is_sound()
            self.scene.assert_no_limit_is_exceeded()

    def teardown(self) -> None:
        if not hasattr(self, "scene"):
            return
        try:
            self.scene.end_well()
        finally:
            self._count()
            self.scene.close()

    def _count(self) -> None:
        workers = self.scene.workers
        self.figures["examples"] += 1
        self.figures["videos published"] += self.scene.published
        self.figures["pages read"] += self.scene.witness.pages
        self.figures["calls"] += self.scene.witness.calls.total()
        self.figures["deaths"] += sum(worker.died for worker in workers)
        self.figures["interruptions"] += sum(worker.interrupted for worker in workers)
