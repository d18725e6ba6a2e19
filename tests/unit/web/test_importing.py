from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

import orjson
import pytest

from app.domain.audit import THIS_MACHINE
from app.domain.errors import StoreUnavailableError
from app.domain.watches import MAX_WATCHES, WatchKind
from app.ingest.importing import MOST_BYTES
from app.web.request_limits import MAX_BODY_BYTES, MAX_UPLOAD_BYTES
from tests.unit.ingest.exchange.files import archive, outline, row, table

if TYPE_CHECKING:
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from tests.unit.web.fakes import MemoryServices

PATH = "/dashboard/import"
ADD = f"{PATH}/watches"
CSV = "Takeout/YouTube/subscriptions/subscriptions.csv"
ONE, TWO = "UC0123456789012345678_-A", "UC0123456789012345678_-B"
MIB = 2**20
COUNTS = {"new": "0", "known": "0", "rejected": "0"}


def token(client: FlaskClient) -> str:
    found = re.search(r'name="csrf_token" value="(\w+)"', client.get(PATH).get_data(as_text=True))
    assert found is not None
    return found[1]


def part(name: str, value: str, more: str = "") -> str:
    return f'--x\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n{value}\r\n'


def raw(path: str, body: bytes, client: FlaskClient) -> TestResponse:
    return client.post(path, data=body, content_type="multipart/form-data; boundary=x")


def upload(client: FlaskClient, content: bytes, name: str = "list.txt") -> TestResponse:
    before, _, after = part("file", "|", f'; filename="{name}"').partition("|")
    fields = (part("csrf_token", token(client)) + before).encode()
    return raw(PATH, fields + content + f"{after}--x--\r\n".encode(), client)


def add(client: FlaskClient, *entries: str, **changes: str) -> TestResponse:
    fields = {"csrf_token": token(client), "source": "list.txt", "more": "", **COUNTS, **changes}
    parts = [part(name, value) for name, value in fields.items()]
    parts += [part("entry", entry) for entry in entries]
    return raw(ADD, f"{''.join(parts)}--x--\r\n".encode(), client)


def text_of(answer: TestResponse) -> str:
    """What a person reads."""
    shown = re.sub(r"<[^>]+>", "", answer.get_data(as_text=True))
    return html.unescape(re.sub(r"\s+", " ", shown))


def entries_of(answer: TestResponse) -> list[str]:
    values = re.findall(r'name="entry" value="([^"]*)"', answer.get_data(as_text=True))
    return [html.unescape(value) for value in values]


def keyword(term: str) -> str:
    return orjson.dumps({"kind": "keyword", "term": term}).decode()


@pytest.mark.parametrize(
    ("name", "content", "target"),
    [
        ("takeout.zip", archive((CSV, table(row(ONE, "Sea")))), ("channel", ONE)),
        ("subscriptions.csv", table(row(ONE, "Sea")), ("channel", ONE)),
        (
            "list.opml",
            outline(f'<outline xmlUrl="https://youtube.com/channel/{ONE}"/>'),
            ("channel", ONE),
        ),
        ("list.txt", "Süd, see\n".encode(), ("keyword", "Süd, see")),
        ("list.txt", "Süd\n".encode("utf-16"), ("keyword", "Süd")),
        (
            "watches.json",
            b'{"watches": [{"kind": "keyword", "term": "a", "weight": 4}]}',
            ("keyword", "a"),
        ),
    ],
)
def test_what_a_file_lists_is_shown_and_nothing_is_added(
    client: FlaskClient,
    services: MemoryServices,
    name: str,
    content: bytes,
    target: tuple[str, str],
) -> None:
    answer = upload(client, content, name)
    assert answer.status_code == 200
    [entry] = map(orjson.loads, entries_of(answer))
    assert (entry["kind"], entry["term"]) == target
    assert len(services.watch_list.watches) == 1
    assert services.watch_list.notes == []


def test_what_is_shown_tells_new_from_known_and_from_what_cannot_be(client: FlaskClient) -> None:
    answer = upload(client, b"boats\nnews\n@harbour\nhttps://example.org/\n<b>\nboats\n\xff\n")
    text = text_of(answer)
    for told in ("New3", "Watched already2", "Cannot be watched2", "1 of them is named by @handle"):
        assert told in text
    assert [orjson.loads(it)["term"] for it in entries_of(answer)] == ["boats", "@harbour", "<b>"]
    assert "<b>" not in answer.get_data(as_text=True)


def test_what_was_chosen_is_added_with_all_its_options_and_noted_once(
    client: FlaskClient, services: MemoryServices
) -> None:
    first_told = {"kind": "keyword", "term": "a", "weight": 4}
    second_told = {"kind": "channel", "term": ONE, "label": "B"}
    listed = orjson.dumps({"watches": [first_told, second_told]})
    answer = add(client, *entries_of(upload(client, listed)))
    assert "2 added, 0 watched already, 0 refused" in text_of(answer)
    _, first, second = services.watch_list.watches
    assert (first.term, first.weight) == ("a", 4)
    assert (second.kind, second.term, second.label) == (WatchKind.CHANNEL, ONE, "B")
    assert services.watch_list.notes == [("list.txt", {"new": 2, "known": 0, "rejected": 0})]
    assert {actor.name for actor in services.watch_list.actors} == {THIS_MACHINE}


def test_chunks_are_counted_together_and_noted_with_the_last(
    client: FlaskClient, services: MemoryServices
) -> None:
    first = add(client, keyword("a"), keyword("news"), more="yes").get_data(as_text=True)
    counts = dict(re.findall(r'data-(new|known|rejected)="(\d+)"', first))
    assert counts == {"new": "1", "known": "1", "rejected": "0"}
    assert services.watch_list.notes == []
    add(client, keyword("b"), "no JSON", **counts)
    assert services.watch_list.notes == [("list.txt", {"new": 2, "known": 1, "rejected": 1})]


def test_a_stopped_import_is_noted_without_another_entry(
    client: FlaskClient, services: MemoryServices
) -> None:
    assert add(client, new="3").status_code == 200
    assert services.watch_list.notes == [("list.txt", {"new": 3, "known": 0, "rejected": 0})]
    add(client)
    assert len(services.watch_list.notes) == 1


def test_adding_twice_adds_once(client: FlaskClient, services: MemoryServices) -> None:
    for _ in range(2):
        answer = add(client, keyword("a"), keyword("b"))
    assert "0 added, 2 watched already" in text_of(answer)
    assert len(services.watch_list.watches) == 3


def test_what_there_is_no_time_for_is_offered_again(
    client: FlaskClient, services: MemoryServices
) -> None:
    services.seconds = iter([0.0, 5.0, 20.0, 30.0, 31.0, 32.0])
    entries = [keyword("a"), keyword("b"), "no JSON", keyword("c")]
    first = add(client, *entries)
    assert "There was no time for the other 2" in text_of(first)
    assert entries_of(first) == entries[2:]
    assert services.watch_list.notes == []
    last = add(client, *entries_of(first), new="2")
    assert "3 added, 0 watched already, 1 refused" in text_of(last)
    assert services.watch_list.notes == [("list.txt", {"new": 3, "known": 0, "rejected": 1})]


def test_a_handle_that_nobody_has_costs_that_entry_alone(client: FlaskClient) -> None:
    handles = [orjson.dumps({"kind": "channel", "term": it}).decode() for it in ("@sea", "@nobody")]
    text = text_of(add(client, *handles))
    assert "1 added, 0 watched already, 1 refused" in text
    assert "@nobody: YouTube has no channel @nobody" in text


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ("", "not JSON"),
        ("[" * 5_000, "not JSON"),
        ("null", "it needs a kind"),
        ("[]", "it needs a kind"),
        ('{"kind": "keyword"}', "it needs a kind"),
        ('{"kind": "removed", "term": "a"}', "it needs a kind"),
        ('{"kind": "keyword", "term": "a\\u0000b"}', "control characters"),
        ('{"kind": "keyword", "term": "a", "watch_id": 1}', "there is no option"),
        ('{"kind": "keyword", "term": "a", "weight": 1000}', "weight: must be"),
        ('{"kind": "keyword", "term": "%s"}' % ("x" * 201), "1 to 200 characters"),
        ('{"kind": "channel", "term": "https://evil.example/@a"}', "channel"),
        ('{"kind": "channel", "term": "javascript:alert(1)"}', "channel"),
    ],
)
def test_an_entry_is_read_again_whatever_the_form_says(
    client: FlaskClient, services: MemoryServices, entry: str, reason: str
) -> None:
    answer = add(client, entry, keyword("good"))
    assert "1 added, 0 watched already, 1 refused" in text_of(answer)
    assert reason in text_of(answer)
    assert [it.term for it in services.watch_list.watches] == ["news", "good"]


def bomb(megabytes: int) -> bytes:
    return archive((CSV, table(row(ONE, "A")) + b" " * megabytes * MIB))


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.zip", b"PK\3\4 is no archive", "not a whole zip archive"),
        ("a.zip", bomb(20), "unpacks to far too much"),
        ("a.zip", archive(("history.html", b"<html>")), "holds no subscriptions"),
        ("a.opml", b'<!DOCTYPE a [<!ENTITY b "c">]><opml/>', "DOCTYPE"),
        ("a.html", b"<html><body/></html>", "not OPML"),
        ("a.json", b"[" * 100_000, "not JSON"),
        ("a.txt", b"\xff\xfea", "UTF-16"),
        ("a.png", b"\x89PNG\r\n\x1a\n\0\0", "not text"),
        ("a.csv", b"a,b\n1,2\n", "no column of this table"),
        ("a.txt", b"a\n" * 10_001, "more than 10,000 entries"),
        ("a.txt", b"#" * (MOST_BYTES + 1), "more than 4 MiB"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_the_page(
    client: FlaskClient, name: str, content: bytes, reason: str
) -> None:
    refused = upload(client, content, name)
    assert refused.status_code == 400
    assert f"{name}: " in text_of(refused)
    assert reason in text_of(refused)
    assert 'role="alert"' in refused.get_data(as_text=True)


def test_a_file_that_lists_nothing_says_so(client: FlaskClient) -> None:
    assert "There is nothing to add." in text_of(upload(client, b"# nothing\n"))


def test_a_name_that_is_markup_stays_text(client: FlaskClient) -> None:
    answer = upload(client, b"boats\n", "<script>alert(1)</script>.txt")
    assert "<script>alert" not in answer.get_data(as_text=True)
    assert "<script>alert(1)</script>.txt" in text_of(answer)


def test_a_thousand_entries_fit_one_request_and_one_more_does_not(
    client: FlaskClient, services: MemoryServices
) -> None:
    terms = [f"{'日本' * 90} {number}" for number in range(MAX_WATCHES + 1)]
    listed = upload(client, "\n".join(terms[1:]).encode())
    assert len(entries_of(listed)) == MAX_WATCHES - 1  # there is one already
    services.seconds = iter([0.0] * 2_000)
    assert "999 added" in text_of(add(client, *map(keyword, terms[2:])))
    assert add(client, *map(keyword, terms)).status_code == 400
    assert add(client, *["x"] * 2_000).status_code == 413


FILE = part("file", "boats", '; filename="a.txt"')


@pytest.mark.parametrize(
    "parts",
    [
        "",
        part("file", "boats"),
        FILE + FILE,
        FILE + part("more", "x"),
        FILE + part("other", "boats", '; filename="b.txt"'),
        FILE + part("csrf_token", "x"),
    ],
    ids=["nothing", "a field", "two files", "another field", "another file", "two tokens"],
)
def test_only_the_form_of_the_page_is_read(
    client: FlaskClient, services: MemoryServices, parts: str
) -> None:
    body = part("csrf_token", token(client)) + parts + "--x--\r\n"
    assert raw(PATH, body.encode(), client).status_code == 400
    assert services.watch_list.actors == []


@pytest.mark.parametrize("name", ["", "\x1f"])
def test_without_a_file_the_page_asks_for_one(client: FlaskClient, name: str) -> None:
    nothing = part("file", "", f'; filename="{name}"')
    body = part("csrf_token", token(client)) + nothing + "--x--\r\n"
    refused = raw(PATH, body.encode(), client)
    assert refused.status_code == 400
    assert "Choose a file first." in text_of(refused)


@pytest.mark.parametrize(
    "changes",
    [{"new": "-1"}, {"new": "x"}, {"known": "10001"}, {"rejected": "\u0661"}, {"other": "x"}],
)
def test_counts_that_no_page_of_ours_has_are_refused(
    client: FlaskClient, services: MemoryServices, changes: dict[str, str]
) -> None:
    assert add(client, keyword("a"), **changes).status_code == 400
    assert len(services.watch_list.watches) == 1


def test_a_form_that_is_not_multipart_is_refused(client: FlaskClient) -> None:
    fields = {"csrf_token": token(client)}
    assert client.post(PATH, data=fields).status_code == 400


@pytest.mark.parametrize("path", [PATH, ADD])
def test_a_form_without_its_token_is_refused_before_anything_is_read(
    client: FlaskClient, services: MemoryServices, path: str
) -> None:
    token(client)
    body = (FILE + part("csrf_token", "0" * 64) + "--x--\r\n").encode()
    assert raw(path, body, client).status_code == 403
    assert raw(path, b"no multipart", client).status_code == 403
    assert services.watch_list.actors == []


@pytest.mark.parametrize("path", [PATH, ADD])
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Host": "evil.example"},
    ],
    ids=lambda it: "".join(it.values()),
)
def test_a_foreign_page_imports_nothing_even_with_the_token(
    client: FlaskClient, services: MemoryServices, path: str, headers: dict[str, str]
) -> None:
    body = part("csrf_token", token(client)) + FILE + "--x--\r\n"
    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    refused = client.post(path, data=body.encode(), headers={**kind, **headers})
    assert refused.status_code in (303, 403, 421)
    assert refused.headers.get("Location", "/login").partition("?")[0] == "/login"
    assert services.watch_list.actors == []


@pytest.mark.parametrize("path", [PATH, ADD])
def test_a_stranger_is_turned_away(client: FlaskClient, path: str) -> None:
    stranger = {"REMOTE_ADDR": "203.0.113.7"}
    refused = client.post(path, data=b"x" * MIB, environ_overrides=stranger)
    assert refused.status_code == 303
    assert refused.headers["Location"] == "/login?lost=yes&then=%2F"


def test_only_an_import_may_be_large_and_not_beyond_its_bound(client: FlaskClient) -> None:
    assert upload(client, b"#" * (MAX_BODY_BYTES * 2)).status_code == 200
    refused = upload(client, b"#" * MAX_UPLOAD_BYTES)
    assert refused.status_code == 413
    assert "At most 8 MiB are read" in text_of(refused)
    large = client.post("/dashboard/watches", data={"watch": "x" * MAX_BODY_BYTES})
    assert large.status_code == 413


def test_without_a_database_people_are_told_in_a_page(
    client: FlaskClient, services: MemoryServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> None:
        raise StoreUnavailableError("db-17.internal refused")

    monkeypatch.setattr(services.watch_list, "list_all", away)
    for refused in (upload(client, b"boats"), add(client, keyword("a"))):
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")
        assert "db-17" not in refused.get_data(as_text=True)


def test_the_page_works_below_a_prefix(client: FlaskClient) -> None:
    page = client.get(PATH, environ_overrides={"SCRIPT_NAME": "/newsreel"}).get_data(as_text=True)
    addresses = re.findall(r'(?:href|action|src)="(/[^"]*)"', page)
    assert addresses
    assert [it for it in addresses if not it.startswith("/newsreel/")] == []
