"""The hub over real HTTP: asked by the source, its calls taken by a server of the test."""

import hmac
import json
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from app.domain.errors import BadRequestError, SourceError, ThrottledError, UpstreamError
from app.domain.subscriptions import Mode, Subscription, other_form, topic_of
from app.sources.websub import Callback, Hub, is_signed, parse_push
from tests.contract.sources.wire_server import (
    Answer,
    Handler,
    WireServer,
    endless,
    raw,
    reply,
    reset,
    wire_server,
)
from tests.processes import Processes
from tests.waiting import wait_until

CHANNEL = "UC" + "h" * 22
AT = datetime(2026, 3, 1, tzinfo=UTC)
SECRET = "s3cr3t-of-this-subscription"
ASKED = Subscription(
    token="t" * 43,
    channel_id=CHANNEL,
    secret=SECRET,
    topic=topic_of(CHANNEL),
    mode=Mode.SUBSCRIBE,
    asked_at=AT,
    expires_at=None,
    failing_since=None,
    next_try_at=AT,
)


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    processes = Processes(tmp_path_factory.mktemp("simulator"))
    process = processes.python("simulator", "--port", "0", "--rate", "0")
    line = wait_until(lambda: process.output().partition("\n")[0], claim="the simulator listens")
    yield line.removeprefix("listening on ")
    processes.close()


def _control(simulator: str, **command: object) -> None:
    body = json.dumps(command).encode()
    with urllib.request.urlopen(f"{simulator}/_control", data=body) as answer:
        assert answer.status == 200


@pytest.fixture
def callback() -> Iterator[WireServer]:
    """Confirms everything and keeps what comes."""
    with wire_server(_confirm) as server:
        yield server


def _confirm(handler: Handler) -> None:
    query = parse_qs(urlsplit(handler.path).query)
    body = query.get("hub.challenge", [""])[0].encode()
    reply(body)(handler)


def ask(simulator: str, callback: WireServer, subscription: Subscription) -> None:
    address = Callback(f"{callback.endpoint}websub/{subscription.token}", timedelta(days=5))
    Hub(f"{simulator}/subscribe").ask(subscription, address)


@pytest.mark.parametrize("topic", [ASKED.topic, other_form(ASKED.topic)])
def test_what_is_subscribed_is_confirmed_pushed_edited_and_deleted(
    simulator: str, callback: WireServer, topic: str
) -> None:
    ask(simulator, callback, replace(ASKED, topic=topic))
    wait_until(lambda: callback.requests, claim="the hub asks for confirmation")
    asked = callback.requests[0].parameters
    assert (asked["hub.mode"], asked["hub.topic"]) == ("subscribe", topic)
    assert asked["hub.lease_seconds"] == "432000"
    video_id = f"pushed{int(time.time() * 1000) % 100_000:05}"
    common = {"channel_id": CHANNEL, "channel_title": "Harbour & Radio"}
    _control(simulator, do="publish", title="Tea & toast", video_id=video_id, **common)
    _await(callback, 2)
    _control(simulator, do="edit", video_id=video_id, title="Coffee")
    _await(callback, 3)
    _control(simulator, do="delete", video_id=video_id)
    _await(callback, 4)
    pushes = callback.requests[1:4]
    assert {push.method for push in pushes} == {"POST"}
    for push in pushes:
        assert is_signed(push.body.encode(), push.headers["x-hub-signature"], SECRET)
    told = [parse_push(push.body.encode()) for push in pushes]
    assert [it.video_ids for it in told] == [(video_id,), (video_id,), ()]
    assert [it.deleted_ids for it in told] == [(), (), (video_id,)]
    assert told[0].channel_ids == {CHANNEL}
    ask(simulator, callback, replace(ASKED, topic=topic, mode=Mode.UNSUBSCRIBE))
    _await(callback, 5)
    assert callback.requests[4].parameters["hub.mode"] == "unsubscribe"


def _await(callback: WireServer, count: int) -> None:
    wait_until(lambda: len(callback.requests) >= count, claim=f"call {count} of the hub")


def test_a_hub_in_trouble_says_how_long_to_wait() -> None:
    busy = refused(reply(b"Transient error", status=503, headers={"Retry-After": "120"}))
    assert (type(busy), busy.retry_after) == (UpstreamError, 120.0)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (reply(b"no", status=400), BadRequestError),
        (reply(b"no", status=404), BadRequestError),
        (reply(b"no", status=429), ThrottledError),
        (reply(b"no", status=500), UpstreamError),
        (reply(b"", status=302, headers={"Location": "http://127.0.0.1:9/"}), UpstreamError),
        (reset, UpstreamError),
        (raw(b"not HTTP\r\n\r\n"), UpstreamError),
        (endless(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n", b"x", 0.05), UpstreamError),
    ],
)
def test_each_refusal_of_the_hub_is_an_error_of_the_source(
    answer: Answer, error: type[SourceError]
) -> None:
    assert type(refused(answer)) is error


def refused(answer: Answer) -> SourceError:
    address = Callback("https://news.invalid/websub/t", timedelta(days=1))
    with wire_server(answer) as server, pytest.raises(SourceError) as caught:
        Hub(server.endpoint, timeout_seconds=0.5).ask(ASKED, address)
    said = f"{caught.value!r} {caught.value.__context__!r} {caught.value.__cause__!r}"
    assert SECRET not in said
    assert "websub" not in said
    return caught.value


@pytest.mark.parametrize("status", [200, 202, 204])
def test_each_way_to_say_yes_is_understood(status: int) -> None:
    with wire_server(reply(b"", status=status)) as server:
        address = Callback("https://news.invalid/websub/t", timedelta(days=1))
        Hub(server.endpoint).ask(ASKED, address)
        form = server.requests[0].parameters
    assert form == {
        "hub.mode": "subscribe",
        "hub.topic": ASKED.topic,
        "hub.callback": "https://news.invalid/websub/t",
        "hub.verify": "async",
        "hub.secret": SECRET,
        "hub.lease_seconds": "86400",
    }


def test_a_signature_is_of_the_bytes_as_they_came() -> None:
    body = "<feed>é</feed>".encode()
    digest = hmac.new(SECRET.encode(), body, "sha256").hexdigest()
    assert is_signed(body, f"sha256={digest}", SECRET)
    assert is_signed(body, f"sha256={digest.upper()}", SECRET)
    assert not is_signed(body + b" ", f"sha256={digest}", SECRET)
    assert not is_signed(body, f"sha1={digest}", SECRET)
    assert not is_signed(body, f"md5={hmac.new(SECRET.encode(), body, 'md5').hexdigest()}", SECRET)
