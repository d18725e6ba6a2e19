from __future__ import annotations

import json
import logging
from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import create_engine, event

from app.telemetry import Incidents, configure_logging, get_logger, redact

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY = "AIza" + "Sy_-" * 8 + "abc"


class Written:
    """What was written to the standard error stream, by lines."""

    def __init__(self) -> None:
        self.stream = StringIO()

    def lines(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.stream.getvalue().splitlines()]


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[Written]:
    """Logs as a process of ours does, for one test."""
    kept, root = Written(), logging.getLogger()
    level = root.level
    monkeypatch.setattr("sys.stderr", kept.stream)
    configure_logging("info")
    (handler,) = root.handlers
    yield kept
    root.removeHandler(handler)
    root.setLevel(level)


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        (f"GET /youtube/v3/search?key={KEY}&q=a", "GET /youtube/v3/search?key=***&q=a"),
        ("?q=a&key=canary-key", "?q=a&key=***"),
        (f"header {KEY}, end", "header ***, end"),
        ("mysql+pymysql://u:p@host/db", "mysql+pymysql://u:***@host/db"),
        ("redis://:pass@host:6379/0", "redis://:***@host:6379/0"),
        ("postgresql://u:p@ss@host/db", "postgresql://u:***@host/db"),
        ("https://host:8080/path?a=b@c", "https://host:8080/path?a=b@c"),
        ("nothing to hide: 12:30", "nothing to hide: 12:30"),
        (f"client nrc_1 sent nrs_{'-aZ_' * 10}, oh", "client nrc_1 sent ***, oh"),
        (f"GET /feed.atom?token=nrf_{'x' * 43}&limit=1", "GET /feed.atom?token=***&limit=1"),
        (f"newsreel=nrb_{'-a_Z' * 10}abc; a=b", "newsreel=***; a=b"),
        ("Bearer eyJhbGciOiJI.eyJzdWIiOiJu.dG-9_w", "Bearer ***"),
        ("token eyJhbGciOiJI.eyJzdWIiOiJu.dG-9_w!", "token ***!"),
        (f"signed with nws_{'x' * 43}.", "signed with ***."),
        ("grant_type=x&client_secret=s3cret-&scope=y", "grant_type=x&client_secret=***&scope=y"),
        ("/websub?token=s3cret&password=s3cret.", "/websub?token=***&password=***"),
        ("Authorization: Basic czNjcmV0", "Authorization: Basic ***"),
        ("{'X-Goog-Api-Key': 's3cret'}", "{'X-Goog-Api-Key': '***'}"),
        ("Set-Cookie: session=s3cret; Path=/", "Set-Cookie: *** Path=/"),
        ("a basic idea, a bearer of news", "a basic idea, a bearer of news"),
        ("the primary key and the token bucket", "the primary key and the token bucket"),
    ],
)
def test_keys_and_passwords_are_redacted_and_nothing_else(text: str, redacted: str) -> None:
    assert redact(text) == redacted


@given(st.text())
def test_redaction_keeps_a_json_line_a_json_line(text: str) -> None:
    for value in (text, f"key={text}", f"Cookie: {text}", f"redis://:{text}@host"):
        assert isinstance(
            json.loads(redact(json.dumps({"a": value, "cookie": 5, "b": "c@d"}))), dict
        )


def test_a_line_is_one_json_object_with_level_logger_and_time(written: Written) -> None:
    get_logger("app.test").info("video_stored", video_id="a\nb")
    (line,) = written.lines()
    assert line["event"] == "video_stored"
    assert line["video_id"] == "a\nb"
    assert (line["level"], line["logger"]) == ("info", "app.test")
    assert str(line["timestamp"]).endswith("Z")


@pytest.mark.parametrize(
    "text",
    [
        *("a\nb", "a\rb", "a\r\n{}", "\u2028", "\u2029", "\x85", "\x0b\x0c", "\x1b[2J\x1b]0;x\a"),
        *("\x9b31m", "\0", "\u202e", '"}\n{"event": "forged"}', "\\", "\x08" * 9),
    ],
)
def test_no_text_begins_a_line_or_reaches_a_terminal(written: Written, text: str) -> None:
    log = get_logger("app.test")
    log.error("request_failed", path=text, nested={text: [text]})
    logging.getLogger("library").error("a library says %s", text)
    log.error("with_traceback", exc_info=ValueError(text))
    said = written.stream.getvalue()
    assert said.isascii()
    assert all(line.isprintable() for line in said.split("\n"))
    first, second, third = written.lines()
    assert (first["path"], second["event"]) == (text, f"a library says {text}")
    assert third["event"] == "with_traceback"


def test_no_line_holds_a_key_wherever_it_stood(written: Written) -> None:
    log = get_logger("app.test")
    log.error(KEY, detail=KEY, nested={"inner": [KEY]}, error=ValueError(KEY))
    logging.getLogger("library").warning("a library says %s", f"key={KEY}")
    try:
        int(f"https://host/?key={KEY}")
    except ValueError:
        log.exception("with_traceback")
        logging.getLogger("library").exception("with a traceback")
    assert len(written.lines()) == 4
    assert KEY not in written.stream.getvalue()


def test_lines_below_the_level_and_chatter_of_libraries_are_left_out(
    written: Written,
) -> None:
    get_logger("app.test").debug("unheard")
    logging.getLogger("alembic.runtime.migration").info("unheard")
    logging.getLogger("googleapiclient.discovery").warning("unheard")
    assert written.lines() == []


def test_a_connection_that_its_database_took_along_is_no_traceback(written: Written) -> None:
    engine = create_engine("sqlite://")

    @event.listens_for(engine, "reset")
    def fail(*_: object) -> None:
        raise ConnectionResetError

    with engine.connect() as connection:
        connection.exec_driver_sql("SELECT 1")
    engine.dispose()
    assert written.lines() == []


def test_trouble_is_told_when_it_begins_and_when_it_ends(
    written: Written,
) -> None:
    incidents = Incidents(get_logger("app.incidents"))
    incidents.end("redis")
    for detail in ("refused", "timed out", "refused"):
        incidents.begin("redis", detail)
    incidents.begin("database", "away")
    incidents.end("redis")
    incidents.end("redis")
    incidents.begin("redis", "refused")
    told = [(line["event"], line["code"]) for line in written.lines()]
    assert told == [
        ("incident_began", "redis"),
        ("incident_began", "database"),
        ("incident_ended", "redis"),
        ("incident_began", "redis"),
    ]


def test_of_many_threads_in_the_same_trouble_one_tells_it(
    written: Written,
) -> None:
    incidents = Incidents(get_logger("app.incidents"))
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: incidents.begin("redis", f"{n}"), range(100)))
    assert len(written.lines()) == 1
