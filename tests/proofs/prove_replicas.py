"""The proof of replicas: readers of two zones while replicas lag, die, are promoted and cut off."""

from __future__ import annotations

import time
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Event, Thread
from typing import TYPE_CHECKING

from redis.exceptions import RedisError

from tests.processes import Processes
from tests.proofs.report import Options, Proof
from tests.proofs.zones import SECONDS_BETWEEN, zones
from tests.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from tests.e2e.site import Site
    from tests.proofs.zones import Zones

PHASE_SECONDS = 12.0
CUT_SECONDS = 30.0
HEALED_WITHIN_SECONDS = 20.0

_SECTION = """Run on {day}.

Result: {asked:,} reads in two zones while Redis' replica lagged, died and was promoted, and while
the zones were cut off from each other for {cut:.0f} s: 0 answers but 200, 0 pages that went back;
the far zone was level {healed:.1f} s after the lines were mended.

Two zones on one machine, with TCP lines between them that can be held, so that every packet is
lost. At home: MariaDB, Redis, a web process, and a writer that stores and publishes a video every
{between} s. Far away: a web process beside a replica of each, by real replication
(DATABASE_REPLICA_URL, REDIS_READ_URL), and one beside a replica of Redis alone. A reader at each
process asks for page 1, and every tenth time for page 3 (but not where there is no replica of the
database), without a pause longer than 20 ms. In no phase may an answer be other than 200, or
a process show fewer videos on page 1 than it did before. *Behind* is how many videos the newest
page 1 of a reader lacked at most, of those that had been published before it asked; *stale* the
share of page 1 that was marked so (`X-Cache: stale`), with the greatest `Age`.

| phase | zone | seconds | page 1 | page 3 | not 200 | went back | behind | stale | Age, s |
|---|---|---|---|---|---|---|---|---|---|
{rows}

While the zones are cut off, page 1 of the far zone is as old as the cut and marked so, beside a
replica of the database and beside one of Redis alone.
"""


@dataclass
class Seen:
    """What one reader saw in one phase."""

    first_pages: int = 0
    others: int = 0
    refused: list[str] = field(default_factory=list)
    went_back: int = 0
    behind: int = 0
    stale: int = 0
    age: int = 0


class Reader:
    """Asks one web process again and again."""

    def __init__(
        self, zone: str, site: Site, newest: Callable[[], int], *, goes_deep: bool = True
    ) -> None:
        self.zone = zone
        self._site = site
        self._goes_deep = goes_deep
        self._newest = newest
        self._stopped = Event()
        self._thread = Thread(target=self._run, daemon=True)
        self._total = 0
        self.seen = Seen()
        self.asked = 0
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        number = 0
        while not self._stopped.wait(0.02):
            number += 1
            if number % 10 or not self._goes_deep:
                self._page_1()
            else:
                self.seen.others += 1
                self._asked("/videos?page=3&limit=20")

    def _page_1(self) -> None:
        expected, seen = self._newest(), self.seen
        seen.first_pages += 1
        reply = self._asked("/videos?limit=10")
        if reply is None:
            return
        total, state, age = reply
        seen.went_back += total < self._total
        seen.behind = max(seen.behind, expected - total)
        seen.stale += state == "stale"
        seen.age = max(seen.age, age)
        self._total = max(self._total, total)

    def _asked(self, path: str) -> tuple[int, str, int] | None:
        self.asked += 1
        reply = self._site.get(path)
        if reply.status != 200:
            self.seen.refused.append(f"{path}: {reply.status} {reply.body[:200]!r}")
            return None
        total = reply.json["total"]
        assert isinstance(total, int)
        return total, reply.headers.get("X-Cache", ""), int(reply.headers.get("Age", 0))


def _run(_options: Options, folder: Path) -> str:
    with closing(Processes(folder)) as processes, zones(processes) as both:

        def newest() -> int:
            return both.writer.total

        readers = [
            Reader("home", both.home, newest),
            Reader("far, both replicas", both.beside_both, newest),
            Reader("far, Redis' alone", both.beside_redis, newest, goes_deep=False),
        ]
        both.writer.start()
        rows = [
            *_phase("all is well", readers, PHASE_SECONDS),
            *_phase("Redis' replica lags", readers, PHASE_SECONDS, both.redis.between.hold),
        ]
        both.redis.between.release()
        both.redis.replica.kill()
        rows += _phase("Redis' replica is dead", readers, PHASE_SECONDS)
        both.redis.replica.start()
        rows += _phase("it is back, empty, as a master", readers, PHASE_SECONDS)
        _retried(both.redis.follow)
        rows += _phase("it follows again", readers, PHASE_SECONDS)
        rows += _phase("the zones are cut off", readers, CUT_SECONDS, both.cut)
        unmarked = [reader.zone for reader in readers[1:] if not reader.seen.stale]
        assert not unmarked, f"cut off, and not marked: {unmarked}"
        both.mend()
        healed = _healed(both)
        rows += _phase("the lines are mended", readers, PHASE_SECONDS)
        for reader in readers:
            reader.stop()
        both.writer.stop()
    return _SECTION.format(
        day=datetime.now(UTC).date(),
        between=SECONDS_BETWEEN,
        asked=sum(reader.asked for reader in readers),
        cut=CUT_SECONDS,
        rows="\n".join(rows),
        healed=healed,
    )


def _phase(
    name: str, readers: Sequence[Reader], seconds: float, begin: Callable[[], None] | None = None
) -> list[str]:
    """Let them read; fail if anything was not as promised."""
    for reader in readers:
        reader.seen = Seen()
    if begin is not None:
        begin()
    time.sleep(seconds)
    for seen in (reader.seen for reader in readers):
        assert not seen.refused, f"{name}: {seen.refused[:3]}"
        assert not seen.went_back, f"{name}: went back {seen.went_back} times"
        assert seen.first_pages, f"{name}: nobody was answered"
    return [_row(name, reader.zone, reader.seen, seconds) for reader in readers]


def _row(name: str, zone: str, seen: Seen, seconds: float) -> str:
    return (
        f"| {name} | {zone} | {seconds:.0f} | {seen.first_pages:,} | {seen.others:,} |"
        f" {len(seen.refused)} | {seen.went_back} | {seen.behind} |"
        f" {seen.stale / max(1, seen.first_pages):.0%} | {seen.age} |"
    )


def _healed(both: Zones) -> float:
    """Return how long it takes until the far zone shows what was there when the lines were."""
    began, wanted = time.monotonic(), both.writer.total

    def is_level() -> bool:
        replies = [site.get("/videos?limit=10") for site in (both.beside_both, both.beside_redis)]
        return all(
            it.status == 200 and it.headers["X-Cache"] != "stale" and _total(it.json) >= wanted
            for it in replies
        )

    wait_until(is_level, HEALED_WITHIN_SECONDS, claim="the far zone is level")
    return time.monotonic() - began


def _total(page: dict[str, object]) -> int:
    total = page["total"]
    assert isinstance(total, int)
    return total


def _retried(work: Callable[[], None]) -> None:
    with suppress(RedisError):  # its connection was to the one that died
        work()
        return
    work()


PROOF = Proof(
    name="replicas",
    heading="Replicas: a zone that is cut off is still read, and no page goes back",
    run=_run,
)
