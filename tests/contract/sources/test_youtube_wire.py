import gzip
import json
import logging
import socket
import ssl
import time
import traceback
import tracemalloc
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from ipaddress import IPv4Address
from pathlib import Path
from threading import Barrier

import httplib2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from app.domain.errors import (
    KeyRejectedError,
    QuotaExhaustedError,
    SourceError,
    UnreachableError,
    UpstreamError,
)
from app.domain.quota import ApiKey
from app.sources import bounded_http
from app.sources.base import SearchPage, SearchQuery, VideoSource
from app.sources.youtube import YouTube
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
from tests.unit.sources.youtube_bodies import (
    KEY,
    MARCH,
    bad_key,
    error_body,
    search_body,
    search_item,
    search_used_up,
    video_item,
    videos_body,
)
from tests.waiting import wait_until

API_KEY = ApiKey(KEY, "project")
QUERY = SearchQuery("cats|dogs", MARCH)
FOUND = json.dumps(search_body(search_item(), nextPageToken="CDIQAA")).encode()
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
GZIP = {"Content-Encoding": "gzip"}
MEGABYTE = 1 << 20


def _bomb(form: int) -> bytes:
    """64 MB of blanks in some 64 kB; `form` as zlib's wbits."""
    deflate = zlib.compressobj(wbits=form)
    return deflate.compress(b" " * 64 * MEGABYTE) + deflate.flush()


def _reset_half_way(handler: Handler) -> None:
    handler.wfile.write(HEAD)
    reset(handler)


BAD_ANSWERS = {
    "html": reply(b"<html>Wi-Fi login</html>", headers={"Content-Type": "text/html"}),
    "truncated": reply(FOUND[:-20]),
    "empty": reply(b""),
    "null": reply(b"null"),
    "number": reply(b"1" * 5000),
    "wrong kind": reply(json.dumps(videos_body()).encode()),
    "not text": reply(b"\xff\xfe\xfd"),
    "nested too deep": reply(b"[" * 200_000),
    "cut off": raw(HEAD + b"Content-Length: 5000\r\n\r\n" + FOUND[:10]),
    "chunks cut off": raw(CHUNKED + b"40\r\n" + FOUND[:10]),
    "no content": reply(b"", status=204),
    "not modified": raw(b"HTTP/1.1 304 X\r\n\r\n"),
    "redirect": reply(b"", status=302, headers={"Location": "/elsewhere"}),
    "redirect to nowhere": reply(b"", status=301),
    "no answer": raw(b""),
    "not http": raw(b"SSH-2.0-OpenSSH_9.6\r\n"),
    "long header": raw(HEAD + b"X: " + b"x" * 100_000 + b"\r\n\r\n"),
    "bad challenge": reply(b"", status=401, headers={"WWW-Authenticate": "Basic ,=,,"}),
    "reset": reset,
    "reset half-way": _reset_half_way,
    "gzip bomb": reply(_bomb(31), headers=GZIP),
    "deflate bomb": reply(_bomb(-15), headers={"Content-Encoding": "deflate"}),
    "gzip that is none": reply(b"plain", headers=GZIP),
    "gzip of nothing": reply(b"", headers=GZIP),
    "gzip cut off": reply(gzip.compress(FOUND)[:-30], headers=GZIP),
    "11 MB": reply(FOUND + b" " * 11 * MEGABYTE),
    "chunks of 11 MB": raw(CHUNKED + 11 * (b"100000\r\n" + b" " * MEGABYTE + b"\r\n")),
    "a promise of 1 TB": endless(HEAD + b"Content-Length: 1099511627776\r\n\r\n", b" " * MEGABYTE),
    "chunks without end": endless(CHUNKED, b"10000\r\n" + b" " * 65536 + b"\r\n"),
    "headers without end": endless(HEAD, b"X: y\r\n"),
    "body that drips": endless(HEAD + b"Content-Length: 5000\r\n\r\n", b" ", 0.05),
    "headers that drip": endless(HEAD, b"X", 0.05),
    "silence": endless(b"", b"", 0.05),
    "unavailable": reply(b"<html>503</html>", status=503),
    "refused": reply(b'{"error": "see %s"}' % KEY.encode(), status=403),
    "firewall": reply(b"<html>%s</html>" % KEY.encode(), status=403),
}
REFUSALS = {
    "used up": reply(json.dumps(search_used_up()).encode(), status=429),
    "bad key": reply(json.dumps(bad_key(f"Consumer 'api_key:{KEY}' is bad")).encode(), status=400),
    "blocked": reply(json.dumps(error_body(403, KEY, "forbidden")).encode(), status=403),
}


@pytest.fixture
def answer() -> Answer:
    return reply(FOUND)


@pytest.fixture
def server(answer: Answer) -> Iterator[WireServer]:
    with wire_server(answer) as running:
        yield running


@pytest.fixture
def youtube(server: WireServer) -> YouTube:
    return YouTube(server.endpoint, timeout_seconds=0.5)


def _search_error(youtube: YouTube) -> SourceError:
    with pytest.raises(SourceError) as caught:
        youtube.search(API_KEY, QUERY)
    return caught.value


def test_a_search_asks_for_the_newest_videos_of_a_stretch(
    server: WireServer, youtube: YouTube
) -> None:
    page = youtube.search(API_KEY, QUERY)
    assert (len(page.videos), page.next_page_token, page.ordered) == (1, "CDIQAA", True)
    (request,) = server.requests
    assert urlpath(request.path) == "/youtube/v3/search"
    assert request.parameters == {
        "part": "snippet",
        "type": "video",
        "order": "date",
        "safeSearch": "none",
        "maxResults": "50",
        "q": "cats|dogs",
        "publishedAfter": "2026-03-01T00:00:00Z",
        "publishedBefore": "2026-03-31T23:59:59Z",
        "alt": "json",
    }


def urlpath(path: str) -> str:
    return path.partition("?")[0]


def test_a_later_page_is_asked_for_by_its_token(server: WireServer, youtube: YouTube) -> None:
    youtube.search(API_KEY, replace(QUERY, page_token="CDIQAA"))
    assert server.requests[0].parameters["pageToken"] == "CDIQAA"


@pytest.mark.parametrize("answer", [reply(json.dumps(videos_body(video_item())).encode())])
def test_videos_are_asked_for_fifty_at_a_time(server: WireServer, youtube: YouTube) -> None:
    ids = ["aaaaaaaaaa1", *(f"b{n:010}" for n in range(49))]
    assert [video.video_id for video in youtube.videos(API_KEY, ids).videos] == ids[:1]
    (request,) = server.requests
    assert urlpath(request.path) == "/youtube/v3/videos"
    assert request.parameters == {
        "part": "snippet,contentDetails,statistics,liveStreamingDetails",
        "id": ",".join(ids),
        "alt": "json",
    }


@pytest.mark.parametrize("count", [0, 51])
def test_a_call_that_youtube_would_refuse_is_not_made(
    server: WireServer, youtube: YouTube, count: int
) -> None:
    with pytest.raises(ValueError, match="1 to 50"):
        youtube.videos(API_KEY, ["aaaaaaaaaa1"] * count)
    assert server.requests == []


def test_the_key_travels_in_the_header_alone(server: WireServer, youtube: YouTube) -> None:
    youtube.search(API_KEY, QUERY)
    (request,) = server.requests
    assert request.headers["x-goog-api-key"] == KEY
    assert KEY not in request.path + request.body


def test_the_longest_term_arrives_whole(server: WireServer, youtube: YouTube) -> None:
    term = "\U0001f600" * 200
    youtube.search(API_KEY, replace(QUERY, term=term))
    (request,) = server.requests
    assert request.parameters["q"] == term
    assert request.headers["x-goog-api-key"] == KEY
    assert request.headers["x-http-method-override"] == "GET"


@pytest.mark.parametrize("answer", [reply(gzip.compress(FOUND), headers=GZIP)])
def test_a_compressed_answer_is_read(youtube: YouTube) -> None:
    assert len(youtube.search(API_KEY, QUERY).videos) == 1


@pytest.mark.parametrize("answer", BAD_ANSWERS.values(), ids=BAD_ANSWERS.keys())
def test_an_unusable_answer_is_an_upstream_error_in_bounded_time(youtube: YouTube) -> None:
    started = time.monotonic()
    error = _search_error(youtube)
    assert type(error) is UpstreamError
    assert time.monotonic() - started < 5


@pytest.mark.parametrize("answer", BAD_ANSWERS.values(), ids=BAD_ANSWERS.keys())
def test_a_call_is_one_request_whatever_comes_back(server: WireServer, youtube: YouTube) -> None:
    _search_error(youtube)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "answer",
    [BAD_ANSWERS[name] for name in ("gzip bomb", "deflate bomb", "a promise of 1 TB")],
)
def test_a_huge_answer_takes_little_memory(youtube: YouTube) -> None:
    tracemalloc.start()
    try:
        _search_error(youtube)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 40 * MEGABYTE


@pytest.mark.parametrize(
    "answer",
    [*BAD_ANSWERS.values(), *REFUSALS.values()],
    ids=[*BAD_ANSWERS.keys(), *REFUSALS.keys()],
)
def test_no_error_shows_the_key_or_the_url_and_no_log_the_key(
    youtube: YouTube, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    error = _search_error(youtube)
    told = traceback.TracebackException.from_exception(error, capture_locals=True)
    for text in ("".join(told.format()), str(error), repr(error), repr(vars(error))):
        assert KEY not in text
        assert "publishedAfter" not in text
    assert KEY not in caplog.text
    assert error.__cause__ is None
    assert error.__context__ is None


@pytest.mark.parametrize("answer", [REFUSALS["used up"]])
def test_a_used_up_bucket_is_told_from_trouble(server: WireServer, youtube: YouTube) -> None:
    error = _search_error(youtube)
    assert isinstance(error, QuotaExhaustedError)
    assert error.limit == 100
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "secret", ["", " ", "a\nb", "a\r\nX-Evil: 1", "sch\u00f6n", "\ud800", "a\0b", " padded "]
)
def test_a_key_that_fits_no_header_is_rejected_without_a_call(
    server: WireServer, youtube: YouTube, secret: str
) -> None:
    with pytest.raises(KeyRejectedError) as caught:
        youtube.search(ApiKey(secret, "project"), QUERY)
    assert caught.value.reason == "invalid"
    assert server.requests == []


def test_calls_of_a_thread_share_a_connection(server: WireServer, youtube: YouTube) -> None:
    for _ in range(3):
        youtube.search(API_KEY, QUERY)
    assert (len(server.requests), len(server.connections)) == (3, 1)


def test_threads_have_connections_of_their_own(server: WireServer, youtube: YouTube) -> None:
    together = Barrier(4)

    def search(_: int) -> SearchPage:
        together.wait(10)
        return youtube.search(API_KEY, QUERY)

    with ThreadPoolExecutor(4) as pool:
        pages = list(pool.map(search, range(4)))
    assert {page.next_page_token for page in pages} == {"CDIQAA"}
    assert len(server.connections) == 4


@pytest.mark.parametrize("answer", [reply(FOUND, close=True)])
def test_a_connection_closed_between_calls_is_opened_again(
    server: WireServer, youtube: YouTube
) -> None:
    for number in (1, 2, 3):
        assert len(youtube.search(API_KEY, QUERY).videos) == 1
        wait_until(partial(_has_closed, server, number))
    assert len(server.requests) == 3


def _has_closed(server: WireServer, connections: int) -> bool:
    return server.closed == connections


def test_what_a_kept_connection_did_not_answer_is_not_sent_again() -> None:
    answers = iter([reply(FOUND), raw(b"")])

    def answer(handler: Handler) -> None:
        next(answers, reply(FOUND))(handler)

    with wire_server(answer) as server:
        youtube = YouTube(server.endpoint, timeout_seconds=5)
        youtube.search(API_KEY, QUERY)
        _search_error(youtube)
        assert (len(server.requests), len(server.connections)) == (2, 1)


def test_a_connection_over_which_a_call_was_refused_is_not_used_again() -> None:
    answers = iter([reply(b"{}", status=500)])

    def answer(handler: Handler) -> None:
        next(answers, reply(FOUND))(handler)

    with wire_server(answer) as server:
        youtube = YouTube(server.endpoint, timeout_seconds=5)
        _search_error(youtube)
        youtube.search(API_KEY, QUERY)
        youtube.search(API_KEY, QUERY)
        assert len(server.connections) == 2


def test_a_long_idle_connection_is_not_trusted(
    server: WireServer, youtube: YouTube, monkeypatch: pytest.MonkeyPatch
) -> None:
    youtube.search(API_KEY, QUERY)
    monkeypatch.setattr(bounded_http, "MAX_IDLE_SECONDS", 0.0)
    youtube.search(API_KEY, QUERY)
    assert len(server.connections) == 2


@pytest.mark.parametrize("first", BAD_ANSWERS.values(), ids=BAD_ANSWERS.keys())
def test_the_call_after_a_failed_one_succeeds(first: Answer) -> None:
    answers = iter([first])

    def answer(handler: Handler) -> None:
        next(answers, reply(FOUND))(handler)

    with wire_server(answer) as server:
        youtube = YouTube(server.endpoint, timeout_seconds=0.5)
        _search_error(youtube)
        assert len(youtube.search(API_KEY, QUERY).videos) == 1
        assert len(server.requests) == 2


def test_every_answer_on_a_connection_has_the_whole_time() -> None:
    head, body = FOUND[:100], FOUND[100:]

    def in_two_parts(handler: Handler) -> None:
        length = f"Content-Length: {len(FOUND)}\r\n\r\n".encode()
        for part in (HEAD + length + head, body):
            handler.ended.wait(0.15)
            handler.wfile.write(part)

    with wire_server(in_two_parts) as server:
        youtube = YouTube(server.endpoint, timeout_seconds=0.5)
        for _ in range(4):
            assert len(youtube.search(API_KEY, QUERY).videos) == 1
        assert len(server.connections) == 1


def test_nobody_listening_is_told_apart_from_trouble_of_youtube() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        youtube = YouTube(f"http://127.0.0.1:{taken.getsockname()[1]}/")
        assert type(_search_error(youtube)) is UnreachableError


def test_an_unknown_host_is_told_apart_from_trouble_of_youtube() -> None:
    assert type(_search_error(YouTube("http://newsreel.invalid/"))) is UnreachableError


def test_building_the_source_calls_nobody(server: WireServer) -> None:
    source: VideoSource = YouTube(server.endpoint)
    assert source is not None
    assert server.connections == []


def test_a_path_in_the_endpoint_is_kept(server: WireServer) -> None:
    YouTube(f"{server.endpoint}mock/").search(API_KEY, QUERY)
    assert urlpath(server.requests[0].path) == "/mock/youtube/v3/search"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate for 127.0.0.1 and its key in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    path: Path = tmp_path_factory.mktemp("tls") / "certificate.pem"
    path.write_bytes(
        signed.public_bytes(pem)
        + key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return path


@pytest.fixture
def tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def test_a_server_that_cannot_prove_its_name_is_sent_nothing(tls: ssl.SSLContext) -> None:
    with wire_server(reply(FOUND), tls) as server:
        assert type(_search_error(YouTube(server.endpoint, 2.0))) is UpstreamError
        assert server.requests == []


def test_calls_over_tls_share_a_connection(
    tls: ssl.SSLContext, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(httplib2, "CA_CERTS", str(certificate))
    with wire_server(reply(FOUND), tls) as server:
        youtube = YouTube(server.endpoint, 2.0)
        assert [len(youtube.search(API_KEY, QUERY).videos) for _ in range(3)] == [1, 1, 1]
        assert len(server.connections) == 1


@pytest.mark.parametrize("name", ["silence", "body that drips", "chunks without end", "cut off"])
def test_time_and_size_are_bounded_over_tls_too(
    tls: ssl.SSLContext, certificate: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(httplib2, "CA_CERTS", str(certificate))
    with wire_server(BAD_ANSWERS[name], tls) as server:
        started = time.monotonic()
        assert type(_search_error(YouTube(server.endpoint, 0.5))) is UpstreamError
        assert time.monotonic() - started < 5
        assert len(server.requests) == 1
