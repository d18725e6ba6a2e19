"""Twenty kills in each way to run; `make prove` makes it two hundred."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.processes import Processes
from tests.proofs.audit import Books
from tests.proofs.failpoints import STEPS, NoSuchStepError, Step, wrap
from tests.proofs.kills import KillProof
from tests.proofs.traffic import Traffic
from tests.proofs.victims import embedded, full_stack
from tests.servers.redis import Redis

KILLS = 20


@pytest.fixture
def traffic(processes: Processes) -> Iterator[Traffic]:
    with closing(Traffic(processes, seed=20)) as traffic:
        yield traffic


@pytest.mark.timeout(300)
def test_nothing_is_lost_or_doubled_when_worker_and_beat_are_killed(
    processes: Processes, traffic: Traffic, mariadb_url: str, redis_server: Redis
) -> None:
    redis_server.empty()
    victims = full_stack(
        processes, database_url=mariadb_url, redis_url=redis_server.url, youtube_url=traffic.url
    )
    with closing(Books.opened(mariadb_url)) as books:
        proof = KillProof(victims, traffic, books, seed=1, in_the_middle=redis_server.empty)
        survived = proof.run(KILLS)
    assert survived.kills.total() == KILLS
    assert survived.steps.keys() == STEPS.keys()
    assert survived.videos >= 5000
    assert survived.faults > 0


@pytest.mark.timeout(300)
def test_nothing_is_lost_or_doubled_when_the_embedded_service_is_killed(
    processes: Processes, traffic: Traffic, sqlite_url: str
) -> None:
    victims = embedded(processes, database_url=sqlite_url, youtube_url=traffic.url)
    with closing(Books.opened(sqlite_url)) as books:
        survived = KillProof(victims, traffic, books, seed=2).run(KILLS)
    assert survived.kills.total() == KILLS
    assert survived.steps.keys() == STEPS.keys()
    assert survived.videos >= 5000
    assert survived.faults > 0


def test_a_step_that_is_gone_stops_the_proof() -> None:
    gone = Step("app.ingest.claims", "Claims.of_yesterday", after=True)
    with pytest.raises(NoSuchStepError, match="of_yesterday"):
        wrap({"gone": gone})
