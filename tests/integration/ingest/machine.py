"""A machine that does to ingest, in any order, whatever may happen to it, and knows what must hold.

YouTube publishes, late, tied and in bursts, moves and deletes; its answers are broken, its keys
refused, its quota is used up; two workers with clocks that differ poll one database, die between
any two steps and overtake each other. After each step nothing that a reading showed may be lost,
nothing counted as read that was not, nothing counted wrong; when the trouble is over and time has
passed, everything that YouTube shows is stored, once.
"""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar, cast

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from app.domain.errors import PollCrashedError
from app.store.database import Database
from simulator.faults import KINDS
from simulator.quota import KEY_STATES, Key, KeyState
from simulator.video import Event, Fields, Video
from tests.integration.ingest.rows import Rows, WatchState
from tests.integration.ingest.witness import PACIFIC, Witness
from tests.integration.ingest.worker import Worker
from tests.unit.ingest.rig import PLENTY, before_noon, make_rig
from tests.unit.simulator.worlds import video

KEYS = [Key("a", "p"), Key("b", "p"), Key("c", "q")]
ALL_KEYS = "p:a,p:b,q:c"
LOOKBACK = 900
BACKFILL = 3600
LARGEST_SKEW = 60
LATEST = LOOKBACK - LARGEST_SKEW
"""A clock that runs ahead shortens the look-back by as much; what is later is not promised."""

MOST_VIDEOS = 400
"""Below YouTube's cap, of which other tests tell."""

DAY = 86_400
IN_MEMORY = Path("/dev/shm")

workers = st.integers(0, 1)
deaths = st.sampled_from(range(2, 30))
pauses = st.sampled_from(range(1, 28))
"""Steps of a poll of two pages; those inside a transaction are no place to pause."""


@dataclass(frozen=True)
class Burst:
    """Videos of the last minutes, each `gap` seconds older than the one before.

    The first is `age` seconds old; search shows each `lag` seconds after its publication.
    """

    count: int
    age: int
    lag: int
    gap: float


bursts = st.builds(
    Burst,
    count=st.sampled_from([1, 3, 55]),
    age=st.integers(0, 600),
    lag=st.integers(0, LATEST),
    gap=st.sampled_from([0, 0.1, 1]),
)


class Ground:
    """A folder for the file of one example after the other, in memory where there is a place."""

    def __init__(self) -> None:
        in_memory = IN_MEMORY if IN_MEMORY.is_dir() else None
        self._temporary = TemporaryDirectory(prefix="newsreel-machine-", dir=in_memory)
        self.folder = Path(self._temporary.name)
        self.databases = [Database(f"sqlite:///{self.folder}/newsreel.db") for _ in range(2)]

    def clear(self) -> None:
        for file in self.folder.iterdir():
            file.unlink()


@cache
def _ground() -> Ground:
    """One for all examples of a process: to open it takes longer than to use it."""
    return Ground()


class IngestMachine(RuleBasedStateMachine):
    """See the module. `figures` counts what happened, over all examples."""

    figures: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.ground = _ground()
        self.witness = Witness()
        self.promised: set[str] = set()
        self.starts: dict[int, int] = {}
        self.published = 0

    @initialize(
        history=st.sampled_from([0, 7, 110]),
        limit=st.sampled_from([PLENTY, 12, 3]),
        named=st.sampled_from([PLENTY, 5]),
    )
    def begin(self, history: int, limit: int, named: int) -> None:
        """Our own limit of searches a day, and the one that YouTube keeps to."""
        self.limit = limit
        old = before_noon(history, step_seconds=30)
        self.rig = make_rig(self.ground.folder, old, keys=KEYS, search_limit=named)
        self.published = history
        self.promised = {item.video_id for item in old}
        self.workers = [
            Worker(
                self.rig,
                database,
                self.witness,
                KEYS,
                youtube_api_keys=ALL_KEYS,
                lookback_seconds=LOOKBACK,
                backfill_seconds=BACKFILL,
                youtube_search_calls_per_day=limit,
            )
            for database in self.ground.databases
        ]
        self.rows = Rows(self.ground.folder / "newsreel.db")
        self._watch("title")

    @rule(worker=workers, seconds=st.sampled_from([0, 1, 10, 31, 61, 300]))
    def poll(self, worker: int, seconds: int) -> None:
        self.rig.clock.move(seconds)
        self.workers[worker].tick()

    @precondition(lambda self: self.published < MOST_VIDEOS)
    @rule(worker=workers, step=deaths, burst=bursts)
    def die_while_polling(self, worker: int, step: int, burst: Burst) -> None:
        self._wait_until_due()
        self._publish(burst)
        before = {watch.watch_id: watch for watch in self.rows.watches()}
        self.workers[worker].dies_at(step, self.workers[worker].tick)
        for watch in self.rows.watches():
            for second in self._seconds_of_the_unstored(watch):
                assert watch.readings_of(second) <= before[watch.watch_id].readings_of(second)

    @rule(worker=workers, step=pauses, seconds=st.sampled_from([5, 31, 200]))
    def be_overtaken(self, worker: int, step: int, seconds: int) -> None:
        """Time passes between two steps of a poll, and the other worker polls, too.

        Once that has taken over, the first one's claims change nothing more.
        """
        polling, other = self.workers[worker], self.workers[1 - worker]
        left_behind: list[object] = []

        def meanwhile() -> None:
            self.rig.clock.move(seconds)
            other.tick()
            if polling.claims and self.rows.overtook(polling.claims):
                left_behind.append(self.rows.claimed())

        self._wait_until_due()
        polling.waits_at(step, polling.tick, meanwhile)
        self.figures["overtakings"] += len(left_behind)
        assert left_behind in ([], [self.rows.claimed()])

    @precondition(lambda self: self.published < MOST_VIDEOS)
    @rule(worker=workers, step=pauses, burst=bursts)
    def publish_during_a_poll(self, worker: int, step: int, burst: Burst) -> None:
        self._wait_until_due()
        polling = self.workers[worker]
        polling.waits_at(step, polling.tick, lambda: self._publish(burst))

    @rule(worker=workers, step=deaths)
    def die_while_refreshing(self, worker: int, step: int) -> None:
        self.workers[worker].dies_at(step, self.workers[worker].refresh)

    @precondition(lambda self: self.published < MOST_VIDEOS)
    @rule(burst=bursts)
    def publish(self, burst: Burst) -> None:
        self._publish(burst)

    @precondition(lambda self: self.published)
    @rule(which=st.integers(0, MOST_VIDEOS), seconds=st.sampled_from([0, 30, 3000]))
    def move_a_date(self, which: int, seconds: int) -> None:
        """A premiere begins, or is put off."""
        at = self._now() + timedelta(seconds=seconds)
        self._change(which, {"published_at": at})

    @precondition(lambda self: self.published)
    @rule(which=st.integers(0, MOST_VIDEOS))
    def delete(self, which: int) -> None:
        self._change(which, {"deleted_at": self._now()})

    @rule(
        kind=st.sampled_from(sorted(KINDS)),
        method=st.sampled_from(["search", "videos", ""]),
        skip=st.integers(0, 3),
        times=st.integers(1, 4),
    )
    def break_answers(self, kind: str, method: str, skip: int, times: int) -> None:
        self.rig.fault(kind, method=method, skip=skip, times=times, seconds=11.0)

    @rule(key=st.sampled_from("abc"), state=st.sampled_from(KEY_STATES))
    def turn_a_key(self, key: str, state: KeyState) -> None:
        self.rig.simulator.quota.set_state(key, state)

    @rule(worker=workers, seconds=st.sampled_from([-LARGEST_SKEW, -5, 0, 5, LARGEST_SKEW]))
    def set_a_clock(self, worker: int, seconds: int) -> None:
        self.workers[worker].skew = timedelta(seconds=seconds)

    @rule(seconds=st.sampled_from([LOOKBACK, 4 * 3600, DAY]))
    def sleep(self, seconds: int) -> None:
        self.rig.clock.move(seconds)

    @rule(seconds=st.integers(-70, 70))
    def sleep_until_about_midnight(self, seconds: int) -> None:
        """To the end of the day as YouTube counts them."""
        here = self.rig.clock().astimezone(PACIFIC)
        midnight = here.replace(hour=0, minute=0, second=0) + timedelta(days=1, seconds=seconds)
        self.rig.clock.move((midnight - here).total_seconds())

    @precondition(lambda self: len(self.starts) < 2)
    @rule()
    def watch_another_word(self) -> None:
        self._watch("harbour")

    @invariant()
    def what_is_stored_is_sound(self) -> None:
        if not self.starts:
            return
        self.rows.assert_sound()
        assert self.witness.wrong == []
        stored = self.rows.dates()
        for watch in self.rows.watches():
            assert watch.error_code != PollCrashedError.code
            self._nothing_counts_as_read_that_was_not(watch)
            self._nothing_shown_is_lost(watch, stored)

    @invariant()
    def no_limit_is_exceeded(self) -> None:
        if not self.starts:
            return
        used = self.rows.used()
        for (bucket, project, day), calls in self.witness.calls.items():
            assert calls <= used[bucket, project, day.isoformat()]
            assert bucket != "search" or calls <= self.limit

    def teardown(self) -> None:
        try:
            if self.starts:
                self._end()
        finally:
            self._close()

    def _nothing_counts_as_read_that_was_not(self, watch: WatchState) -> None:
        seen = self.witness.seen[watch.term]
        for low, high, readings in watch.readings_claimed(self.starts[watch.watch_id]):
            if readings >= 1:
                assert seen.proves(low, high, apart_seconds=0), (watch, low, high)
            if readings >= 2:
                assert seen.proves(low, high, apart_seconds=LOOKBACK), (watch, low, high)

    def _nothing_shown_is_lost(self, watch: WatchState, stored: dict[str, int]) -> None:
        assert self.rows.linked(watch.watch_id) <= stored.keys()
        for second in self._seconds_of_the_unstored(watch):
            assert watch.awaits(second), (watch, second)

    def _seconds_of_the_unstored(self, watch: WatchState) -> list[int]:
        """Where the videos are that a page listed, whole, and that the watch does not have."""
        missing = self.witness.listed[watch.term].keys() - self.rows.linked(watch.watch_id)
        seconds = {v: self.witness.listed[watch.term][v] for v in missing - self.witness.damaged}
        return [second for v, second in seconds.items() if self._is_still_at(v, second)]

    def _end(self) -> None:
        """The trouble is over; enough quota and time are given; then everything is there."""
        self._trouble_ends()
        ended_at = int(self._now().timestamp())
        worker = self.workers[0]
        worker.tick()
        self.rig.clock.move(LOOKBACK + LOOKBACK // 12 + 5)
        worker.tick()
        gone = any(v.deleted_at is not None for v in self._videos())
        for _ in range(6 if gone else 1):  # it must be missed twice, by credible answers
            self.rig.clock.move(DAY + 600)
            worker.refresh()
        self.what_is_stored_is_sound()
        self._everything_is_complete(ended_at)
        self._everything_is_stored_once()

    def _trouble_ends(self) -> None:
        self.rig.simulator.faults.clear()
        for key in KEYS:
            self.rig.simulator.quota.set_state(key.text, "ok")
        self.rig.simulator.quota.limits["search"] = PLENTY
        due = self.rows.last_due_at() - self.rig.clock().timestamp()
        self.rig.clock.move(max(due, DAY) + 3600)  # a key that was refused is tried after a day
        for worker in self.workers:
            worker.skew = timedelta()
            worker.values["youtube_search_calls_per_day"] = PLENTY
            worker.restart()

    def _everything_is_complete(self, ended_at: int) -> None:
        for watch in self.rows.watches():
            for low, high, readings in watch.readings_claimed(self.starts[watch.watch_id]):
                assert readings >= 2 or low >= ended_at, (watch, low, high)

    def _everything_is_stored_once(self) -> None:
        stored = self.rows.dates()
        shown = {v.video_id: int(v.published_at.timestamp()) for v in self._videos()}
        gone = {v.video_id for v in self._videos() if v.deleted_at is not None}
        assert stored.keys() <= shown.keys()
        assert not stored.keys() & gone
        assert all(stored[video_id] == shown[video_id] for video_id in stored)
        known = self.rig.known(self.workers[0].services)
        assert sorted(known) == sorted(stored)
        for watch in self.rows.watches():
            listed = self.witness.listed[watch.term].keys()
            due = {v for v in self.promised if shown[v] >= self.starts[watch.watch_id]}
            due -= self.witness.damaged - listed
            assert (due | listed) - gone <= self.rows.linked(watch.watch_id)
        self.figures["videos stored"] += len(stored)

    def _close(self) -> None:
        if self.starts:
            self.figures["examples"] += 1
            self.figures["videos published"] += self.published
            self.figures["pages read"] += self.witness.pages
            self.figures["calls"] += self.witness.calls.total()
            self.figures["deaths"] += sum(worker.died for worker in self.workers)
            self.figures["interruptions"] += sum(worker.interrupted for worker in self.workers)
            self.rows.close()
            for worker in self.workers:
                worker.services.close()
        self.ground.clear()

    def _watch(self, term: str) -> None:
        watch, _ = self.workers[0].services.watching.add_keyword(term)
        self.starts[watch.watch_id] = int(watch.read_until.timestamp())

    def _publish(self, burst: Burst) -> None:
        now = self._now()
        for number in range(burst.count):
            at = now - timedelta(seconds=int(burst.age + number * burst.gap))
            shown_at = max(now, at + timedelta(seconds=burst.lag))
            self.published += 1
            new = replace(video(self.published), published_at=at, added_at=at, visible_at=shown_at)
            self.promised.add(new.video_id)
            self.rig.publish(Event(now, new))

    def _wait_until_due(self) -> None:
        """Ten seconds, or with few calls until there is something to poll for."""
        wait = self.rows.next_due_at() - self.rig.clock().timestamp()
        self.rig.clock.move(min(max(10, wait + LARGEST_SKEW), DAY))

    def _change(self, which: int, fields: Fields) -> None:
        videos = self._videos()
        changed = videos[which % len(videos)].video_id
        self.rig.publish(Event(self._now(), video_id=changed, fields=fields))

    def _videos(self) -> list[Video]:
        self.rig.simulator.api.world.now()
        return self.rig.simulator.api.world.arrived(0, 10 * MOST_VIDEOS)

    def _is_still_at(self, video_id: str, second: int) -> bool:
        found = self.rig.simulator.api.world.find_video(video_id)
        known = cast("Video", found)
        return known.deleted_at is None and int(known.published_at.timestamp()) == second

    def _now(self) -> datetime:
        return self.rig.clock().replace(microsecond=0)
