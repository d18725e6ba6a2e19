"""The outages proof: each dependency away, each pair, and what hangs (`ONLY=outages`)."""

from __future__ import annotations

import json
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import combinations, product
from typing import TYPE_CHECKING

from tests.proofs.chaos.proxy import Way
from tests.proofs.chaos.site import TICK_SECONDS, ChaosSite, full_stack
from tests.proofs.counted import ticks_since
from tests.proofs.report import Options, Proof
from tests.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from tests.e2e.site import Simulated, Site

AWAY_SECONDS = 45.0
"""Longer than a lease."""

BACK_WITHIN_SECONDS = 30.0
MOST_WAITING_TICKS = 2
AWAY = ("Redis", "database", "YouTube", "workers", "Beats")
HANGS = ("Redis hangs", "database hangs", "YouTube hangs")
FIRST_PAGE = "/videos?limit=5"
OTHERS = ("/videos?page=3&limit=20", "/changes?limit=5", "/feed.atom", "/watches", "/ready")
_STALE_OR_REFUSED = frozenset({"Redis", "database"})
_BEATS = 2
_INTERVALS = 2
"""For so many after the return, ticks are counted."""

_GIVE_UP_SECONDS = 180.0
OK, UNAVAILABLE = 200, 503

_SECTION = """Run on {day}.

Result P7: {reads:,} first pages read during {outages} outages of {away:g} s, alone, in pairs and
hanging: {refused} refused, all of them while database and Redis were both away; {others:,} other
requests: each answered, or refused with 503 and when to ask again; never a 500.

Result P8: after each of {outages} outages of {away:g} s, alone, in pairs and hanging, a video
published at its end was served within {longest:.1f} s (promised: {back:g} s); nothing was started
again that had not been killed; {extra} ticks more than usual ran at most (promised: {waiting}).

Everything of a kind is away for {away:g} s: servers are killed and come back on their port, YouTube
refuses connections, workers and Beats are killed and started again. What hangs takes connections
and answers nothing. What is away alone or in pairs, how first pages were answered meanwhile (of
both webs, about once a second), and how other requests were ({paths});
how many ticks ran in the first two intervals after it came back ({regular} are usual), and after
how many seconds a video was served that was published then.

| away | first pages | others | ticks | back after |
|---|---|---|---|---|
"""


@dataclass(frozen=True, slots=True)
class Line:
    """What was seen of one outage."""

    away: tuple[str, ...]
    first_pages: tuple[int, ...]
    others: tuple[int, ...]
    unexplained: tuple[str, ...]
    ticks: int
    died: tuple[str, ...]
    back_seconds: float

    @property
    def extra_ticks(self) -> int:
        """How many more ran than usual, once it was back."""
        return max(0, self.ticks - _BEATS * _INTERVALS)

    def check(self) -> None:
        """Raise an AssertionError if it is not as promised."""
        allowed = {OK, UNAVAILABLE} if set(self.away) >= _STALE_OR_REFUSED else {OK}
        assert set(self.first_pages) <= allowed, f"{self}"
        assert set(self.others) <= {OK, UNAVAILABLE}, f"{self}"
        assert not self.unexplained, f"{self} {self.unexplained[:3]}"
        assert not self.died, f"{self} {self.died}"
        assert self.extra_ticks <= MOST_WAITING_TICKS, f"{self}"
        assert self.back_seconds <= BACK_WITHIN_SECONDS, f"{self}"

    def __str__(self) -> str:
        away = " + ".join(self.away)
        told = f"{_counts(self.first_pages)} | {_counts(self.others)}"
        return f"| {away} | {told} | {self.ticks} | {self.back_seconds:.1f} s |"


def _counts(statuses: Sequence[int]) -> str:
    return ", ".join(f"{statuses.count(it)} x {it}" for it in sorted(set(statuses)))


def _run(_options: Options, folder: Path) -> str:
    matrix = [*((one,) for one in (*AWAY, *HANGS)), *combinations(AWAY, 2)]
    celery = ("-m", "tests.proofs.counted", "celery", "-A", "workers.celery_app")
    with full_stack(folder, "--rate", "60", "--match-all", celery=celery) as (site, youtube):
        _back(site, youtube)
        lines = [_outage(site, youtube, away) for away in matrix]
    for line in lines:
        line.check()
    return section(lines)


def section(lines: Sequence[Line]) -> str:
    """Return the text of the section."""
    introduction = _SECTION.format(
        day=datetime.now(UTC).date(),
        away=AWAY_SECONDS,
        back=BACK_WITHIN_SECONDS,
        waiting=MOST_WAITING_TICKS,
        outages=len(lines),
        reads=sum(len(line.first_pages) for line in lines),
        refused=sum(status != OK for line in lines for status in line.first_pages),
        others=sum(len(line.others) for line in lines),
        paths=", ".join(f"`{path}`" for path in OTHERS),
        regular=_BEATS * _INTERVALS,
        longest=max(line.back_seconds for line in lines),
        extra=max(line.extra_ticks for line in lines),
    )
    return introduction + "\n".join(map(str, lines)) + "\n"


def _outage(site: ChaosSite, youtube: Simulated, away: tuple[str, ...]) -> Line:
    seen = _Seen()
    before = {name: process.pid for name, process in site.running.items()}
    with ExitStack() as stack, ThreadPoolExecutor(2 * (1 + len(OTHERS))) as readers:
        for one in away:
            stack.enter_context(_without(site, one))
        ends_at = time.monotonic() + AWAY_SECONDS
        for reading in [
            readers.submit(seen.ask_until, ends_at, asked, path)
            for asked, path in product(site.sites, (FIRST_PAGE, *OTHERS))
        ]:
            reading.result()
    since = time.monotonic()
    back_seconds = _back(site, youtube)
    ticks = _ticks(site.processes.folder, since)
    line = Line(
        away,
        tuple(seen.first_pages),
        tuple(seen.others),
        tuple(seen.unexplained),
        ticks,
        tuple(_died(site, before, away)),
        back_seconds,
    )
    sys.stderr.write(f"{line}\n")
    return line


@dataclass
class _Seen:
    """How requests were answered."""

    first_pages: list[int] = field(default_factory=list)
    others: list[int] = field(default_factory=list)
    unexplained: list[str] = field(default_factory=list)

    def ask_until(self, ends_at: float, site: Site, path: str) -> None:
        """Ask about once a second."""
        while time.monotonic() < ends_at:
            self._ask(site, path)
            time.sleep(1)

    def _ask(self, site: Site, path: str) -> None:
        """A refusal has to say what is wrong, and when to ask again."""
        reply = site.get(path)
        (self.first_pages if path == FIRST_PAGE else self.others).append(reply.status)
        if reply.status == UNAVAILABLE and path != "/ready":
            code = json.loads(reply.body)["errors"][0]["code"]
            if not code or "Retry-After" not in reply.headers:
                self.unexplained.append(f"{path}: {reply.body[:200]!r}")


def _ticks(folder: Path, since: float) -> int:
    """Return how many ticks ran in the first intervals in which any did."""
    first, *_ = wait_until(lambda: ticks_since(folder, since), _GIVE_UP_SECONDS, claim="it ticks")
    ends_at = first + _INTERVALS * TICK_SECONDS
    time.sleep(max(0.0, ends_at - time.monotonic()))
    return sum(began_at < ends_at for began_at in ticks_since(folder, since))


def _died(site: ChaosSite, before: dict[str, int], away: tuple[str, ...]) -> Iterator[str]:
    """Name the processes that were not killed and are not the same as before."""
    killed = tuple(one[:4].lower() for one in away)
    for name, process in site.running.items():
        if not name.startswith(killed) and (process.returncode, process.pid) != (
            None,
            before[name],
        ):
            yield f"{name} ended with {process.returncode}"


@contextmanager
def _without(site: ChaosSite, one: str) -> Iterator[None]:
    match one:
        case "Redis":
            site.redis.kill()
            yield
            site.redis.start()
        case "database":
            site.database.kill()
            yield
            site.database.start()
        case "YouTube":
            site.ways.youtube.set(Way.REFUSED)
            yield
            site.ways.youtube.set(Way.OPEN)
        case "Redis hangs" | "database hangs" | "YouTube hangs":
            proxy = site.ways.all()[one.partition(" ")[0].lower()]
            proxy.set(Way.SILENT)
            yield
            proxy.set(Way.OPEN)
        case _:
            names = [name for name in site.running if name.startswith(one[:4].lower())]
            for name in names:
                site.signal(name, signal.SIGKILL)
                site.running[name].wait()
            yield
            for name in names:
                site.start(name)


def _back(site: ChaosSite, youtube: Simulated) -> float:
    """Return how long a video takes that is published now."""
    began = time.monotonic()
    path = f"/videos/{youtube.publish('back again')}"
    wait_until(lambda: any(web.get(path).status == 200 for web in site.sites), _GIVE_UP_SECONDS)
    return time.monotonic() - began


PROOF = Proof(
    name="outages",
    heading="Outages: what is away, alone or in pairs, or hangs, and what comes back by itself",
    run=_run,
)
