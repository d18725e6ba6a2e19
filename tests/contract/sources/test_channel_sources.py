"""The channel feeds and lists over real HTTP: against the simulator, and against odd servers."""

import json
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

import pytest

from app.domain.channels import usual_playlist
from app.domain.errors import GoneError, SourceError, ThrottledError, UpstreamError
from app.domain.quota import ApiKey
from app.domain.videos import Video
from app.sources.rss import ChannelFeeds
from app.sources.youtube import YouTube
from tests.contract.sources.wire_server import Answer, endless, raw, reply, reset, wire_server
from tests.processes import Processes
from tests.unit.sources.atom_bodies import CHANNEL, entry, feed
from tests.waiting import wait_until

KEY = ApiKey("good", "main")
ADDRESS = "UC" + "h" * 22
VIDEOS = 120


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A simulator with one channel of 120 videos."""
    processes = Processes(tmp_path_factory.mktemp("simulator"))
    process = processes.python("simulator", "--port", "0", "--rate", "0", "--key", "good:main")
    line = wait_until(lambda: process.output().partition("\n")[0], claim="the simulator listens")
    address = line.removeprefix("listening on ")
    first_at = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=3)
    for number in range(VIDEOS):
        _control(
            address,
            do="publish",
            title=f"Tea & toast <{number}>",
            description="Two\nlines",
            channel_id=ADDRESS,
            channel_title="Harbour & Radio",
            published_at=(first_at + timedelta(seconds=number)).isoformat(),
        )
    yield address
    processes.close()


def _control(address: str, **command: object) -> None:
    body = json.dumps(command).encode()
    with urllib.request.urlopen(f"{address}/_control", data=body) as answer:
        assert answer.status == HTTPStatus.OK


def test_a_feed_shows_the_newest_15_as_the_api_tells_them(endpoint: str) -> None:
    shown = ChannelFeeds(endpoint).feed(ADDRESS)
    assert (len(shown.videos), shown.listed, shown.ordered, shown.rejected) == (15, 15, True, ())
    told = YouTube(endpoint).videos(KEY, [video.video_id for video in shown.videos]).videos
    assert {_text(video) for video in shown.videos} == {_text(video) for video in told}


def test_uploads_are_paged_to_the_end_and_tell_the_same(endpoint: str) -> None:
    youtube, token, videos, pages = YouTube(endpoint), None, list[Video](), 0
    while pages == 0 or token is not None:
        page = youtube.uploads(KEY, usual_playlist(ADDRESS), token)
        token, pages = page.next_page_token, pages + 1
        videos += page.videos
        assert list(page.added_at) == sorted(page.added_at, reverse=True)
    assert (pages, len({video.video_id for video in videos})) == (3, VIDEOS)
    told = youtube.videos(KEY, [video.video_id for video in videos[:50]]).videos
    assert {_text(video) for video in videos[:50]} == {_text(video) for video in told}


def _text(video: Video) -> tuple[object, ...]:
    words = video.title, video.description, video.channel_id, video.channel_title
    return (video.video_id, video.published_at, *words)


def test_a_channel_is_found_by_id_and_by_handle(endpoint: str) -> None:
    youtube = YouTube(endpoint)
    by_id = youtube.channel(KEY, ADDRESS)
    assert by_id is not None
    assert (by_id.title, by_id.uploads_playlist_id) == ("Harbour & Radio", usual_playlist(ADDRESS))
    with urllib.request.urlopen(
        f"{endpoint}/youtube/v3/channels?part=snippet&id={ADDRESS}&key=good"
    ) as answer:
        handle = json.load(answer)["items"][0]["snippet"]["customUrl"]
    assert youtube.channel(KEY, handle) == by_id


def test_what_youtube_does_not_know_is_gone_or_none(endpoint: str) -> None:
    nobody = "UC" + "0" * 22
    youtube = YouTube(endpoint)
    assert youtube.channel(KEY, nobody) is None
    assert youtube.channel(KEY, "@nobody") is None
    with pytest.raises(GoneError):
        youtube.uploads(KEY, usual_playlist(nobody), None)
    with pytest.raises(GoneError):
        ChannelFeeds(endpoint).feed(nobody)


@pytest.mark.parametrize(
    "kind", ["404", "500", "503", "html_200", "truncated", "cut_off", "empty", "garbage", "reset"]
)
def test_each_fault_of_a_feed_is_an_error_of_the_source(endpoint: str, kind: str) -> None:
    _control(endpoint, do="add_fault", rule={"kind": kind, "method": "feed"})
    try:
        with pytest.raises(GoneError if kind == "404" else UpstreamError):
            ChannelFeeds(endpoint).feed(ADDRESS)
    finally:
        _control(endpoint, do="clear_faults")
    assert ChannelFeeds(endpoint).feed(ADDRESS).listed == 15


XML = {"Content-Type": "text/xml; charset=UTF-8"}
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n"


def ask(answer: Answer, timeout: float = 0.5) -> SourceError:
    with wire_server(answer) as server, pytest.raises(SourceError) as caught:
        ChannelFeeds(server.endpoint, timeout).feed(CHANNEL)
    assert server.endpoint.removesuffix("/") not in str(caught.value)
    return caught.value


def test_a_feed_is_asked_for_by_channel_and_without_a_key() -> None:
    with wire_server(reply(feed(entry()), headers=XML)) as server:
        assert len(ChannelFeeds(server.endpoint).feed(CHANNEL).videos) == 1
        (request,) = server.requests
    assert request.path == f"/feeds/videos.xml?channel_id={CHANNEL}"
    assert "x-goog-api-key" not in request.headers
    assert request.headers["user-agent"] == "Newsreel"


def test_a_feed_leads_nowhere_else() -> None:
    with wire_server(reply(feed(entry()), headers=XML)) as elsewhere:
        away = {"Location": elsewhere.endpoint}
        assert isinstance(ask(reply(b"", status=302, headers=away)), UpstreamError)
        assert elsewhere.requests == []


def test_a_feed_without_end_is_given_up() -> None:
    head = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
    chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    assert isinstance(ask(endless(head, chunk), timeout=5), UpstreamError)


def test_a_feed_that_drips_is_given_up_in_time() -> None:
    head = HEAD + b"Content-Length: 1000000\r\n\r\n"
    assert isinstance(ask(endless(head, b"<", every_seconds=0.05)), UpstreamError)


@pytest.mark.parametrize("answer", [reset, raw(b"not HTTP\r\n\r\n"), raw(b"")])
def test_a_broken_connection_is_trouble_of_the_source(answer: Answer) -> None:
    assert isinstance(ask(answer), UpstreamError)


def test_the_time_a_feed_asks_for_is_passed_on() -> None:
    wait = {"Retry-After": "120"}
    busy = ask(reply(b"", status=503, headers=wait))
    assert (type(busy), busy.retry_after) == (UpstreamError, 120.0)
    assert isinstance(ask(reply(b"", status=429, headers=wait)), ThrottledError)
    assert isinstance(ask(reply(b"", status=410)), GoneError)
