"""Over HTTP: what every watch excludes is in no feed, and comes back when a watch wants it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from app.domain.intake import Finding
from app.domain.videos import LiveState, Source
from app.domain.watches import UNDO_WINDOW
from tests.contract.web.conftest import NOW, VIDEOS, video

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from app.bootstrap import Services
    from app.domain.videos import Video

LONG, SHORT = (
    replace(
        video(number),
        title="Sailing",
        live=LiveState.NONE,
        duration_seconds=seconds,
        published_at=NOW,
    )
    for number, seconds in ((200, 600), (202, 60))
)
WITHOUT_SHORTS = {"keyword": "sailing", "filters": {"shorts": "without"}}
ALL_FEEDS = (
    *("/videos?limit=100", "/videos?q=sailing", f"/channels/{SHORT.channel_id}/videos?limit=100"),
    *(f"/videos?channel_id={SHORT.channel_id}&limit=100", "/videos?min_duration=60&limit=100"),
)


def watch_sailing(client: FlaskClient, services: Services, *watch_ids: int) -> str:
    """Has a watch that wants no Shorts find a Short and a longer video; other watches, too."""
    made = client.post("/watches", json=WITHOUT_SHORTS)
    finders = (*watch_ids, made.get_json()["watch_id"])
    findings = [Finding(each, Source.SEARCH, w) for each in (LONG, SHORT) for w in finders]
    services.store.write(lambda t: t.record(findings, NOW))
    return made.headers["Location"]


def settle(services: Services) -> None:
    """Lets ticks apply what changed, without a source."""
    while services.store.read(lambda t: t.watches.has_upkeep(NOW)):
        services.ingest.tick(limit=0)


def feeds_with(client: FlaskClient, told: Video) -> list[str]:
    return [path for path in ALL_FEEDS if told.video_id in client.get(path).get_data(as_text=True)]


def told_since(client: FlaskClient, place: str) -> dict[str, str]:
    body = client.get(f"/changes?after={place}&limit=100").get_json()
    ops = {"put": lambda it: it["video"]["video_id"], "delete": lambda it: it["video_id"]}
    return {ops[each["op"]](each): each["op"] for each in body["changes"]}


def place_now(client: FlaskClient) -> str:
    place = "0"
    while (body := client.get(f"/changes?after={place}&limit=100").get_json())["more"]:
        place = body["next_after"]
    return str(body["next_after"])


def test_a_short_that_the_only_watch_of_it_does_not_want_is_nowhere(
    client: FlaskClient, services: Services
) -> None:
    place = place_now(client)
    watch_sailing(client, services)
    assert feeds_with(client, SHORT) == []
    assert LONG.video_id in client.get("/feed.atom").get_data(as_text=True)
    assert SHORT.video_id not in client.get("/feed.atom").get_data(as_text=True)
    assert client.get(f"/videos/{SHORT.video_id}").status_code == 404
    assert client.get("/videos").get_json()["total"] == VIDEOS + 1
    assert told_since(client, place) == {LONG.video_id: "put"}


def test_other_filters_bring_it_to_readers_and_take_it_from_them(
    client: FlaskClient, services: Services
) -> None:
    watch = watch_sailing(client, services)
    assert client.get("/videos").get_json()["total"] == VIDEOS + 1  # the head is kept from here
    for shorts, op, shown in (("any", "put", True), ("without", "delete", False)):
        place = place_now(client)
        client.patch(watch, json={"filters": {"shorts": shorts}})
        settle(services)
        assert feeds_with(client, SHORT) == (list(ALL_FEEDS) if shown else [])
        assert client.get("/videos").get_json()["total"] == VIDEOS + 1 + shown
        assert (client.get(f"/videos/{SHORT.video_id}").status_code == 200) is shown
        assert told_since(client, place) == {SHORT.video_id: op}


def test_a_short_that_another_watch_wants_is_shown_as_its_video(
    client: FlaskClient, services: Services
) -> None:
    watch = watch_sailing(client, services, 1)
    assert feeds_with(client, SHORT) == list(ALL_FEEDS)
    assert client.get(f"/videos/{SHORT.video_id}").get_json()["watches"] == [1]
    assert SHORT.video_id not in client.get(f"{watch}/videos").get_data(as_text=True)
    assert client.delete("/watches/1").status_code == 204
    services.store.write(lambda t: t.withdraw(100, NOW + UNDO_WINDOW))
    services.ingest.tick(limit=0)
    assert feeds_with(client, SHORT) == []
