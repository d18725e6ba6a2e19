"""Invidious over real HTTP: against the simulator, and against odd servers."""

import json
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

import pytest

from app.domain.errors import InvidiousError
from app.domain.quota import ApiKey
from app.domain.ranges import Stretch
from app.sources.base import Recency, SearchQuery, SuggestionPage, SuggestionQuery
from app.sources.invidious import Invidious
from app.sources.youtube import YouTube
from tests.contract.sources.wire_server import Answer, endless, raw, reply, reset, wire_server
from tests.processes import Processes
from tests.unit.sources.invidious_bodies import channel, page, suggestion
from tests.waiting import wait_until

KEY = ApiKey("good", "main")
TODAY = SuggestionQuery("tea", Recency.TODAY)
SECRET_TERM = SuggestionQuery("whom nobody may read about", Recency.HOUR)
VIDEOS = 30


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A simulator with 30 videos about tea, of which 25 are of the last hour."""
    processes = Processes(tmp_path_factory.mktemp("simulator"))
    process = processes.python("simulator", "--port", "0", "--rate", "0", "--key", "good:main")
    line = wait_until(lambda: process.output().partition("\n")[0], claim="the simulator listens")
    address = line.removeprefix("listening on ")
    now = datetime.now(UTC).replace(microsecond=0)
    for number in range(VIDEOS):
        age = timedelta(seconds=number) if number < 25 else timedelta(hours=number - 20)
        _control(address, do="publish", title=f"Tea {number}", published_at=(now - age).isoformat())
    _control(address, do="publish", title="Coffee")
    yield address
    processes.close()


def _control(address: str, **command: object) -> None:
    body = json.dumps(command).encode()
    with urllib.request.urlopen(f"{address}/_control", data=body) as answer:
        assert answer.status == HTTPStatus.OK


def test_all_pages_together_name_what_search_shows(endpoint: str) -> None:
    invidious = Invidious(f"{endpoint}/")
    pages = [invidious.suggest(SuggestionQuery("tea", Recency.TODAY, n)) for n in (1, 2, 3)]
    assert [len(it.video_ids) for it in pages] == [20, 10, 0]
    now = datetime.now(UTC).replace(microsecond=0)
    query = SearchQuery("tea", Stretch(now - timedelta(days=1), now))
    shown = {video.video_id for video in YouTube(endpoint).search(KEY, query).videos}
    assert {video_id for it in pages for video_id in it.video_ids} == shown
    assert all(it.rejected == () for it in pages)


def test_the_last_hour_is_asked_for_alone(endpoint: str) -> None:
    invidious = Invidious(endpoint)
    pages = [invidious.suggest(SuggestionQuery("tea", Recency.HOUR, n)) for n in (1, 2)]
    assert sum(len(it.video_ids) for it in pages) == 25


def test_what_is_named_is_told_by_the_api(endpoint: str) -> None:
    named = Invidious(endpoint).suggest(TODAY).video_ids
    told = YouTube(endpoint).videos(KEY, named).videos
    assert {video.video_id for video in told} == set(named)


@pytest.mark.parametrize(
    "kind", ["404", "500", "503", "html_200", "truncated", "cut_off", "empty", "null", "garbage"]
)
def test_each_fault_of_an_instance_is_an_error_of_the_source(endpoint: str, kind: str) -> None:
    _control(endpoint, do="add_fault", rule={"kind": kind, "method": "invidious"})
    try:
        with pytest.raises(InvidiousError):
            Invidious(endpoint).suggest(TODAY)
    finally:
        _control(endpoint, do="clear_faults")
    assert len(Invidious(endpoint).suggest(TODAY).video_ids) == 20


def ask(answer: Answer, timeout: float = 0.5) -> InvidiousError:
    with wire_server(answer) as server, pytest.raises(InvidiousError) as caught:
        Invidious(server.endpoint, timeout).suggest(SECRET_TERM)
    said = f"{caught.value!r} {caught.value.__context__!r} {caught.value.__cause__!r}"
    assert "nobody" not in said
    assert server.endpoint.removesuffix("/") not in said
    return caught.value


def test_it_asks_for_videos_by_age_since_no_other_order_holds() -> None:
    with wire_server(reply(page(suggestion(), channel()))) as server:
        told = Invidious(f"{server.endpoint}below/").suggest(
            SuggestionQuery('"a b"|ç&-d', Recency.HOUR, 2, region="NZ")
        )
        (request,) = server.requests
    assert told == SuggestionPage(("aaaaaaaaaa1",), ("item 1: it names no video",))
    assert request.path.startswith("/below/api/v1/search?")
    assert request.parameters == {
        "q": '"a b"|ç&-d',
        "page": "2",
        "sort": "relevance",
        "date": "hour",
        "type": "video",
        "region": "NZ",
    }
    assert "x-goog-api-key" not in request.headers
    assert "authorization" not in request.headers
    assert request.headers["user-agent"] == "Newsreel"


def test_what_an_instance_says_is_passed_on() -> None:
    said = reply(b'{"error": "This instance is <b>blocked</b>"}', status=500)
    assert str(ask(said)) == "Invidious says: This instance is blocked"
    assert str(ask(reply(b"oops", status=502))) == "Invidious answered with HTTP 502"


def test_the_time_an_instance_asks_for_is_passed_on() -> None:
    busy = ask(reply(b"", status=429, headers={"Retry-After": "120"}))
    assert busy.retry_after == 120.0


@pytest.mark.parametrize("status", [301, 302, 307])
def test_it_leads_nowhere_else(status: int) -> None:
    with wire_server(reply(page(suggestion()))) as elsewhere:
        away = {"Location": f"{elsewhere.endpoint}api/v1/search"}
        assert str(ask(reply(b"", status=status, headers=away))).endswith(f"HTTP {status}")
        assert elsewhere.requests == []


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@pytest.mark.parametrize(
    "answer",
    [
        reset,
        raw(b"not HTTP\r\n\r\n"),
        raw(b""),
        reply(b"<!DOCTYPE html><title>Are you a robot?</title>", headers={}),
        endless(HEAD + b"Content-Length: 1000000\r\n\r\n", b"[", every_seconds=0.05),
    ],
)
def test_a_broken_answer_is_trouble_of_the_source_in_time(answer: Answer) -> None:
    assert str(ask(answer)) != ""


def test_an_answer_without_end_is_given_up() -> None:
    chunked = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
    chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    assert "AnswerTooLargeError" in str(ask(endless(chunked, chunk), timeout=5))
