"""What ticks do for watches that changed, and what readers see of it meanwhile."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from app.domain.errors import NotFoundError, TooManyWatchesError
from app.domain.filters import Filters
from app.domain.intake import Recorded
from app.domain.watches import UNDO_WINDOW
from app.ingest import upkeep, watching
from app.store.store import Transaction
from app.web.factory import create_app
from simulator.video import Event
from tests.unit.ingest.rig import Rig, before_noon
from tests.unit.simulator.worlds import video as simulated

NewRig = Callable[..., Rig]

VIDEOS = 23
ALL_EXCLUDED = Filters(min_duration_seconds=100_000)


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "BATCH_LINKS", 4)
    monkeypatch.setattr(upkeep, "BATCHES_PER_TICK", 2)


@pytest.fixture
def rig(new_rig: NewRig) -> Rig:
    """A watch with VIDEOS videos, and calls so few that it is not polled again soon."""
    rig = new_rig(before_noon(VIDEOS), youtube_search_calls_per_day=100)
    rig.watch()
    rig.tick()
    assert len(rig.known()) == VIDEOS
    return rig


@pytest.fixture
def client(rig: Rig) -> FlaskClient:
    return create_app(rig.services, trusts_this_machine=True).test_client()


def total(client: FlaskClient) -> int:
    """How many videos the watch has; nobody else found any, so the feed of all has as many."""
    of_watch = client.get("/watches/1/videos").get_json()["total"]
    assert client.get("/videos").get_json()["total"] == of_watch
    return int(of_watch)


def test_a_tick_does_a_bounded_piece_and_the_next_goes_on(rig: Rig, client: FlaskClient) -> None:
    assert total(client) == VIDEOS
    rig.services.watching.change(1, {"filters": ALL_EXCLUDED})
    seen = []
    while client.get("/watches/1").get_json()["refiltering"]:
        rig.tick()
        rig.clock.move(1)  # for so long a kept page may be shown
        seen.append(total(client))
    assert seen == [15, 7, 0]
    assert client.get("/videos").get_json()["total"] == 0


def test_a_first_page_that_was_kept_follows_its_feed(rig: Rig, client: FlaskClient) -> None:
    before = client.get("/videos?watch=1&limit=5")
    assert client.get("/videos?watch=1&limit=5").headers["X-Cache"] == "hit"
    rig.services.watching.change(1, {"filters": ALL_EXCLUDED})
    for _ in range(3):
        rig.tick()
    after = client.get("/videos?watch=1&limit=5", headers={"If-None-Match": before.headers["ETag"]})
    assert (after.status_code, after.get_json()["items"]) == (200, [])


def test_a_process_that_dies_between_batches_leaves_the_rest_to_others(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches = 0
    refilter = Transaction.refilter

    def dies(self: Transaction, *arguments: object) -> Recorded | None:
        nonlocal batches
        batches += 1
        recorded = refilter(self, *arguments)  # type: ignore[arg-type]  # as given
        if batches == 2:
            raise KeyboardInterrupt  # before the commit
        return recorded

    rig.services.watching.change(1, {"filters": ALL_EXCLUDED})
    monkeypatch.setattr(Transaction, "refilter", dies)
    with pytest.raises(KeyboardInterrupt):
        rig.tick()
    monkeypatch.undo()
    assert rig.services.watching.get(1)[1] == VIDEOS - 4
    other = rig.another()
    for _ in range(20):
        other.ingest.tick()
    watch, videos = other.watching.get(1)
    assert (watch.refiltering, videos) == (False, 0)
    other.close()


def test_a_removed_watch_is_not_found_at_once_and_its_videos_go_tick_by_tick(
    rig: Rig, client: FlaskClient
) -> None:
    paths = ("/watches/1", "/watches/1/videos", "/videos?watch=1", "/feed.atom?watch=1")
    for _ in range(2):
        assert [client.get(path).status_code for path in paths] == [200] * 4
    assert client.delete("/watches/1").status_code == 204
    assert [client.get(path).status_code for path in paths] == [404] * 4
    again = client.post("/watches", json={"keyword": "title", "paused": True})
    assert (again.status_code, again.get_json()["videos"]) == (201, 0)
    rig.tick()
    assert client.get("/videos").get_json()["total"] == VIDEOS, "it can still be brought back"
    rig.clock.at += UNDO_WINDOW
    left: list[int] = []
    while not left or left[-1]:
        rig.tick()
        left.append(client.get("/videos").get_json()["total"])
    assert left == [15, 7, 0]
    changes = client.get("/changes?limit=100").get_json()["changes"]
    assert changes == []
    rig.tick()
    assert rig.services.store.read(lambda t: t.watches.has_upkeep(rig.clock())) is False


def test_a_watch_removed_by_another_process_is_gone_with_the_next_tick(
    rig: Rig, client: FlaskClient
) -> None:
    for _ in range(2):  # the second one from memory
        assert total(client) == VIDEOS
    other = rig.another()
    other.watching.remove(1)
    other.close()
    rig.tick()
    assert client.get("/watches/1/videos").status_code == 404
    assert client.get("/videos?watch=1").status_code == 404


def test_a_poll_under_way_for_a_removed_watch_stores_nothing_more(new_rig: NewRig) -> None:
    rig = new_rig(before_noon(3))
    watch = rig.watch()
    [claim] = rig.services.ingest.tick()
    rig.youtube.wire.before_each = lambda call: (
        rig.services.watching.remove(watch.watch_id) if call.method == "search" else None
    )
    rig.services.ingest.run(claim)
    rig.youtube.wire.before_each = lambda _: None
    rig.tick()
    assert rig.known() == []


def test_a_watch_comes_back_with_its_feed_at_once_and_no_client_goes_back(
    rig: Rig, client: FlaskClient
) -> None:
    path = "/videos?watch=1&limit=5"
    before = client.get(path)
    place = client.get("/changes?limit=100").get_json()["next_after"]
    rig.services.watching.remove(1)
    assert client.get(path).status_code == 404
    rig.run_for(180, every=60)
    assert client.get(path).status_code == 404
    restored = rig.services.watching.restore(1)
    assert restored.watch_id == 1
    after = client.get(path)
    assert (after.data, after.headers["ETag"]) == (before.data, before.headers["ETag"])
    known = {"If-None-Match": before.headers["ETag"]}
    assert client.get(path, headers=known).status_code == 304
    assert client.get("/watches/1").get_json()["videos"] == VIDEOS
    assert client.get(f"/changes?after={place}").get_json()["changes"] == []
    rig.run_for(600, every=60)
    assert total(client) == VIDEOS


def test_a_tick_that_comes_late_takes_nothing_from_who_was_in_time(
    rig: Rig, client: FlaskClient
) -> None:
    rig.services.watching.remove(1)
    rig.clock.at += UNDO_WINDOW - timedelta(seconds=1)
    rig.services.watching.restore(1)
    rig.clock.at += UNDO_WINDOW
    rig.tick()
    assert total(client) == VIDEOS
    rig.services.watching.remove(1)
    rig.clock.at += UNDO_WINDOW  # no tick came meanwhile
    with pytest.raises(NotFoundError):
        rig.services.watching.restore(1)
    assert rig.services.watching.removed() == []


def test_a_poll_after_the_return_reads_what_was_published_meanwhile(new_rig: NewRig) -> None:
    rig = new_rig(before_noon(3))
    rig.watch()
    rig.run_for(30)
    rig.services.watching.remove(1)
    published = simulated(7, 60)
    rig.publish(Event(published.added_at, published))
    rig.run_for(120)
    rig.services.watching.restore(1)
    rig.run_for(30)
    assert rig.services.watching.get(1)[1] == 4


def test_bringing_one_back_makes_no_more_watches_than_there_can_be(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "MAX_WATCHES", 3)
    rig.services.watching.remove(1)
    for number in range(3):
        rig.watch(f"word {number}")
    with pytest.raises(TooManyWatchesError):
        rig.services.watching.restore(1)
    assert [it.watch_id for it in rig.services.watching.removed()] == [1]
