"""Claims on databases that let transactions run side by side (SQLite lines them up)."""

from collections.abc import Iterator
from threading import Barrier, Thread

import pytest

from app.bootstrap import Services, build_services
from app.domain.watches import Claim
from tests.unit.ingest.rig import ScriptedSource, settings
from tests.unit.simulator.worlds import SettableClock

WATCHES = 12
TICKERS = 6
ROUNDS = 5


@pytest.fixture(params=["mariadb", "postgresql"])
def tickers(request: pytest.FixtureRequest) -> Iterator[tuple[SettableClock, list[Services]]]:
    url = str(request.getfixturevalue(f"{request.param}_url"))
    clock = SettableClock()
    made = [
        build_services(settings(database_url=url), clock, ScriptedSource([]))
        for _ in range(TICKERS)
    ]
    made[0].store.migrate()
    for number in range(WATCHES):
        made[0].watching.add_keyword(f"word {number}")
    yield clock, made
    for services in made:
        services.close()


def test_tickers_that_race_give_each_watch_out_once(
    tickers: tuple[SettableClock, list[Services]],
) -> None:
    clock, services = tickers
    given_out = [list[Claim]() for _ in range(ROUNDS)]
    start, end = Barrier(TICKERS), Barrier(TICKERS, action=lambda: clock.move(30))

    def tick(own: Services) -> None:
        for round_ in range(ROUNDS):
            start.wait(30)
            given_out[round_] += own.ingest.tick()
            end.wait(30)

    threads = [Thread(target=tick, args=(own,)) for own in services]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for round_, claims in enumerate(given_out):
        assert sorted(claim.watch_id for claim in claims) == list(range(1, WATCHES + 1))
        assert {claim.fence for claim in claims} == {round_ + 1}
