from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from app.domain.errors import InvalidMemberError, StoreUnavailableError
from app.domain.filters import Exclusion, Filters
from app.domain.follows import Follow, Yield
from app.domain.videos import Detail, LiveState, Video
from app.domain.watches import Problem, WatchKind
from app.ingest.filter_preview import FilterPreview
from app.web.dashboard.watch_form import fields_of
from tests.unit.web.fakes import AT, NEWS

if TYPE_CHECKING:
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from tests.unit.web.fakes import MemoryServices

PATH = "/dashboard/watches/1"
CHANNEL = "UC0123456789012345678901"
EVIL = "</textarea><script>alert(1)</script>\"'"


def video(number: int, title: str = "A title") -> Video:
    return Video(
        video_id=f"video-{number:05}",
        title=title,
        description="",
        published_at=AT,
        channel_id=CHANNEL,
        channel_title="A <i>channel</i>",
        detail=Detail.FULL,
        duration_seconds=61,
    )


def shown(client: FlaskClient, query: str = "") -> str:
    return client.get(f"{PATH}{query}").get_data(as_text=True)


def send(client: FlaskClient, path: str = PATH, **form: str) -> TestResponse:
    token = re.search(r'name="csrf_token" value="(\w+)"', shown(client))
    assert token is not None
    return client.post(path, data={"csrf_token": token[1], **form})


def test_a_watch_is_shown_with_its_form_as_it_is(
    client: FlaskClient, services: MemoryServices
) -> None:
    services.watching.watch = replace(
        NEWS,
        weight=2.5,
        filters=Filters(
            exclude_words=("a, b", "c"), min_duration_seconds=90, live=(LiveState.LIVE,)
        ),
    )
    html = shown(client)
    assert re.search(r'name="weight" value="2.5"', html)
    assert re.search(r"<textarea name=\"exclude_words\"[^>]*>\na, b\nc</textarea>", html)
    assert re.search(r'name="shortest" value="1:30"', html)
    assert re.search(r'name="live_live" value="yes" checked', html)
    assert not re.search(r'name="live_none" value="yes" checked', html)
    assert "7</data>" in html


def test_the_page_says_what_the_typed_filters_would_do_and_saves_nothing(
    client: FlaskClient, services: MemoryServices
) -> None:
    services.filter_previews.answer = FilterPreview(
        judged=500,
        is_whole=False,
        passing=480,
        excluded={Exclusion.MIN_DURATION: 20},
        dropped=12,
        restored=1,
        dropping=((video(1, "Dropped & gone"), Exclusion.MIN_DURATION),),
        restoring=(video(2, ""),),
    )
    html = shown(client, "?shortest=2:00&exclude_words=a%0Ab")
    filters = Filters(min_duration_seconds=120, exclude_words=("a", "b"))
    assert services.filter_previews.asked == [(1, filters)]
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", html))
    for told in (
        "480 of its newest 500 videos pass",
        "20 kept out: too short",
        "12 would leave the feed",
        "Dropped &amp; gone",
        "and 11 more",
        "1 would come back",
        "video-00002",
        "A &lt;i&gt;channel",
    ):
        assert told in text
    assert re.search(r'name="shortest" value="2:00"', html)
    assert services.watching.asked == []


def test_what_is_typed_and_cannot_be_is_told_in_place_of_the_preview(
    client: FlaskClient, services: MemoryServices
) -> None:
    answer = client.get(f"{PATH}?shortest=soon&label=x")
    html = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert services.filter_previews.asked == []
    assert 'aria-invalid="true"' in html
    assert html.count("as in 90 or 1:30") == 2
    assert re.search(r'name="shortest" value="soon"', html)


def test_saving_changes_what_was_changed_and_leads_back(
    client: FlaskClient, services: MemoryServices
) -> None:
    done = send(client, **{**fields_of(NEWS), "exclude_words": "boat"})
    assert (done.status_code, done.headers["Location"]) == (303, f"{PATH}?saved=yes")
    assert services.watching.asked == [("change", 1, {"filters": Filters(exclude_words=("boat",))})]
    assert len(services.watching.actors) == 1
    assert "Saved." in shown(client, "?saved=yes")
    services.watching.watch = replace(NEWS, refiltering=True)
    assert "being applied" in shown(client, "?saved=yes")


def test_what_cannot_be_saved_is_told_beside_what_was_typed(
    client: FlaskClient, services: MemoryServices
) -> None:
    refused = send(client, label=EVIL, weight="x", include_words=EVIL)
    html = refused.get_data(as_text=True)
    assert refused.status_code == 400
    assert "as in 2 or 0.5" in html
    assert "<script>alert" not in html
    assert html.count("&lt;/textarea&gt;&lt;script&gt;") >= 2
    assert services.watching.asked == []


def test_what_only_this_installation_refuses_stands_beside_its_field_too(
    client: FlaskClient, services: MemoryServices
) -> None:
    services.watching.refusal = InvalidMemberError("no less than a tick", "min_interval_seconds")
    refused = send(client, **{**fields_of(NEWS), "min_interval": "5"})
    assert refused.status_code == 400
    assert 'id="wrong-min_interval">no less than a tick' in refused.get_data(as_text=True)


@pytest.mark.parametrize(
    "form", [{"more": "x"}, {"csrf_token": "x"}, {"label": "a", "filters": "{}"}]
)
def test_only_the_form_of_the_page_is_saved(
    client: FlaskClient, services: MemoryServices, form: dict[str, str]
) -> None:
    assert send(client, **form).status_code in (400, 403)
    assert services.watching.asked == []


def test_a_field_that_is_repeated_is_refused(client: FlaskClient, services: MemoryServices) -> None:
    token = re.search(r'name="csrf_token" value="(\w+)"', shown(client))
    assert token is not None
    fields = f"csrf_token={token[1]}&label=a&label=b"
    sent = client.post(PATH, data=fields, content_type="application/x-www-form-urlencoded")
    assert sent.status_code == 400
    assert services.watching.asked == []


@pytest.mark.parametrize("query", ["?page=1", "?label=a&label=b", "?saved=no", "?csrf_token=x"])
def test_a_preview_takes_the_fields_of_the_form_alone(client: FlaskClient, query: str) -> None:
    assert client.get(PATH + query).status_code == 400


@pytest.mark.parametrize("watch_id", ["2", "0", "01", "x", "9" * 20])
def test_a_watch_that_is_not_there_is_told_in_a_page(client: FlaskClient, watch_id: str) -> None:
    path = f"/dashboard/watches/{watch_id}"
    for gone in (client.get(path), send(client, path, label="a")):
        assert gone.status_code == 404
        assert gone.content_type.startswith("text/html")


def test_the_token_is_in_no_address(client: FlaskClient) -> None:
    """The form of the page is sent by GET; only the button that saves has the token."""
    html = shown(client)
    [form] = re.findall(r'<form class="editing".*?</form>', html, re.DOTALL)
    assert form.count("csrf_token") == 1
    assert '<button class="primary" formmethod="post" name="csrf_token"' in form


def test_a_channel_has_the_fields_that_mean_something_for_it(
    client: FlaskClient, services: MemoryServices
) -> None:
    services.watching.watch = replace(NEWS, kind=WatchKind.CHANNEL, term=CHANNEL)
    html = shown(client)
    for name in ("weight", "region", "language", "follow"):
        assert f'name="{name}"' not in html
    assert 'name="exclude_words"' in html


def test_followed_channels_and_trouble_are_shown_as_text(
    client: FlaskClient, services: MemoryServices
) -> None:
    services.watching.follows = [Follow(Yield(1, CHANNEL, "<b>Sea</b>", 12, AT), AT)]
    services.watching.watch = replace(NEWS, last_error=Problem("gone", AT, "<script>"))
    html = shown(client)
    assert "&lt;b&gt;Sea&lt;/b&gt;" in html
    assert f'href="https://www.youtube.com/channel/{CHANNEL}"' in html
    assert "Remove the watch if the channel is closed for good." in html
    assert "&lt;script&gt;" in html


def test_without_a_database_people_are_told_in_a_page(
    client: FlaskClient, services: MemoryServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_watch_id: int) -> None:
        raise StoreUnavailableError("db-17.internal refused")

    monkeypatch.setattr(services.watching, "get", away)
    refused = client.get(PATH)
    assert refused.status_code == 503
    assert "db-17" not in refused.get_data(as_text=True)


def test_the_page_works_below_a_prefix(client: FlaskClient) -> None:
    html = client.get(PATH, environ_overrides={"SCRIPT_NAME": "/newsreel"}).get_data(as_text=True)
    addresses = re.findall(r'(?:href|action|hx-get|src)="(/[^"]*)"', html)
    assert addresses
    assert [it for it in addresses if not it.startswith("/newsreel/")] == []
