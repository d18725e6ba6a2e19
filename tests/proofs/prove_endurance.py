"""The proof of endurance: 50,000 ticks on each way to run, and its section of the report."""

from __future__ import annotations

import json
import time
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from simulator.generated import publishers
from tests.processes import SECRET_KEY, Processes, free_port
from tests.proofs.endurance import BOUNDED, check, levels, numbers
from tests.proofs.report import Options, Proof
from tests.proofs.shared_clock import SharedClock
from tests.proofs.soak import TICK, Sample
from tests.servers.mariadb import MariaDB
from tests.servers.redis import Redis
from tests.servers.server import running
from tests.waiting import wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.processes import ChildProcess

TICKS = 50_000
SAMPLES = 100
SEARCH_CALLS, UNITS = 1_000, 10_000
KEYWORDS = ("music", "news", "football", "cooking", "science", "travel", "gaming", "sailing")
VIDEOS_PER_MINUTE = 0.5
CHANNELS = 3
_DEADLINE_SECONDS = 3600.0

_SECTION = """Run on {day}.

Result: {ticks:,} ticks ({days:.1f} days at {tick} s) {times} times as fast as time.
{growth}. Threads, files, connections and Redis keys level, tables bounded, no numbers burned.

All services of one process, with a pool that does what ticks give out, on SQLite with memory and on
MariaDB with Redis, both at once. Time is a file that each tick moves ahead by {tick} s; a simulator
in a process of its own publishes by it, some {rate:.0f} videos an hour, and its hub pushes to the
web server of the process, which is read from as well. {keywords} keywords share {calls:,} searches
and {units:,} units a day, {channels} channels are watched, others followed and forgotten; videos
are refreshed, edited and deleted. The log of fetches is kept for a day instead of 30. Compared are
the medians of an eighth of the samples after a fifth of the ticks, and of the last eighth.

| | SQLite when warm | at the end | MariaDB + Redis when warm | at the end |
|---|---|---|---|---|
{levels}

Rows halfway and at the end, and how many numbers their tables gave out for them (`ranges` are
replaced at each page; their numbers have 63 bits):

| table | SQLite | | numbers | MariaDB | | numbers |
|---|---|---|---|---|---|---|
{tables}

{seconds:.0f} s for both. `videos` grows with what is published; tombstones go after 30 days (P17).
"""
_TOLD_TABLES = (*BOUNDED, "video_texts", "videos", "tombstones", "follows", "audit")


@dataclass(frozen=True, slots=True)
class Run:
    """What came of one way to run."""

    samples: list[Sample]
    seconds: float


def _run(_options: Options, folder: Path) -> str:
    """Tick so often on both at once."""
    return prove(folder, TICKS)


def prove(folder: Path, ticks: int) -> str:
    """Run so many ticks on both at once and return the section.

    Raises:
        AssertionError: something grew.
    """
    runs = soak_both(folder, ticks)
    for run in runs.values():
        check(run.samples)
    return section(runs, ticks)


def soak_both(folder: Path, ticks: int) -> dict[str, Run]:
    """Return what both ways to run have over so many ticks."""
    full, alone = folder / "full", folder / "embedded"
    full.mkdir()
    alone.mkdir()
    with ExitStack() as stack:
        mariadb = stack.enter_context(running(MariaDB))
        redis = stack.enter_context(running(Redis))
        url = stack.enter_context(mariadb.fresh_database())
        servers = {"DATABASE_URL": url, "REDIS_URL": redis.url}
        began_at = time.monotonic()
        soaking = {
            "SQLite": _start(stack, alone, ticks, DATABASE_URL=f"sqlite:///{alone}/newsreel.db"),
            "MariaDB": _start(stack, full, ticks, **servers),
        }
        return {name: _finish(process, began_at) for name, process in soaking.items()}


def _start(stack: ExitStack, folder: Path, ticks: int, **servers: str) -> ChildProcess:
    """Start a simulator and what reads it, on a clock of their own."""
    processes = stack.enter_context(closing(Processes(folder)))
    clock = folder / "clock"
    SharedClock.create(clock, datetime.now(UTC).replace(microsecond=0))
    youtube = processes.python(
        "tests.proofs.timed_simulator",
        *(str(clock), "--port", "0", "--rate", str(VIDEOS_PER_MINUTE)),
        *("--history-seconds", str(10 * 86_400), "--index-lag", "60"),
        *("--search-calls-per-day", str(SEARCH_CALLS), "--units-per-day", str(UNITS)),
    )
    line = wait_until(lambda: youtube.output().partition("\n")[0], 60, claim="it listens")
    address = line.split()[-1]
    env = {
        **servers,
        "SECRET_KEY": SECRET_KEY,
        "YOUTUBE_API_KEYS": "soak",
        "YOUTUBE_API_ENDPOINT": address,
        "YOUTUBE_FEED_ENDPOINT": f"{address}/",
        "WEBSUB_HUB": f"{address}/subscribe",
        "PUBLIC_URL": f"http://127.0.0.1:{free_port()}/",
        "YOUTUBE_SEARCH_CALLS_PER_DAY": str(SEARCH_CALLS),
        "YOUTUBE_UNITS_PER_DAY": str(UNITS),
        "KEYWORDS": ",".join(KEYWORDS),
        "CHANNELS": ",".join(_channels()),
        "FOLLOW_CHANNELS": "20",
        "BACKFILL_SECONDS": "21600",
        "FETCH_LOG_DAYS": "1",
        "AUDIT_DAYS": "1",
        "RATE_LIMIT_PER_MINUTE": "0",
        "LOG_LEVEL": "error",
    }
    every = str(max(1, ticks // SAMPLES))
    return processes.python("tests.proofs.soak", str(clock), str(ticks), every, env=env)


def _channels() -> list[str]:
    """Those that publish most."""
    return [each.channel.channel_id for each in publishers(1)[:CHANNELS]]


def _finish(process: ChildProcess, began_at: float) -> Run:
    status = process.wait(_DEADLINE_SECONDS)
    seconds = time.monotonic() - began_at
    assert status == 0, f"{process} ended with {status}:\n{process.output()[-5000:]}"
    lines = [line for line in process.output().splitlines() if line.startswith('{"tick"')]
    return Run([Sample(**json.loads(line)) for line in lines], seconds)


def section(runs: dict[str, Run], ticks: int) -> str:
    """Return the text of the section."""
    seconds = max(run.seconds for run in runs.values())
    both = list(runs.values())
    grown = ", ".join(f"{name} {levels(run.samples)[0].growth:+.1%}" for name, run in runs.items())
    return _SECTION.format(
        day=datetime.now(UTC).date(),
        ticks=ticks,
        days=ticks * TICK.total_seconds() / 86_400,
        tick=int(TICK.total_seconds()),
        times=round(ticks * TICK.total_seconds() / seconds),
        growth=f"Memory from warm-up to the end: {grown}",
        rate=VIDEOS_PER_MINUTE * 60,
        keywords=len(KEYWORDS),
        calls=SEARCH_CALLS,
        units=UNITS,
        channels=CHANNELS,
        levels="\n".join(_levels(both)),
        tables="\n".join(_table(name, both) for name in _TOLD_TABLES),
        seconds=seconds,
    )


def _levels(runs: list[Run]) -> list[str]:
    rows = zip(*(levels(run.samples) for run in runs), strict=True)
    return [
        f"| {row[0].name} | " + " | ".join(f"{it.warm:,} | {it.end:,}" for it in row) + " |"
        for row in rows
    ]


def _table(name: str, runs: list[Run]) -> str:
    cells = [_counts(name, run.samples) for run in runs]
    return f"| {name} | {' | '.join(cells)} |"


def _counts(name: str, samples: list[Sample]) -> str:
    halfway, end = samples[len(samples) // 2].rows[name], samples[-1].rows[name]
    given = f"{numbers(samples, name)[0]:,}" if name in samples[-1].last else ""
    return f"{halfway:,} | {end:,} | {given}"


PROOF = Proof(
    name="endurance",
    heading="Endurance: 50,000 ticks, and nothing grows",
    run=_run,
)
