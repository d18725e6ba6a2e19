"""A web process beside one that polls, without Redis between them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from app.bootstrap import Services, build_services
from app.domain.errors import NothingToServeError
from app.domain.feeds import ALL, CacheState, PageRequest
from tests.unit.ingest.rig import Rig, before_noon, make_rig, settings
from tests.unit.ingest.test_service import Outage
from tests.unit.simulator.worlds import video

FIRST = PageRequest(ALL, 10)


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    made = make_rig(tmp_path, before_noon(3), keywords="title")
    made.tick()
    yield made
    made.services.close()


@pytest.fixture
def web(rig: Rig) -> Iterator[Services]:
    own = settings(database_url=rig.database_url)
    services = build_services(own, rig.clock, publishes=False)
    yield services
    services.close()


def test_page_one_is_at_most_a_second_old_without_a_shared_cache(rig: Rig, web: Services) -> None:
    assert len(web.feed.page(FIRST).items) == 3
    assert web.feed.page(FIRST).cache is CacheState.HIT
    rig.publish(video(10, 5))
    rig.run_for(10)
    rig.clock.move(1)
    assert len(web.feed.page(FIRST).items) == 4


def test_a_web_process_tells_once_that_the_database_is_away(rig: Rig, web: Services) -> None:
    outage = Outage(rig)
    web.store.dispose()
    outage.begin()
    with capture_logs() as logs:
        for _ in range(2):
            with pytest.raises(NothingToServeError):
                web.feed.page(FIRST)
            with pytest.raises(NothingToServeError):
                web.feed.video("video000001")
        outage.end()
        rig.clock.move(1)
        web.feed.page(FIRST)
    assert [(log["event"], log["code"]) for log in logs] == [
        ("incident_began", "database_unavailable"),
        ("incident_ended", "database_unavailable"),
    ]
