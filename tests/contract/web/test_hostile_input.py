"""What no client should send, at every parameter of every route that the document knows.

The tables are made of the document, so that a new route or parameter is in them by itself. Each
runs over every database: they disagree about what a text may hold.
"""

from __future__ import annotations

import json
from contextlib import ExitStack
from typing import TYPE_CHECKING, NotRequired, TypedDict, cast
from urllib.parse import quote

import pytest

from app.web.factory import create_app
from tests.contract.web.conftest import CHANNEL, seeded
from tests.unit.web.fakes import MemoryFeed, MemoryServices

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from tests.servers.database import DatabaseServer

Parameter = TypedDict("Parameter", {"name": str, "in": str, "schema": dict[str, object]})


class MediaType(TypedDict):
    schema: dict[str, str]
    example: NotRequired[dict[str, object]]


class Body(TypedDict):
    """What the document tells of the body of a request."""

    content: dict[str, MediaType]


class Operation(TypedDict):
    """What it tells of one method of a path."""

    parameters: NotRequired[list[Parameter]]
    requestBody: NotRequired[Body]


class Components(TypedDict):
    """What it tells in one place of what is named in several."""

    schemas: dict[str, dict[str, dict[str, object]]]


class Document(TypedDict):
    """The document."""

    paths: dict[str, dict[str, Operation]]
    components: Components


NO_INTEGERS = [
    *("", " 1", "1 ", "+1", "-1", "0x1", "1_0", "1e3", "1.0", "1,0", "true", "null", "NaN"),
    *("\u0663", "\uff11", "\u00b2", "1\u00a0", "1\0", "\0", "1\n", "1;", "1'"),
    *(str(2**63), "9" * 20, "0" * 20, "9" * 4000),
]
NO_INSTANTS = [
    *("", "now", "1767323045", "2026-01-02", "2026-01-02T03:04:05", "2026-01-02T03:04Z"),
    *("2026-02-30T00:00:00Z", "2026-01-02T24:00:00Z", "2026-06-30T23:59:60Z"),
    *("0000-01-01T00:00:00Z", "10000-01-01T00:00:00Z", "-2026-01-01T00:00:00Z"),
    *("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2026-01-02T03:04:05+99:00"),
    *("\u0662026-01-02T03:04:05Z", "\uff12026-01-02T03:04:05Z", "2026-01-02T03:04:05\uff3a"),
    *("2026-01-02T03:04:05Z\0", "2026-01-02T03:04:05Z\n", " 2026-01-02T03:04:05Z"),
    "2026-01-02T03:04:05." + "9" * 4000 + "Z",
]
INSTANTS = ["2026-01-02T03:04:05Z", "2026-01-02T03:04:05+05:30", "0001-01-01T00:00:00Z"]
INSTANTS += ["9999-12-31T23:59:59Z", "2026-01-02t03:04:05z", "2026-01-02T03:04:05.999999999Z"]
NO_TEXTS = ["\0", "a\0b", "a\x01b", "a\x1b[2Jb", "a\x7fb", "a\nb", "a\u0085b"]
NOT_UNICODE = ["%FF", "a%C0%80", "%ED%A0%80", "%ED%A0%BD", "%F4%90%80%80"]
ODD_TEXTS = ["", " ", "'", '"', "\\", "%", "%s{0}$1", "../..", "\u202e", "\u2028", "\U0001f525"]
ODD_TEXTS += ["a" * 3000, "e\u0301" * 500, "OR 1=1 --", "*", "()", "NEAR/3", "-a", "<b>"]
NO_MEMBERS: list[object] = [
    *(True, -1, 10**30, -(2**63), 2**63, 1e300, "\0", "a\0b", "a\x1b[2J", "a\x7f", "a" * 5000),
    *([[]], ["\0"], {"a": "\0"}, "https://\0", "https://" + "a" * 3000, [None], {"": None}),
]
NO_JSON = [
    *(b"", b"{", b"null", b"[]", b"1", b'"x"', b"\xff", b'{"a":1}x', b"\xef\xbb\xbf{}"),
    *(b'{"keyword":NaN}', b'{"keyword":Infinity}', b'{"keyword":01}', b"{'keyword':1}"),
    *(b'{"keyword":"\\ud83d"}', b'{"keyword":"\xed\xa0\xbd"}', b'{"keyword":"a\nb"}'),
    *(b"[" * 60_000, b'{"a":' * 9_000 + b"1" + b"}" * 9_000, '{"keyword":"a"}'.encode("utf-16")),
]
HEADERS = {
    "HTTP_AUTHORIZATION": [
        *("Bearer", "Bearer \xff", "Bearer " + "a." * 3000, "Bearer a.b.c", "Basic !!!", "Basic ="),
        *("Basic /w==", "Basic OgA=", "Basic " + "A" * 6000, "Digest x", "\xff", ""),
    ],
    "HTTP_IF_NONE_MATCH": ["*", '"', "W/", '"\xff"', f'"{"9" * 5000}-x-y"', '"-1-x-y"', "," * 4000],
    "HTTP_ACCEPT_ENCODING": ["gzip;q=x", "gzip;q=1e999", "gzip;q=nan", "\xff", ",;=" * 1000],
    "HTTP_HOST": ["\xff", "[::1", "a:b", "a" * 3000, "%00", "a@b", "localhost:99999999", ""],
    "HTTP_ORIGIN": ["null", "\xff", "http://[", "://", "http://localhost\xff"],
    "HTTP_RANGE": [
        "bytes=9-0",
        "bytes=\xff",
        "bytes=" + "0-0," * 1000,
        "x",
        f"bytes={'9' * 5000}-",
    ],
    "HTTP_IF_MODIFIED_SINCE": ["\xff", "x", "Mon, 01 Jan 10000 00:00:00 GMT"],
    "HTTP_IF_RANGE": ["\xff", '"'],
    "HTTP_COOKIE": ["a=\xff;;=", "=" * 4000, 'a="', "session=\x01"],
    "HTTP_X_FORWARDED_FOR": ["\xff", "," * 4000, "[::1"],
    "HTTP_X_HUB_SIGNATURE": ["\xff", "sha1=\xff", "sha1=", "md5=x"],
    "CONTENT_TYPE": [
        *("\xff", "/", ";", "application/json; charset=\xff", "application/json; charset=utf-7"),
        *("multipart/form-data", "multipart/form-data; boundary=\xff", "text/plain"),
    ],
    "CONTENT_LENGTH": ["-1", "x", "\u00b2", "9" * 4000],
}
ASKED_WITH_HEADERS = [
    *(("GET", "/videos"), ("GET", "/"), ("GET", "/feed.atom"), ("GET", "/assets/x/docs.js")),
    *(("POST", "/watches"), ("POST", "/oauth/token"), ("POST", f"/websub/{'x' * 32}")),
]
REFUSED = {"/websub/{token}": (400, 404)}  # WebSub gives its parameters; ours is the token
LENIENT = {"q", "token"}
"""To `q` any sign that is no letter is a blank; a feed's token is not read where all may read."""

PATH = {"video_id": "aBvideo-000", "watch_id": "1", "channel_id": CHANNEL, "webhook_id": "1"}
PATH |= {"token": "x" * 32}
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


def _document() -> Document:
    client = create_app(MemoryServices(MemoryFeed())).test_client()
    return cast("Document", client.get("/openapi.json").get_json())


DOCUMENT = _document()
OPERATIONS = {
    f"{method} {path}": (method.upper(), path, operation)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
}


def named(place: str) -> list[str]:
    """The operations with parameters there."""
    return [
        name
        for name, (_, _, operation) in OPERATIONS.items()
        if any(it["in"] == place for it in operation.get("parameters", []))
    ]


def taking(media_type: str) -> list[str]:
    """The operations with such a body."""
    return [
        name
        for name, (_, _, operation) in OPERATIONS.items()
        if media_type in operation.get("requestBody", {"content": {}})["content"]
    ]


def parameters(operation: Operation, place: str) -> Iterator[tuple[str, str]]:
    """Names, and what the document says of them."""
    for it in operation.get("parameters", []):
        if it["in"] == place:
            yield it["name"], json.dumps(it["schema"])


def filled(path: str, values: Mapping[str, str]) -> str:
    for name, value in {**PATH, **values}.items():
        path = path.replace(f"{{{name}}}", value)
    return path


@pytest.fixture(scope="module", params=["sqlite", "mariadb", "postgresql"])
def client(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[FlaskClient]:
    """A service with videos, over each kind of database in turn."""
    folder = tmp_path_factory.mktemp("hostile")
    with ExitStack() as stack:
        url = f"sqlite:///{folder}/news.db"
        if request.param != "sqlite":
            server: DatabaseServer = request.getfixturevalue(request.param)
            url = stack.enter_context(server.fresh_database())
        services = seeded(url)
        stack.callback(services.close)
        yield create_app(services, trusts_this_machine=True).test_client()


def check(reply: TestResponse, *statuses: int) -> None:
    """Fail unless a reply has one of these statuses, and tells an error as all are told."""
    with reply:
        assert reply.status_code in statuses
        if reply.status_code >= 400:
            told = reply.get_json(force=True)
            assert "error" in told or told["errors"][0]["status"] == str(reply.status_code)


@pytest.mark.parametrize("name", named("query"))
def test_a_query_that_is_not_plain_is_refused(client: FlaskClient, name: str) -> None:
    method, path, operation = OPERATIONS[name]
    for parameter, schema in parameters(operation, "query"):
        address = f"{filled(path, {})}?{parameter}="
        for text in NOT_UNICODE:
            check(client.open(address + text, method=method), 400)
        refused = NO_INTEGERS if '"integer"' in schema else []
        refused = NO_INSTANTS if "date-time" in schema else refused
        for text in refused + ([] if parameter in LENIENT else NO_TEXTS):
            check(client.open(address + quote(text), method=method), *REFUSED.get(path, (400,)))
        for text in ODD_TEXTS:
            check(client.open(address + quote(text), method=method), 200, 400, 404)
        for text in INSTANTS if "date-time" in schema else []:
            check(client.open(address + quote(text), method=method), 200, 400)


@pytest.mark.parametrize("name", named("path"))
def test_a_path_that_is_not_plain_leads_nowhere(client: FlaskClient, name: str) -> None:
    method, path, operation = OPERATIONS[name]
    for parameter, _ in parameters(operation, "path"):
        texts = [quote(it, safe="") for it in [*NO_INTEGERS, *NO_TEXTS, *ODD_TEXTS]]
        for text in texts + NOT_UNICODE:
            address = filled(path, {parameter: text})
            check(client.open(address, method=method, json={}), 400, 404, 405)


def test_nothing_is_found_at_odd_paths(client: FlaskClient) -> None:
    texts = [quote(it, safe="") for it in NO_TEXTS + ODD_TEXTS[1:]]
    for folder in ("/", "/assets/x/", "/assets/"):
        for text in texts + NOT_UNICODE:
            check(client.get(folder + text), 404)


@pytest.mark.parametrize("name", taking(JSON))
def test_a_body_that_is_not_plain_is_refused(client: FlaskClient, name: str) -> None:
    method, path, operation = OPERATIONS[name]
    told = operation["requestBody"]["content"][JSON]
    schema = DOCUMENT["components"]["schemas"][told["schema"]["$ref"].rpartition("/")[2]]
    address, example = filled(path, {}), told["example"]
    for body in NO_JSON:
        check(client.open(address, method=method, data=body, content_type=JSON), 400)
    for member in schema["properties"]:
        for value in NO_MEMBERS:
            body = json.dumps({**example, member: value}).encode()
            expected = (200, 201, 400, 404, 409) if value is True else (400,)
            check(client.open(address, method=method, data=body, content_type=JSON), *expected)


@pytest.mark.parametrize("name", taking(FORM))
def test_a_form_that_is_not_plain_is_refused(client: FlaskClient, name: str) -> None:
    method, path, operation = OPERATIONS[name]
    reference = operation["requestBody"]["content"][FORM]["schema"]["$ref"]
    members = DOCUMENT["components"]["schemas"][reference.rpartition("/")[2]]["properties"]
    whole = dict.fromkeys(members, "x") | {"grant_type": "client_credentials"}
    for member in members:
        for text in NO_TEXTS + ODD_TEXTS:
            check(client.open(path, method=method, data={**whole, member: text}), 400, 401)
        for text in NOT_UNICODE:
            body = "&".join(
                f"{name}={text if name == member else it}" for name, it in whole.items()
            )
            check(client.open(path, method=method, data=body, content_type=FORM), 400, 401)
    for body in ("", "&" * 60_000, "=" * 100, "a=1;b=2", "grant_type=a&grant_type=b", "\xff=\xff"):
        check(client.open(path, method=method, data=body, content_type=FORM), 400, 401)


@pytest.mark.parametrize("name", HEADERS)
def test_a_senseless_header_breaks_nothing(client: FlaskClient, name: str) -> None:
    for value in HEADERS[name]:
        for method, path in ASKED_WITH_HEADERS:
            reply = client.open(path, method=method, environ_overrides={name: value})
            with reply:
                assert reply.status_code < 500, (method, path, value)
