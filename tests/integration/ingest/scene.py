"""Two workers over one database and one YouTube, and what must hold of them at any time.

It plays nothing by itself: the machine and the tests say what happens.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

from app.domain.errors import PollCrashedError
from app.store.database import Database
from simulator.quota import Key
from simulator.video import Event, Fields, Video
from tests.integration.ingest.rows import Rows, WatchState
from tests.integration.ingest.witness import Witness
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


@dataclass(frozen=True)
class Burst:
    """Videos of the last minutes, each `gap` seconds older than the one before.

    The first is `age` seconds old; search shows each `lag` seconds after its publication.
    """

    count: int
    age: int
    lag: int
    gap: float


class Ground:
    """A folder for the file of one scene after the other, in memory where there is a place."""

    def __init__(self) -> None:
        in_memory = IN_MEMORY if IN_MEMORY.is_dir() else None
        self._temporary = TemporaryDirectory(prefix="newsreel-scene-", dir=in_memory)
        self.folder = Path(self._temporary.name)
        self.databases = [Database(f"sqlite:///{self.folder}/newsreel.db") for _ in range(2)]

    def clear(self) -> None:
        for file in self.folder.iterdir():
            file.unlink()


@cache
def _ground() -> Ground:
    """One for all scenes of a process: to open it takes longer than to use it."""
    return Ground()


class Scene:
    """Opened with so many old videos, 30 s apart; closed before the next one opens.

    Args:
        history: how many.
        limit: our own limit of searches a day.
        named: the one that YouTube keeps to.
    """

    def __init__(self, *, history: int = 0, limit: int = PLENTY, named: int = PLENTY) -> None:
        self.limit = limit
        self.published = history
        self.starts: dict[int, int] = {}
        self.witness = Witness()
        self._ground = _ground()
        old = before_noon(history, step_seconds=30)
        self.rig = make_rig(self._ground.folder, old, keys=KEYS, search_limit=named)
        self.promised = {item.video_id for item in old}
        self.workers = [self._worker(database) for database in self._ground.databases]
        self.rows = Rows(self._ground.folder / "newsreel.db")

    def close(self) -> None:
        self.rows.close()
        for worker in self.workers:
            worker.services.close()
        self.rig.services.close()
        self._ground.clear()

    @property
    def now(self) -> datetime:
        return self.rig.clock().replace(microsecond=0)

    def watch(self, term: str) -> None:
        watch, _ = self.workers[0].services.watching.add_keyword(term)
        self.starts[watch.watch_id] = int(watch.read_until.timestamp())

    def publish(self, burst: Burst) -> None:
        for number in range(burst.count):
            at = self.now - timedelta(seconds=int(burst.age + number * burst.gap))
            shown_at = max(self.now, at + timedelta(seconds=burst.lag))
            self.published += 1
            new = replace(video(self.published), published_at=at, added_at=at, visible_at=shown_at)
            self.promised.add(new.video_id)
            self.rig.publish(Event(self.now, new))

    def change(self, which: int, fields: Fields) -> None:
        videos = self._videos()
        changed = videos[which % len(videos)].video_id
        self.rig.publish(Event(self.now, video_id=changed, fields=fields))

    def wait_until_due(self) -> None:
        """Ten seconds, or with few calls until there is something to poll for."""
        wait = self.rows.next_due_at() - self.rig.clock().timestamp()
        self.rig.clock.move(min(max(10, wait + LARGEST_SKEW), DAY))

    def poll_and_die(self, worker: int, step: int) -> None:
        """Let a poll end at that step: nothing counts as read for a page that was not stored."""
        before = {watch.watch_id: watch for watch in self.rows.watches()}
        self.workers[worker].dies_at(step, self.workers[worker].tick)
        for watch in self.rows.watches():
            for second in self._seconds_of_the_unstored(watch):
                assert watch.readings_of(second) <= before[watch.watch_id].readings_of(second)

    def poll_and_be_overtaken(self, worker: int, step: int, seconds: int) -> bool:
        """Let time pass between two steps of a poll, and the other worker poll, too.

        If that has taken over (which is returned), the first one's claims change nothing more.
        """
        polling, other = self.workers[worker], self.workers[1 - worker]
        left_behind: list[object] = []

        def meanwhile() -> None:
            self.rig.clock.move(seconds)
            other.tick()
            if polling.claims and self.rows.overtook(polling.claims):
                left_behind.append(self.rows.claimed())

        polling.waits_at(step, polling.tick, meanwhile)
        assert left_behind in ([], [self.rows.claimed()])
        return bool(left_behind)

    def assert_what_is_stored_is_sound(self) -> None:
        self.rows.assert_sound()
        assert self.witness.wrong == []
        stored = self.rows.dates()
        for watch in self.rows.watches():
            assert watch.error_code != PollCrashedError.code
            self._nothing_counts_as_read_that_was_not(watch)
            self._nothing_shown_is_lost(watch, stored)

    def assert_no_limit_is_exceeded(self) -> None:
        used = self.rows.used()
        for (bucket, project, day), calls in self.witness.calls.items():
            assert calls <= used[bucket, project, day.isoformat()]
            assert bucket != "search" or calls <= self.limit

    def end_well(self) -> None:
        """The trouble is over; enough quota and time are given; then everything is there."""
        self._trouble_ends()
        ended_at = int(self.now.timestamp())
        worker = self.workers[0]
        worker.tick()
        self.rig.clock.move(LOOKBACK + LOOKBACK // 12 + 5)
        worker.tick()
        for _ in range(self._days_until_deleted()):
            self.rig.clock.move(DAY + 600)
            worker.refresh()
        self.assert_what_is_stored_is_sound()
        self._everything_is_complete(ended_at)
        self._everything_is_stored_once()

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

    def _days_until_deleted(self) -> int:
        """What is gone must be missed twice, or not be told for 30 days.

        An answer that misses more than half of what was asked for is never believed.
        """
        stored = self.rows.dates().keys()
        gone = stored & self._gone()
        return 6 if 2 * len(gone) <= len(stored) else 31

    def _gone(self) -> set[str]:
        return {v.video_id for v in self._videos() if v.deleted_at is not None}

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
        gone = self._gone()
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

    def _videos(self) -> list[Video]:
        self.rig.simulator.api.world.now()
        return self.rig.simulator.api.world.arrived(0, 10 * MOST_VIDEOS)

    def _is_still_at(self, video_id: str, second: int) -> bool:
        found = self.rig.simulator.api.world.find_video(video_id)
        known = cast("Video", found)
        return known.deleted_at is None and int(known.published_at.timestamp()) == second

    def _worker(self, database: Database) -> Worker:
        return Worker(
            self.rig,
            database,
            self.witness,
            KEYS,
            youtube_api_keys=ALL_KEYS,
            lookback_seconds=LOOKBACK,
            backfill_seconds=BACKFILL,
            youtube_search_calls_per_day=self.limit,
        )
