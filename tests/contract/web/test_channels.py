"""Any channel's newest over HTTP and a real database: watched, stored, glanced."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from app.bootstrap import Services, build_services
from app.domain.errors import StoreUnavailableError
from app.domain.feeds import ALL
from app.domain.filters import Filters
from app.domain.glances import Glance
from app.domain.intake import Finding
from app.domain.videos import Source
from app.domain.watches import Problem
from app.settings import Settings
from app.web.factory import create_app
from tests.contract.store.tellings import count_glances
from tests.contract.web.conftest import CHANNEL, NOW, VIDEOS, newest_first, video

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pytest
    from flask.testing import FlaskClient

    from app.domain.videos import Video
    from app.store.store import Transaction

STRANGE = "UC2123456789012345678901"
OF_CHANNEL = [name for name in newest_first() if name[0] == "B"]
PATH = f"/channels/{CHANNEL}/videos"


def strange(number: int) -> Video:
    return replace(
        video(number),
        video_id=f"strange{number:04}",
        title=f"Regatta {number}",
        channel_id=STRANGE,
        published_at=NOW - timedelta(seconds=number),
    )


def glance(services: Services, videos: Sequence[Video], channel_id: str = STRANGE) -> None:
    seen = Glance(
        channel_id=channel_id,
        wanted=0,
        next_try_at=NOW,
        last_accessed_at=NOW,
        fetched_at=NOW,
        reach=50,
        source=Source.UPLOADS,
        videos=tuple(videos),
    )
    services.store.write(lambda t: t.glances.want(channel_id, 5, NOW))
    services.store.write(lambda t: t.glances.put(seen))


def watch(services: Services, problem: Problem | None = None, *, polled: bool = True) -> int:
    added, _ = services.watching.add_channel(CHANNEL)
    if polled:
        [claim] = [it for it in services.ingest.tick() if it.watch_id == added.watch_id]
        services.store.write(
            lambda t: t.watches.release(claim, next_due_at=NOW, now=NOW, problem=problem)
        )
    return added.watch_id


def ids(client: FlaskClient, path: str) -> list[str]:
    return [item["video_id"] for item in client.get(path).get_json()["items"]]


def test_a_watched_channel_is_served_as_its_feed_and_wants_no_glance(
    client: FlaskClient, services: Services
) -> None:
    watch(services)
    response = client.get(PATH)
    body = response.get_json()
    assert (response.status_code, body["complete"], body["total"]) == (200, True, len(OF_CHANNEL))
    assert ids(client, PATH) == OF_CHANNEL[:5]
    assert ids(client, body["next"]) == OF_CHANNEL[5:10]
    assert response.headers["ETag"]
    assert count_glances(services.store) == 0


def test_a_watched_channel_that_was_never_read_is_incomplete(
    client: FlaskClient, services: Services
) -> None:
    watch(services, polled=False)
    response = client.get(PATH)
    assert (response.status_code, response.get_json()["complete"]) == (200, False)
    assert response.headers["Retry-After"] == "10"
    assert count_glances(services.store) == 0


def test_a_watched_channel_that_never_was_is_not_found(
    client: FlaskClient, services: Services
) -> None:
    watch(services, Problem("gone", NOW, "nobody"))
    assert client.get(PATH).status_code == 404


def test_a_paused_watch_keeps_nothing_complete(client: FlaskClient, services: Services) -> None:
    number = watch(services)
    assert client.get(PATH).get_json()["complete"] is True
    client.patch(f"/watches/{number}", json={"paused": True})
    assert client.get(PATH).get_json()["complete"] is False
    assert count_glances(services.store) == 1


def test_what_keywords_found_of_a_channel_is_served_meanwhile(
    client: FlaskClient, services: Services
) -> None:
    response = client.get(f"{PATH}?limit=7&page=2")
    body = response.get_json()
    assert (response.status_code, body["complete"]) == (200, False)
    assert [item["video_id"] for item in body["items"]] == OF_CHANNEL[7:14]
    assert count_glances(services.store) == 1


def test_glanced_videos_are_nowhere_else(client: FlaskClient, services: Services) -> None:
    before = client.get("/changes?after=0&limit=1000").get_json()
    version = services.store.read(lambda t: t.feed.version(ALL))
    glance(services, [strange(n) for n in range(30)])
    assert len(ids(client, f"/channels/{STRANGE}/videos?limit=30")) == 30
    assert client.get("/videos").get_json()["total"] == VIDEOS
    assert ids(client, f"/videos?channel_id={STRANGE}") == []
    assert ids(client, "/videos?q=regatta") == []
    assert client.get("/videos/strange0001").status_code == 404
    assert client.get("/changes?after=0&limit=1000").get_json() == before
    assert services.store.read(lambda t: t.feed.version(ALL)) == version
    assert services.store.read(lambda t: t.videos.list_incomplete(100)) == []


def test_a_glanced_item_has_the_fields_of_every_item(
    client: FlaskClient, services: Services
) -> None:
    glance(services, [strange(1)])
    [item] = client.get(f"/channels/{STRANGE}/videos").get_json()["items"]
    stored = client.get("/videos?limit=1").get_json()["items"][0]
    assert list(item) == list(stored)
    assert (item["source"], item["watches"]) == ("uploads", [])
    assert item["fetched_at"] == item["updated_at"] == "2026-01-02T18:00:00Z"


def test_a_video_that_is_stored_is_shown_as_stored_and_a_hidden_one_not_at_all(
    client: FlaskClient, services: Services
) -> None:
    told = [replace(video(n), title="as a stranger saw it") for n in (1, 3, 5)]
    glance(services, told, CHANNEL)
    services.store.write(lambda t: t.set_hidden(video(3).video_id, hidden=True, now=NOW))
    items = client.get(PATH).get_json()["items"]
    assert [item["title"] for item in items] == [video(1).title, video(5).title]
    assert items[0] == client.get(f"/videos/{video(1).video_id}").get_json()


def test_what_a_keywords_filters_exclude_is_in_a_glance_of_its_channel_all_the_same(
    client: FlaskClient, services: Services
) -> None:
    told = video(201)
    services.watching.change(1, {"filters": Filters(exclude_words=("née",))})
    services.store.write(lambda t: t.record([Finding(told, Source.SEARCH, 1)], NOW))
    glance(services, [told], CHANNEL)
    assert client.get(f"/videos/{told.video_id}").status_code == 404
    assert ids(client, PATH) == [told.video_id]


def test_pages_lead_through_a_glance_whole_and_no_further(
    client: FlaskClient, services: Services
) -> None:
    glance(services, [strange(n) for n in range(12)])
    path, met = f"/channels/{STRANGE}/videos", list[str]()
    while path is not None:
        met += ids(client, path)
        path = client.get(path).get_json()["next"]
    assert met == [strange(n).video_id for n in range(12)]
    beyond = client.get(f"/channels/{STRANGE}/videos?page=1000000&limit=100")
    assert beyond.get_json()["items"] == []
    assert beyond.get_json()["complete"] is True


def test_a_fresh_glance_is_answered_without_a_write_but_one_a_minute(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [NOW]
    services = build_services(Settings(database_url=sqlite_url), lambda: now[0])
    services.store.migrate()
    client = create_app(services).test_client()
    glance(services, [strange(1)])
    writes, write = 0, services.store.write

    def count(work: Callable[[Transaction], object]) -> object:
        nonlocal writes
        writes += 1
        return write(work)

    monkeypatch.setattr(services.store, "write", count)
    for _ in range(130):
        assert client.get(f"/channels/{STRANGE}/videos").get_json()["complete"] is True
        now[0] += timedelta(seconds=1)
    assert writes == 2
    services.close()


def test_a_database_that_only_reads_shows_what_is_there(
    client: FlaskClient, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_work: object) -> None:
        raise StoreUnavailableError("full")

    monkeypatch.setattr(services.store, "write", refuse)
    assert client.get(PATH).get_json()["complete"] is False
    assert client.get(f"/channels/{STRANGE}/videos").status_code == 503
