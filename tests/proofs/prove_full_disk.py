"""The proof of a full disk: under SQLite and under MariaDB (`ONLY=full_disk`, as root)."""

from __future__ import annotations

import sys
import time
from collections import Counter
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tests.e2e.site import Simulated, Site, serve, started
from tests.processes import SECRET_KEY, Processes
from tests.proofs.chaos.site import KEYWORDS, PLENTY, UNLIMITED, new_site
from tests.proofs.report import Options, Proof
from tests.proofs.small_disk import SmallDisk, small_disk
from tests.servers.mariadb import MariaDB
from tests.servers.redis import Redis
from tests.servers.server import running
from tests.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    Service = Callable[[Path, Simulated], AbstractContextManager["Served"]]

SQLITE_MEGABYTES, MARIADB_MEGABYTES = 64, 400
VIDEOS_PER_MINUTE = 2000
FULL_SECONDS = 30.0
BACK_WITHIN_SECONDS = 30.0
TOLD = {"database_write_failed", "database_unavailable"}
OK = 200
_NOTICED_WITHIN_SECONDS = 180.0
_SETTLED_WITHIN_SECONDS = 600.0

_SECTION = """Run on {day}.

Result P1: {shown:,} videos shown and served, {rate:,} a minute, over disks that were full to the
last byte for {full:g} s and more: 0 lost, 0 doubled.

Result P7: {reads:,} first pages read meanwhile: all answered with 200.

Result P8: fetching went on within {longest:.1f} s of the return of room (promised: {back:g} s),
without a restart of ours.

The embedded service with its SQLite file on a disk of {sqlite} MB, and the full stack with all of
MariaDB on one of {mariadb} MB. While videos come in, what is left of the disk is taken; from when
`/ready` tells `{problems}` on, it stays so for {full:g} s. Compared with the simulator's truth are
all ids of the feed, at the end. A MariaDB whose disk is full may end itself; nobody starts it
again before there is room, and then at once, as a supervisor does.

| | shown = served | first pages | noticed after | the server ended | back after |
|---|---|---|---|---|---|
"""


@dataclass(frozen=True, slots=True)
class Served:
    """A site whose database is on a small disk.

    Args:
        site: of the service.
        disk: of its database.
        revive: starts the database's server again if it has ended; tells whether it had.
    """

    site: Site
    disk: SmallDisk
    revive: Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Line:
    """What was seen of one database."""

    name: str
    shown: int
    lost: int
    doubled: int
    statuses: Counter[int]
    noticed_seconds: float
    server_ended: bool
    back_seconds: float

    def check(self) -> None:
        """Raise an AssertionError if it is not as promised."""
        assert (self.lost, self.doubled) == (0, 0), f"{self}"
        assert set(self.statuses) == {OK}, f"{self}"
        assert self.back_seconds <= BACK_WITHIN_SECONDS, f"{self}"

    def __str__(self) -> str:
        told = ", ".join(f"{n:,} x {status}" for status, n in self.statuses.items())
        ended = "yes" if self.server_ended else "no"
        return (
            f"| {self.name} | {self.shown:,} | {told} | {self.noticed_seconds:.1f} s |"
            f" {ended} | {self.back_seconds:.1f} s |"
        )


def _run(_options: Options, folder: Path) -> str:
    lines = [_line("SQLite", folder, _embedded), _line("MariaDB", folder, _full_stack)]
    for line in lines:
        line.check()
    return section(lines)


@contextmanager
def _embedded(folder: Path, youtube: Simulated) -> Iterator[Served]:
    with (
        small_disk(SQLITE_MEGABYTES) as disk,
        closing(Processes(folder)) as processes,
    ):
        process, site = serve(
            processes,
            DATABASE_URL=f"sqlite:///{disk.folder}/newsreel.db",
            YOUTUBE_API_KEYS="first:first",
            YOUTUBE_API_ENDPOINT=f"{youtube.url}/",
            YOUTUBE_SEARCH_CALLS_PER_DAY=PLENTY,
            YOUTUBE_UNITS_PER_DAY=PLENTY,
            KEYWORDS=",".join(KEYWORDS),
            LOOKBACK_SECONDS="60",
            FOLLOW_CHANNELS="0",
            RATE_LIMIT_PER_MINUTE="0",
            FETCH_INTERVAL_SECONDS="5",
            SECRET_KEY=SECRET_KEY,
        )
        started(process, site)
        yield Served(site, disk, lambda: False)
        assert process.returncode is None, "it was not started again"


@contextmanager
def _full_stack(folder: Path, youtube: Simulated) -> Iterator[Served]:
    with (
        small_disk(MARIADB_MEGABYTES) as disk,
        running(MariaDB, disk.folder) as mariadb,
        running(Redis) as redis,
        mariadb.fresh_database() as url,
        closing(Processes(folder)) as processes,
        new_site(processes, mariadb, redis, url=url, youtube_url=youtube.url) as site,
    ):
        site.start_all()
        yield Served(site.sites[0], disk, lambda: _revive(mariadb))
        ended = [name for name, process in site.running.items() if process.returncode is not None]
        assert not ended, f"ended: {ended}"


def _revive(server: MariaDB) -> bool:
    if server.answers():
        return False
    server.kill()  # if it only hangs
    server.start()
    return True


def _line(name: str, folder: Path, service: Service) -> Line:
    own = folder / name.lower()
    beside = own / "youtube"
    beside.mkdir(parents=True)
    with ExitStack() as stack:
        processes = stack.enter_context(closing(Processes(beside)))
        rate = ("--rate", str(VIDEOS_PER_MINUTE), "--history-seconds", "60", "--match-all")
        youtube = Simulated.start(processes, *rate, *UNLIMITED)
        it = stack.enter_context(service(own, youtube))
        wait_until(lambda: it.site.total() > VIDEOS_PER_MINUTE / 10, _NOTICED_WITHIN_SECONDS)
        statuses: Counter[int] = Counter()
        noticed = _full(it, statuses)
        it.disk.free()
        freed_at = time.monotonic()
        server_ended = it.revive()
        _wait_for_new(it.site, youtube)
        back = time.monotonic() - freed_at
        shown, served = _settled(it.site, youtube)
        doubled = len(served) - len(set(served))
        lost = len(shown - set(served))
    line = Line(name, len(shown), lost, doubled, statuses, noticed, server_ended, back)
    sys.stderr.write(f"{line}\n")
    return line


def _full(it: Served, statuses: Counter[int]) -> float:
    """Fill the disk and keep it so; return after how many seconds the service told of it."""
    assert not TOLD & it.site.problems(), "all is well before"
    began_at = time.monotonic()
    noticed_at: float | None = None
    while noticed_at is None or time.monotonic() < noticed_at + FULL_SECONDS:
        it.disk.fill()
        statuses[it.site.get("/videos?limit=5").status] += 1
        if noticed_at is None and TOLD & it.site.problems():
            noticed_at = time.monotonic()
        told = f"{it.site.problems()} after {time.monotonic() - began_at:.0f} s"
        assert noticed_at or time.monotonic() - began_at < _NOTICED_WITHIN_SECONDS, told
        time.sleep(0.2)
    return noticed_at - began_at


def _wait_for_new(site: Site, youtube: Simulated) -> None:
    """Wait until a video is served that is published now."""
    path = f"/videos/{youtube.publish('there is room again')}"
    wait_until(lambda: site.get(path).status == OK, _NOTICED_WITHIN_SECONDS, claim="it is back")


def _settled(site: Site, youtube: Simulated) -> tuple[set[str], list[str]]:
    """Wait until what search has shown by now is served; return that, and the feed's ids."""
    shown = youtube.shown()
    gives_up_at = time.monotonic() + _SETTLED_WITHIN_SECONDS
    while not shown <= set(served := site.ids()) and time.monotonic() < gives_up_at:
        time.sleep(1)
        shown &= youtube.shown()  # without what was deleted meanwhile
    return shown, served


def section(lines: Sequence[Line]) -> str:
    """Return the text of the section."""
    introduction = _SECTION.format(
        day=datetime.now(UTC).date(),
        shown=sum(line.shown for line in lines),
        rate=VIDEOS_PER_MINUTE,
        full=FULL_SECONDS,
        reads=sum(line.statuses.total() for line in lines),
        longest=max(line.back_seconds for line in lines),
        back=BACK_WITHIN_SECONDS,
        sqlite=SQLITE_MEGABYTES,
        mariadb=MARIADB_MEGABYTES,
        problems="` or `".join(sorted(TOLD)),
    )
    return introduction + "\n".join(map(str, lines)) + "\n"


PROOF = Proof(
    name="full_disk",
    heading="Full disk: nothing can be written, everything is read, and nothing is lost",
    run=_run,
    on_request=True,
)
