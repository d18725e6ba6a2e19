"""Fifty stops of each service under load, and their section of the report."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from statistics import median
from typing import TYPE_CHECKING

from tests.processes import PROJECT, Processes
from tests.proofs.audit import Books
from tests.proofs.report import Options, Proof
from tests.proofs.stops import ENDS_WITHIN_SECONDS, StopProof, Stops
from tests.proofs.traffic import Traffic
from tests.proofs.victims import Victims, embedded, full_stack
from tests.servers.mariadb import MariaDB
from tests.servers.redis import Redis
from tests.servers.server import running

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

STOPS = 50
SEED = 13

_SECTION = """Run on {day}, seed {seed}.

Result: {stops} stops by SIGTERM, {stops_each} of each service: each ended with status 0, with all
its processes, the slowest in {slowest:.1f} s (promised: {promised:.0f} s); 0 of {answers:,}
requests were left without their answer; {videos} videos shown and served, 0 lost, 0 doubled.

On MariaDB and Redis the Celery worker, Beat and the web (gunicorn) are asked to end in turn, on
SQLite the embedded service, each at any moment of fetching and serving; what ended is started again
at once. The traffic and its faults are those of the kills below, FLUSHALL apart, and so are the
checks at the end: feed, watches, counts and calls against the simulator's truth. Eight readers ask
all the while, half of them on connections that they keep. A connection that cannot be made is no
fault (nobody listens for a moment, where there is only one web service), nor is an idle one that is
closed; a request that was taken and not answered whole is.

| service | stops | status 0 | median s | longest s | answers | without answer |
|---|---|---|---|---|---|---|
{rows}
"""


def _run(_options: Options, folder: Path) -> str:
    """Stop everything so often on both databases."""
    return prove(folder, STOPS)


def prove(folder: Path, stops: int) -> str:
    """Stop each service so many times and return the section.

    Raises:
        AssertionError: something was not as promised.
    """
    full, alone = folder / "full", folder / "embedded"
    with running(MariaDB) as mariadb, running(Redis) as redis, mariadb.fresh_database() as url:

        def start(processes: Processes, traffic: Traffic) -> Victims:
            servers = {"database_url": url, "redis_url": redis.url}
            return _with_web(full_stack(processes, youtube_url=traffic.url, **servers))

        on_mariadb, videos = _stop_all(full, url, start, stops)
    file = f"sqlite:///{alone}/newsreel.db"
    on_sqlite, videos_alone = _stop_all(
        alone, file, lambda p, t: embedded(p, database_url=file, youtube_url=t.url), stops
    )
    every = [*on_mariadb, *on_sqlite]
    for each in every:
        each.check()
    return _section(every, f"{videos:,} and {videos_alone:,}")


def _with_web(victims: Victims) -> Victims:
    gunicorn = ("gunicorn", "-c", str(PROJECT / "gunicorn.conf.py"), "app.wsgi:app")
    return replace(victims, commands={**victims.commands, "web": gunicorn})


def _stop_all(
    folder: Path,
    database_url: str,
    victims: Callable[[Processes, Traffic], Victims],
    stops: int,
) -> tuple[list[Stops], int]:
    folder.mkdir()
    with (
        closing(Processes(folder)) as processes,
        closing(Traffic(processes, seed=SEED)) as traffic,
        closing(Books.opened(database_url)) as books,
    ):
        mortal = victims(processes, traffic)
        return StopProof(mortal, traffic, books, seed=SEED).run(stops)


def _section(every: list[Stops], videos: str) -> str:
    names = {"service": "embedded", "worker": "Celery worker", "beat": "Celery Beat", "web": "web"}
    rows = [
        f"| {names[it.service]} | {len(it.seconds)} | {len(it.seconds) - len(it.statuses)} |"
        f" {median(it.seconds):.1f} | {max(it.seconds):.1f} | {it.answers:,} | {len(it.faults)} |"
        for it in every
    ]
    return _SECTION.format(
        day=datetime.now(UTC).date(),
        seed=SEED,
        stops=sum(len(it.seconds) for it in every),
        stops_each=len(every[0].seconds),
        slowest=max(max(it.seconds) for it in every),
        promised=ENDS_WITHIN_SECONDS,
        answers=sum(it.answers for it in every),
        videos=videos,
        rows="\n".join(rows),
    )


PROOF = Proof(
    name="stops",
    heading="Stops: asked to end under load, everything ends in good order",
    run=_run,
)
