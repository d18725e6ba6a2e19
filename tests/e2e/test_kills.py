"""Eight kills of worker and Beat; `make prove` makes it two hundred, and visits every step."""

from contextlib import closing

import pytest

from tests.processes import Processes
from tests.proofs.audit import Books
from tests.proofs.failpoints import STEPS, NoSuchStepError, Step, wrap
from tests.proofs.kills import KillProof
from tests.proofs.traffic import Traffic
from tests.proofs.victims import full_stack
from tests.servers.redis import Redis

KILLS = 8


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
    assert survived.steps.keys() <= STEPS.keys()
    assert survived.steps.total() == 6
    assert survived.videos >= 5000
    assert survived.faults > 0


def test_a_step_that_is_gone_stops_the_proof() -> None:
    gone = Step("app.ingest.claims", "Claims.of_yesterday", after=True)
    with pytest.raises(NoSuchStepError, match="of_yesterday"):
        wrap({"gone": gone})
