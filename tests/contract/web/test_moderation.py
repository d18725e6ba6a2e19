"""Over HTTP: what a moderator hides is nowhere any more, and comes back."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from app.auth.scopes import Scope
from app.domain.intake import Finding
from app.domain.videos import Source
from tests.contract.web.access_scene import STRANGER, open_site
from tests.contract.web.conftest import NOW, VIDEOS, video

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from app.bootstrap import Services

SHOWN = video(0)  # the newest; the watch `news` found it
PATH = f"/videos/{SHOWN.video_id}"
FEEDS = (
    *("/videos?limit=100", "/watches/1/videos", "/videos?keyword=news", "/videos?q=née&limit=100"),
    *(f"/videos?channel_id={SHOWN.channel_id}", f"/channels/{SHOWN.channel_id}/videos?limit=50"),
    *("/feed.atom", "/feed.json", "/feed.atom?watch=1", "/feed.json?watch=1"),
    *("/videos?sort=oldest&page=2&limit=100", "/videos?published_after=2026-01-02T18:00:00Z"),
)


def feeds_with_it(client: FlaskClient) -> list[str]:
    return [path for path in FEEDS if SHOWN.video_id in client.get(path).get_data(as_text=True)]


def counts(client: FlaskClient) -> tuple[int, int, int]:
    """How many there are in all, of the watch, and of those, by the hour."""
    by_hour = client.get("/stats?watch=1").get_json()
    return (
        client.get("/videos").get_json()["total"],
        client.get("/watches/1").get_json()["videos"],
        sum(hour["videos"] for hour in by_hour["counts"]),
    )


def changes(client: FlaskClient, place: int) -> list[tuple[str, str]]:
    told = client.get(f"/changes?after={place}&limit=100").get_json()["changes"]
    return [(it["op"], it.get("video_id") or it["video"]["video_id"]) for it in told]


def test_a_hidden_video_is_in_no_feed_or_count_and_comes_back(
    client: FlaskClient, services: Services
) -> None:
    services.store.write(lambda t: t.watches.note_access(1, NOW, NOW))  # its head is published
    assert feeds_with_it(client) == list(FEEDS)
    total, of_watch, of_hours = counts(client)
    assert total == VIDEOS
    for hidden in (True, False):
        place = int(client.get("/videos").headers["ETag"].strip('"').split("-")[0])
        for _ in range(2):  # asking twice is asking once
            answer = client.patch(PATH, json={"hidden": hidden, "note": "why"})
            body = answer.get_json()
            assert (answer.status_code, body["hidden"]) == (200, hidden)
            assert body["video"]["video_id"] == SHOWN.video_id
        assert feeds_with_it(client) == ([] if hidden else list(FEEDS))
        assert client.get(PATH).status_code == (404 if hidden else 200)
        assert counts(client) == (total - hidden, of_watch - hidden, of_hours - hidden)
        assert changes(client, place) == [("delete" if hidden else "put", SHOWN.video_id)]
    told = client.get(f"/audit?subject=video:{SHOWN.video_id}").get_json()["items"]
    assert [it["action"] for it in told] == ["video_shown", "video_hidden"]
    assert services.moderation.list_hidden() == []


def test_a_webhook_is_not_told_of_what_was_hidden_meanwhile(
    client: FlaskClient, services: Services
) -> None:
    seq = services.store.read(lambda t: t.feed.version(services.feed.resolve_watch(1)))
    hook = services.store.write(lambda t: t.webhooks.add(1, "https://example.org/", "s", seq, NOW))
    new = [video(VIDEOS + 1), video(VIDEOS + 2)]
    services.store.write(lambda t: t.record([Finding(each, Source.SEARCH, 1) for each in new], NOW))
    client.patch(f"/videos/{new[0].video_id}", json={"hidden": True})
    arrived = services.store.read(lambda t: t.webhooks.arrivals(hook, 50))
    assert [it.video.video_id for it in arrived.videos] == [new[1].video_id]


def test_a_note_is_kept_until_another_one_is_given(client: FlaskClient) -> None:
    notes = [
        client.patch(PATH, json={"hidden": True, **note}).get_json()["note"]
        for note in ({}, {"note": "spam"}, {}, {"note": None}, {"note": "fraud"}, {"note": ""})
    ]
    assert notes == ["", "spam", "spam", "spam", "fraud", ""]


def test_a_video_that_is_not_stored_now_can_be_shown_but_not_hidden(
    client: FlaskClient, services: Services
) -> None:
    client.patch(PATH, json={"hidden": True, "note": "spam"})
    services.store.write(lambda t: t.delete([SHOWN.video_id], NOW))
    again = client.patch(PATH, json={"hidden": True}).get_json()
    assert (again["hidden"], again["note"], again["video"]) == (True, "spam", None)
    assert client.patch(PATH, json={"hidden": False}).get_json()["hidden"] is False
    for path in (PATH, "/videos/nope", "/videos/%C3%BCberlang!!"):
        for hidden in (True, False):
            assert client.patch(path, json={"hidden": hidden}).status_code == 404


def test_the_moderator_is_a_client_with_the_scope_and_nobody_else_sees_the_video(
    services: Services, sqlite_url: str
) -> None:
    site = open_site(sqlite_url)
    tokens = site.tokens()
    for scope, token in tokens.items():
        headers = {"Authorization": f"Bearer {token}"}
        answer = site.client.patch(
            PATH, json={"hidden": True}, headers=headers, environ_overrides=STRANGER
        )
        assert answer.status_code == (200 if scope is Scope.VIDEOS_WRITE else 403)
    mark, *_ = services.moderation.list_hidden()
    assert mark.hidden_by.startswith("client:nrc_")
    assert [site.ask(PATH, tokens[it]).status_code for it in (Scope.VIDEOS_READ,)] == [404]
    site.services.close()


@pytest.mark.parametrize("days", [1, 400])
def test_ticks_forget_entries_older_than_a_year(services: Services, days: int) -> None:
    services.moderation.set_hidden(SHOWN.video_id, hidden=True)
    prune = services.store.write
    dropped = prune(lambda t: t.audit.prune(NOW + timedelta(days=days - 365), 10))
    assert bool(dropped) == (days > 365)
