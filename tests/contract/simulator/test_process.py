"""The simulator as a process, talked to by Google's own client."""

import gzip
import json
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from http.client import IncompleteRead
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import httplib2
import pytest
from googleapiclient.discovery import build_from_document
from googleapiclient.errors import HttpError

from tests.contract.simulator.schema import DOCUMENT
from tests.processes import ChildProcess, Processes
from tests.waiting import wait_until

LISTENING = re.compile(r"listening on (http://127\.0\.0\.1:\d+)\n")


def start(processes: Processes, *arguments: str) -> tuple[ChildProcess, str]:
    process = processes.python("simulator", "--port", "0", *arguments)
    found = wait_until(lambda: LISTENING.search(process.output()), claim="the simulator listens")
    assert found is not None
    return process, found[1]


@pytest.fixture
def client() -> Iterator[Callable[[str], Any]]:
    """Builds clients as the application does: key per request, in the header."""
    with ExitStack() as opened:

        def build(url: str) -> Any:
            youtube = build_from_document(
                json.loads(DOCUMENT.read_bytes()),
                http=httplib2.Http(timeout=10),
                client_options={"api_endpoint": f"{url}/"},
            )
            return opened.enter_context(closing(youtube))

        yield build


def execute(request: Any, key: str = "k") -> Any:
    request.headers["X-Goog-Api-Key"] = key
    return request.execute(num_retries=0)


def truth(url: str) -> Any:
    with urlopen(f"{url}/_truth?limit=100000") as reply:
        return json.load(reply)


def control(url: str, **command: object) -> Any:
    with urlopen(Request(f"{url}/_control", json.dumps(command).encode())) as reply:
        return json.load(reply)


def pages(youtube: Any, **params: object) -> Iterator[Any]:
    request = youtube.search().list(
        part="snippet", type="video", order="date", maxResults=50, **params
    )
    while request is not None:
        reply = execute(request)
        yield reply
        request = youtube.search().list_next(request, reply)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_cleanly(processes: Processes, how: signal.Signals) -> None:
    process, url = start(processes, "--rate", "0")
    assert truth(url)["videos"] == []
    assert process.stop(how) == 0
    assert process.output() == f"listening on {url}\n"


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--speed", "0"], "--speed"),
        (["--key", "a:b:gone"], "gone"),
        (["--faults", "/nonexistent"], "--faults"),
        (["--corpus", "/nonexistent"], "nonexistent"),
    ],
)
def test_wrong_arguments_are_named(processes: Processes, arguments: list[str], named: str) -> None:
    process = processes.python("simulator", "--port", "0", *arguments)
    assert process.wait() == 2
    assert named in process.output().splitlines()[-1]


def test_googles_client_reads_a_search_to_the_end(
    processes: Processes, client: Callable[[str], Any]
) -> None:
    _, url = start(processes, "--rate", "30", "--history-seconds", "1200")
    replies = list(pages(client(url), q="music|news"))
    found = [item["id"]["videoId"] for reply in replies for item in reply["items"]]
    assert len(found) > 100
    matching = [
        video["video_id"]
        for video in truth(url)["videos"]
        if {"music", "news"} & set(video["tags"]) and not video["deleted_at"]
    ]
    assert set(matching) <= set(found)


def test_a_query_too_long_for_a_get_is_understood(
    processes: Processes, client: Callable[[str], Any]
) -> None:
    _, url = start(processes, "--rate", "0")
    made = control(url, do="publish", title="needle")
    query = "needle|" + "😀" * 199  # over 2,048 characters once it is escaped
    (page,) = pages(client(url), q=query)
    assert [item["id"]["videoId"] for item in page["items"]] == [made["video_id"]]


def test_googles_client_reads_the_lists(processes: Processes, client: Callable[[str], Any]) -> None:
    _, url = start(processes, "--rate", "0")
    made = control(url, do="publish", title="A & B", description="d\r\n", duration_seconds=61)
    youtube = client(url)
    parts = "snippet,contentDetails,statistics,status"
    (video,) = execute(youtube.videos().list(part=parts, id=["x", made["video_id"]]))["items"]
    assert video["snippet"]["title"] == "A & B"
    assert video["snippet"]["description"] == "d\r\n"
    assert video["contentDetails"]["duration"] == "PT1M1S"
    assert video["snippet"]["thumbnails"] == made["thumbnails"]
    channels = youtube.channels().list(part="contentDetails", id=made["channel_id"])
    (channel,) = execute(channels)["items"]
    playlist = channel["contentDetails"]["relatedPlaylists"]["uploads"]
    uploads = execute(youtube.playlistItems().list(part="contentDetails", playlistId=playlist))
    assert [item["contentDetails"]["videoId"] for item in uploads["items"]] == [made["video_id"]]


def test_googles_client_understands_the_errors(
    processes: Processes, client: Callable[[str], Any]
) -> None:
    keys = ("--key", "a:123", "b:456:expired")
    _, url = start(processes, "--rate", "0", "--search-calls-per-day", "1", *keys)
    request = client(url).search().list(part="id")
    execute(request, "a")
    with pytest.raises(HttpError) as spent:
        execute(request, "a")
    assert spent.value.status_code == 429
    assert spent.value.error_details[0]["metadata"]["quota_unit"] == "1/d/{project}"
    with pytest.raises(HttpError) as expired:
        execute(request, "b")
    assert expired.value.reason == "API key expired. Please renew the API key."
    assert [row["refused"] for row in truth(url)["calls"]] == [1]


def test_the_key_may_also_be_a_parameter(processes: Processes) -> None:
    _, url = start(processes, "--rate", "0", "--key", "a")
    with urlopen(f"{url}/youtube/v3/search?part=id&key=a") as reply:
        assert reply.status == 200
    with pytest.raises(HTTPError) as refused:
        urlopen(f"{url}/youtube/v3/search?part=id&key=b")
    assert refused.value.code == 400
    refused.value.close()


def test_broken_connections_look_broken_to_a_client(
    processes: Processes, client: Callable[[str], Any]
) -> None:
    faults = processes.folder / "faults.json"
    faults.write_text(
        json.dumps(
            [
                {"kind": "reset", "method": "search"},
                {"kind": "cut_off", "method": "videos"},
                {"kind": "html_200", "method": "channels"},
            ]
        )
    )
    _, url = start(processes, "--rate", "0", "--faults", str(faults))
    youtube = client(url)
    with pytest.raises(ConnectionResetError):
        execute(youtube.search().list(part="id"))
    with pytest.raises(IncompleteRead):
        urlopen(f"{url}/youtube/v3/videos?part=id&id=x&key=k").read()
    assert isinstance(execute(youtube.channels().list(part="id", id="x")), str)
    control(url, do="clear_faults")
    assert execute(youtube.search().list(part="id"))["items"] == []


def test_a_corpus_is_served_whole_and_as_the_truth_says(
    processes: Processes, client: Callable[[str], Any]
) -> None:
    rows = [
        {
            "video_id": f"corpus{n:05d}",
            "title": f"Nº {n}: “one” & 'two' 🎉",
            "description": "line\r\n" * (n % 50),
            "published_at": f"2020-01-{1 + n // 100:02d}T00:{n % 100 // 2:02d}:00Z",
            "channel_id": f"UC{n % 7:022d}",
            "channel_title": "Ünïcode & more",
        }
        for n in range(700)
    ]
    corpus = processes.folder / "corpus.jsonl.gz"
    corpus.write_bytes(gzip.compress("\n".join(map(json.dumps, rows)).encode()))
    _, url = start(
        processes, "--corpus", str(corpus), "--corpus-published", "--match-all", "--speed", "100"
    )
    youtube = client(url)
    held = {video["video_id"]: video for video in truth(url)["videos"]}
    assert len(held) == 700
    seen = [item for reply in pages(youtube, q="anything") for item in reply["items"]]
    before = seen[-1]["snippet"]["publishedAt"]
    seen += [
        item
        for reply in pages(youtube, q="anything", publishedBefore=before)
        for item in reply["items"]
    ]
    assert {item["id"]["videoId"] for item in seen} == set(held)
    some = [item["id"]["videoId"] for item in seen[::20]][:50]
    for video in execute(youtube.videos().list(part="snippet", id=",".join(some)))["items"]:
        snippet, expected = video["snippet"], held[video["id"]]
        assert snippet["title"] == expected["title"]
        assert snippet["description"] == expected["description"]
        assert snippet["publishedAt"] == expected["published_at"]
        assert snippet["channelTitle"] == expected["channel_title"]
