"""Eight kills of the embedded service; `make prove` makes it two hundred, and visits every step.

Apart from test_kills.py, so that both can run at once.
"""

from contextlib import closing

import pytest

from tests.processes import Processes
from tests.proofs.audit import Books
from tests.proofs.failpoints import STEPS
from tests.proofs.kills import KillProof
from tests.proofs.traffic import Traffic
from tests.proofs.victims import embedded

KILLS = 8


@pytest.mark.timeout(300)
def test_nothing_is_lost_or_doubled_when_the_embedded_service_is_killed(
    processes: Processes, traffic: Traffic, sqlite_url: str
) -> None:
    victims = embedded(processes, database_url=sqlite_url, youtube_url=traffic.url)
    with closing(Books.opened(sqlite_url)) as books:
        survived = KillProof(victims, traffic, books, seed=2).run(KILLS)
    assert survived.kills.total() == KILLS
    assert survived.steps.keys() <= STEPS.keys()
    assert survived.steps.total() == 6
    assert survived.videos >= 5000
    assert survived.faults > 0
