"""The replay proof over a whole corpus, and its section of the report."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING

from simulator.corpus import read_rows
from tests.processes import Processes
from tests.proofs.corpus import write_corpus
from tests.proofs.replay import Replay, replay, start_simulator
from tests.proofs.report import Options, Proof
from tests.servers.mariadb import MariaDB
from tests.servers.postgresql import PostgreSQL
from tests.servers.server import running

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    Row = dict[str, object]

GENERATED_VIDEOS = 20_000
ARRIVING_SECONDS = 120
"""The newest videos arrive during the run: as many as their squeezed times put into so long."""

HISTORY_SECONDS = 6 * 3600
"""The corpus is squeezed into the hours before now, so that its bursts stay bursts."""

_INTRODUCTION = """Run on {day}.

Corpus: {corpus}, {videos} videos with publish times to the second, squeezed into the {hours} hours
before the start (same-second ties stay ties), the newest {arriving} arriving during the run. The
simulator shows them over HTTP with a search index up to 3 s late. Each database is filled by the
real ingest and walked through `GET /videos` by cursor. Every field that YouTube determines must
equal the simulator's truth, and the items of the three databases each other's (all but `fetched_at`
and `updated_at`, which tell when a run took place: the digest is of the rest). The first run waits
for the newest videos to arrive, the others find them there.

| database | shown | served | distinct | pages walked | seconds | sha256 of the items |
|---|---|---|---|---|---|---|
"""


@dataclass(frozen=True)
class Replayed:
    """What the replay of one corpus showed."""

    corpus: str
    videos: int
    arriving: int
    replays: dict[str, Replay]


def prove_replay(corpus: Path | None, folder: Path) -> Replayed:
    """Replay a corpus into every database and compare what each serves.

    Raises:
        AssertionError: a database serves something else than the simulator showed, or than
            another database.
    """
    source = corpus or write_corpus(folder / "corpus.jsonl", videos=GENERATED_VIDEOS, seed=1)
    rows = read_rows(source)
    replays: dict[str, Replay] = {}
    with ExitStack() as stack:
        processes = Processes(folder)
        stack.callback(processes.close)
        arriving = _arriving(rows)
        simulator = start_simulator(processes, source, arriving=arriving, speed=_speed(rows))
        mariadb = stack.enter_context(running(MariaDB))
        postgresql = stack.enter_context(running(PostgreSQL))
        urls = {
            "SQLite": f"sqlite:///{folder}/newsreel.db",
            "MariaDB": stack.enter_context(mariadb.fresh_database()),
            "PostgreSQL": stack.enter_context(postgresql.fresh_database()),
        }
        for name, url in urls.items():
            replays[name] = replay(simulator, url, videos=len(rows))
    first, *others = replays.values()
    assert all(other.items == first.items for other in others), "the databases differ"
    name = "generated (seed 1)" if corpus is None else corpus.name
    return Replayed(name, len(rows), arriving, replays)


def _speed(rows: Sequence[Row]) -> float:
    times = _publish_times(rows)
    return max(1.0, (max(times) - min(times)).total_seconds() / HISTORY_SECONDS)


def _arriving(rows: Sequence[Row]) -> int:
    times = _publish_times(rows)
    first = max(times) - timedelta(seconds=ARRIVING_SECONDS * _speed(rows))
    return sum(at > first for at in times)


def _publish_times(rows: Sequence[Row]) -> list[datetime]:
    return [datetime.fromisoformat(str(row["published_at"])) for row in rows]


def _section(proof: Replayed) -> str:
    introduction = _INTRODUCTION.format(
        day=datetime.now(UTC).date(),
        corpus=proof.corpus,
        videos=f"{proof.videos:,}",
        hours=HISTORY_SECONDS // 3600,
        arriving=proof.arriving,
    )
    return introduction + "".join(_line(name, done) for name, done in proof.replays.items())


def _line(name: str, done: Replay) -> str:
    digest = sha256(b"\n".join(done.items)).hexdigest()[:16]
    counts = f"{done.shown:,} | {len(done.items):,} | {len(set(done.items)):,}"
    return f"| {name} | {counts} | {done.pages} | {done.seconds:.0f} | `{digest}` |\n"


def _run(options: Options, folder: Path) -> str:
    return _section(prove_replay(options.corpus, folder))


PROOF = Proof(
    name="replay",
    heading="Replay: what YouTube showed is served, byte for byte, in the same order everywhere",
    run=_run,
)
