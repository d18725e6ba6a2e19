"""The outages proof: each dependency away for a minute, and each pair (`ONLY=outages`)."""

from __future__ import annotations

import signal
import sys
import time
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import combinations
from typing import TYPE_CHECKING

from redis import Redis as Client
from redis.exceptions import RedisError

from tests.e2e.site import Simulated
from tests.processes import Processes
from tests.proofs.chaos.proxy import Way
from tests.proofs.chaos.site import ChaosSite, new_site
from tests.proofs.report import Options, Proof
from tests.servers.mariadb import MariaDB
from tests.servers.redis import Redis
from tests.servers.server import running
from tests.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

AWAY_SECONDS = 60.0
BACK_WITHIN_SECONDS = 30.0
MOST_WAITING_TICKS = 2
AWAY = ("Redis", "database", "YouTube", "workers", "Beats")
_STALE_OR_REFUSED = frozenset({"Redis", "database"})
_GIVE_UP_SECONDS = 180.0
OK = 200
_PLENTY = "10000000"

_SECTION = """Run on {day}.

Result P7: {reads:,} first pages read during {outages} outages of {away:g} s, alone and in pairs:
{refused} refused, all of them while database and Redis were both away; never a 500.

Result P8: after each of {outages} outages of {away:g} s, alone and in pairs, a video published at
its end was served within {longest:.1f} s (promised: {back:g} s); {waited} ticks waited at most.

Everything of a kind is away for {away:g} s: servers stop and come back
on their port, YouTube refuses connections, workers and Beats are killed and started again. What is
away alone or in pairs, how first pages were answered meanwhile (of both webs, once a second), how
many ticks waited when it came back, and after how many seconds a video was served that was
published then. Promised, and checked: never a 500; 200 as long as the database or Redis is there;
at most {waiting} ticks; {back:g} s.

| away | answers meanwhile | ticks that waited | back after |
|---|---|---|---|
"""


@dataclass(frozen=True, slots=True)
class Line:
    """What was seen of one outage."""

    away: tuple[str, ...]
    statuses: tuple[int, ...]
    waiting: int
    back_seconds: float

    def check(self) -> None:
        """Raise an AssertionError if it is not as promised."""
        allowed = {200, 503} if set(self.away) >= _STALE_OR_REFUSED else {200}
        assert set(self.statuses) <= allowed, f"{self}"
        assert self.waiting <= MOST_WAITING_TICKS, f"{self}"
        assert self.back_seconds <= BACK_WITHIN_SECONDS, f"{self}"

    def __str__(self) -> str:
        told = ", ".join(f"{self.statuses.count(it)} x {it}" for it in sorted(set(self.statuses)))
        return f"| {' + '.join(self.away)} | {told} | {self.waiting} | {self.back_seconds:.1f} s |"


def _run(_options: Options, folder: Path) -> str:
    matrix = [*((one,) for one in AWAY), *combinations(AWAY, 2)]
    with (
        running(MariaDB) as mariadb,
        running(Redis) as redis,
        mariadb.fresh_database() as url,
        closing(Processes(folder)) as processes,
    ):
        plenty = ("--search-calls-per-day", _PLENTY, "--units-per-day", _PLENTY)
        youtube = Simulated.start(processes, "--rate", "60", "--match-all", *plenty)
        with new_site(processes, mariadb, redis, url=url, youtube_url=youtube.url) as site:
            site.start_all()
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
        reads=sum(len(line.statuses) for line in lines),
        refused=sum(status != OK for line in lines for status in line.statuses),
        longest=max(line.back_seconds for line in lines),
        waited=max(line.waiting for line in lines),
    )
    return introduction + "\n".join(map(str, lines)) + "\n"


def _outage(site: ChaosSite, youtube: Simulated, away: tuple[str, ...]) -> Line:
    statuses: list[int] = []
    with ExitStack() as stack:
        for one in away:
            stack.enter_context(_without(site, one))
        ends_at = time.monotonic() + AWAY_SECONDS
        while time.monotonic() < ends_at:
            statuses += [web.get("/videos?limit=5").status for web in site.sites]
            time.sleep(1)
        waiting = _waiting(site)
    line = Line(away, tuple(statuses), waiting, _back(site, youtube))
    sys.stderr.write(f"{line}\n")
    return line


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
        case _:
            names = [name for name in site.running if name.startswith(one[:4].lower())]
            for name in names:
                site.signal(name, signal.SIGKILL)
                site.running[name].wait()
            yield
            for name in names:
                site.start(name)


def _waiting(site: ChaosSite) -> int:
    try:
        with Client.from_url(site.redis.url) as client:
            return int(client.llen("tick"))
    except RedisError:
        return 0


def _back(site: ChaosSite, youtube: Simulated) -> float:
    """Return how long a video takes that is published now."""
    began = time.monotonic()
    path = f"/videos/{youtube.publish('back again')}"
    wait_until(lambda: any(web.get(path).status == 200 for web in site.sites), _GIVE_UP_SECONDS)
    return time.monotonic() - began


PROOF = Proof(
    name="outages",
    heading="Outages: what is away for a minute, alone or in pairs, and what comes back by itself",
    run=_run,
)
