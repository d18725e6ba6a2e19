from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from app.domain.errors import InvalidMemberError, StoreUnavailableError, TooManyWebhooksError
from app.domain.webhooks import Pause
from app.webhooks.keeping import DeliveryPage
from tests.unit.web.dashboards import send, shown, words
from tests.unit.web.fakes import AT

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from app.domain.errors import NewsreelError
    from tests.unit.web.fakes import MemoryServices

PATH = "/dashboard/webhooks"
URL = "https://receiver.example/in?key=1"


def test_a_webhook_is_shown_with_its_watch_state_and_last_delivery(client: FlaskClient) -> None:
    told = words(shown(client, PATH))
    assert "https://example.org/in active Webhook 1, new videos of News ." in told
    assert "Last delivery just now : failed HTTP 500 , 2 videos." in told


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({"paused": Pause.BY_HAND, "paused_at": AT}, "paused Webhook 1"),
        ({"paused": Pause.FAILING, "paused_at": AT}, "It failed for three days."),
        ({"paused": Pause.GONE, "paused_at": AT}, "Its receiver answered 410"),
        ({"failing_since": AT, "failures": 1}, "1 try in vain"),
        ({"failing_since": AT, "failures": 9}, "failing Webhook 1"),
        ({"watch_id": None}, "new videos of all watches"),
        ({"watch_id": 9}, "new videos of a removed watch"),
    ],
)
def test_how_a_webhook_is_doing_is_told(
    client: FlaskClient, services: MemoryServices, changes: dict[str, object], state: str
) -> None:
    hook = services.webhooks.webhook
    services.webhooks.webhook = replace(hook, **changes)  # type: ignore[arg-type]  # its fields
    html = shown(client, PATH)
    assert state in words(html)
    assert ("Resume" in html) is ("paused" in changes)


@pytest.mark.parametrize(("watch", "watch_id"), [("", None), ("1", 1)])
def test_the_secret_of_a_new_webhook_is_shown_once(
    client: FlaskClient, services: MemoryServices, watch: str, watch_id: int | None
) -> None:
    added = send(client, PATH, PATH, url=f" {URL} ", watch=watch)
    assert (added.status_code, added.headers["Cache-Control"]) == (201, "no-store")
    assert "nws_secret" in added.get_data(as_text=True)
    assert services.webhooks.asked[-2] == ("add", URL, watch_id)
    assert "nws_secret" not in shown(client, PATH)
    assert "nws_secret" not in shown(client, f"{PATH}?webhook=1")


def test_a_new_secret_is_shown_once_with_how_long_the_last_one_signs(
    client: FlaskClient, services: MemoryServices
) -> None:
    until = AT + timedelta(days=1)
    services.webhooks.webhook = replace(services.webhooks.webhook, previous_until=until)
    rotated = send(client, PATH, f"{PATH}/1/rotate")
    assert (rotated.status_code, rotated.headers["Cache-Control"]) == (200, "no-store")
    assert services.webhooks.asked[-2] == ("rotate", 1, timedelta(hours=24))
    html = rotated.get_data(as_text=True)
    assert "nws_secret" in html
    assert "Until 3 Jan 2026, 18:00 UTC they are signed with the last one, too." in words(html)


@pytest.mark.parametrize(
    ("act", "asked"),
    [
        ("pause", ("change", 1, None, True)),
        ("resume", ("change", 1, None, False)),
        ("remove", ("remove", 1)),
    ],
)
def test_a_person_pauses_resumes_and_removes(
    client: FlaskClient, services: MemoryServices, act: str, asked: tuple[object, ...]
) -> None:
    done = send(client, PATH, f"{PATH}/1/{act}")
    assert (done.status_code, done.headers["Location"]) == (303, PATH)
    assert services.webhooks.asked[-1] == asked


@pytest.mark.parametrize(
    ("refusal", "status", "told"),
    [
        (InvalidMemberError("must be https", "url"), 400, "This URL must be https."),
        (InvalidMemberError("there is no watch 1", "watch_id"), 400, "there is no watch 1"),
        (TooManyWebhooksError("there are 100 webhooks"), 409, "there are 100 webhooks"),
    ],
)
def test_what_hinders_an_addition_is_told_beside_what_was_filled_in(
    client: FlaskClient, services: MemoryServices, refusal: NewsreelError, status: int, told: str
) -> None:
    services.webhooks.refusal = refusal
    refused = send(client, PATH, PATH, url='x"><script>', watch="1")
    html = refused.get_data(as_text=True)
    assert refused.status_code == status
    assert f'role="alert">{told}' in html
    assert 'value="x&#34;&gt;&lt;script&gt;"' in html
    assert '<option value="1" selected>' in html


@pytest.mark.parametrize("watch", ["x", "-1", "\u0661", "9" * 20])
def test_what_can_be_no_watch_is_refused_in_the_page(client: FlaskClient, watch: str) -> None:
    refused = send(client, PATH, PATH, url=URL, watch=watch)
    assert refused.status_code == 400
    assert "there is no such watch" in refused.get_data(as_text=True)


@pytest.mark.parametrize("form", [{}, {"url": URL}, {"url": URL, "watch": "1", "more": "1"}])
def test_only_the_form_of_the_page_is_read(
    client: FlaskClient, services: MemoryServices, form: dict[str, str]
) -> None:
    assert send(client, PATH, PATH, **form).status_code == 400
    assert not [asked for asked in services.webhooks.asked if asked[0] == "add"]


@pytest.mark.parametrize("act", ["pause", "resume", "rotate", "remove"])
@pytest.mark.parametrize("webhook_id", ["2", "0", "x", "9" * 20])
def test_a_webhook_that_is_not_there_is_told_in_a_page(
    client: FlaskClient, act: str, webhook_id: str
) -> None:
    gone = send(client, PATH, f"{PATH}/{webhook_id}/{act}")
    assert gone.status_code == 404
    assert gone.content_type.startswith("text/html")


def test_the_deliveries_of_one_are_shown_on_request(
    client: FlaskClient, services: MemoryServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "8d1f0c7b" not in shown(client, PATH)
    told = words(shown(client, f"{PATH}?webhook=1"))
    assert "Deliveries of webhook 1" in told
    assert "2 Jan 2026, 18:00 UTC failed HTTP 500 , 2 videos 500 0.0 s 8d1f0c7b" in told
    page = DeliveryPage((services.webhooks.delivery,), 101)
    monkeypatch.setattr(services.webhooks, "deliveries", lambda _id, _number, _length: page)
    html = shown(client, f"{PATH}?webhook=1&page=2")
    assert re.findall(r'href="([^"]+)" rel="(next|prev)"', html) == [
        (f"{PATH}?page=1&amp;webhook=1", "prev"),
        (f"{PATH}?page=3&amp;webhook=1", "next"),
    ]
    page = DeliveryPage((services.webhooks.delivery,), 100)
    assert 'rel="next"' not in shown(client, f"{PATH}?webhook=1&page=2")


def test_the_deliveries_of_a_webhook_that_is_not_there_are_told_in_a_page(
    client: FlaskClient,
) -> None:
    assert client.get(f"{PATH}?webhook=2").status_code == 404
    assert client.get(f"{PATH}?webhook=x").status_code == 400


def test_without_a_database_people_are_told_in_a_page(
    client: FlaskClient, services: MemoryServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_number: int, _length: int) -> None:
        raise StoreUnavailableError("db-17 refused")

    monkeypatch.setattr(services.webhooks, "page", away)
    refused = client.get(PATH)
    assert refused.status_code == 503
    assert "db-17" not in refused.get_data(as_text=True)
