"""The replay proof on a few hundred generated videos; `make prove` runs it on a whole corpus."""

from pathlib import Path

import pytest

from tests.processes import Processes
from tests.proofs.corpus import write_corpus
from tests.proofs.replay import replay, start_simulator

VIDEOS = 400


@pytest.fixture
def simulator(processes: Processes, tmp_path: Path) -> str:
    corpus = write_corpus(tmp_path / "corpus.jsonl", videos=VIDEOS, seed=20)
    return start_simulator(processes, corpus, arriving=40, speed=2000)


def test_every_database_serves_what_was_shown_in_the_same_order(
    simulator: str, sqlite_url: str, mariadb_url: str, postgresql_url: str
) -> None:
    sqlite, mariadb, postgresql = (
        replay(simulator, url, videos=VIDEOS) for url in (sqlite_url, mariadb_url, postgresql_url)
    )

    assert len(sqlite.items) == VIDEOS
    assert sqlite.items == mariadb.items
    assert sqlite.items == postgresql.items
