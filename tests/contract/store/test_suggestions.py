"""What Invidious names, on every database: one turn for many processes, links, what is known."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime

import pytest
from sqlalchemy import select

from app.bootstrap import Services, build_services
from app.domain.feeds import ALL
from app.domain.intake import Finding, LinkReason
from app.domain.videos import Source
from app.domain.watches import ActiveWatch
from app.store.database import Database
from app.store.models import WatchVideoRow
from app.store.store import Store
from app.store.watches import WatchRepository
from tests.contract.store.tellings import VIDEO, add_watch, list_feed, record, video
from tests.unit.ingest.rig import WiredInvidious, WiredYouTube, settings
from tests.unit.simulator import worlds

PROCESSES = 4


@pytest.fixture
def processes(module_url: str, database: Database) -> Iterator[list[Services]]:
    """Services of four processes, without a search call, beside a world of three videos."""
    del database  # wiped
    clock = worlds.SettableClock()
    simulator = worlds.simulator([worlds.video(n, n) for n in range(3)], clock)
    given = settings(
        database_url=module_url, youtube_search_calls_per_day=0, invidious_url="http://i.invalid"
    )
    built = [
        build_services(given, clock, WiredYouTube(simulator), invidious=WiredInvidious(simulator))
        for _ in range(PROCESSES)
    ]
    built[0].watching.add_keyword("title")
    clock.move(10)
    yield built
    for services in built:
        services.close()


def test_processes_that_tick_together_take_a_keyword_once(
    processes: list[Services], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each waits for another that has read the same: in vain if they stand in line."""
    look, together = WatchRepository.list_active, threading.Barrier(2)

    def look_together(watches: WatchRepository, since: datetime) -> list[ActiveWatch]:
        seen = look(watches, since)
        with suppress(threading.BrokenBarrierError):
            together.wait(0.5)
        return seen

    monkeypatch.setattr(WatchRepository, "list_active", look_together)
    with ThreadPoolExecutor(PROCESSES) as pool:
        taken = list(pool.map(lambda services: services.fallback.due(), processes))
    (watch,) = processes[0].watching.list_all()
    assert sorted(taken) == [[], [], [], [watch.watch_id]]


def test_what_was_named_is_linked_with_its_reason_and_source(
    processes: list[Services], database: Database, store: Store
) -> None:
    (watch_id,) = processes[0].fallback.due()
    processes[0].fallback.run(watch_id)
    stored = list_feed(store, ALL)
    assert [each.source for each in stored] == [Source.INVIDIOUS] * 3
    with database.connection() as connection:
        reasons = list(connection.execute(select(WatchVideoRow.reason)).scalars())
    assert reasons == ["invidious_search"] * 3


def test_what_a_watch_has_is_known_and_what_others_have_is_not(store: Store) -> None:
    mine, other = add_watch(store).watch_id, add_watch(store, "other").watch_id
    record(store, [video(1)], mine)
    record(store, [video(2)], other)
    record(store, [video(3)])
    doubtful = Finding(video(4), Source.SEARCH, mine, LinkReason.UNMATCHED, uncertain=True)
    store.write(lambda t: t.record([doubtful], VIDEO.published_at))
    asked = [video(n).video_id for n in range(1, 6)] + ["VIDEO-00001"]
    known = store.read(lambda t: t.watches.list_linked(mine, asked))
    assert known == {video(1).video_id, video(4).video_id}
    assert store.read(lambda t: t.watches.list_linked(mine, [])) == set()
