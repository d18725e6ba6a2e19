from __future__ import annotations

import pytest

from app.domain.errors import InvalidValueError
from app.domain.options import MAX_LABEL_CHARACTERS
from tests.unit.ingest.exchange.files import (
    HEADERS,
    ONE,
    TWO,
    archive,
    channels,
    entries,
    read,
    rejections,
    row,
    subscription,
    subscriptions,
    table,
)


@pytest.mark.parametrize("header", HEADERS)
def test_subscriptions_are_read_in_any_language(header: str) -> None:
    content = table(row(ONE, "Café"), row(TWO, '"A, B"'), header=header)
    assert entries(content) == channels((ONE, "Café"), (TWO, "A, B"))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_subscriptions_are_read_in_any_usual_encoding(encoding: str, line_end: str) -> None:
    text = table(row(ONE, "Née"), row(TWO, "日本")).decode().replace("\n", line_end)
    assert entries(text.encode(encoding)) == channels((ONE, "Née"), (TWO, "日本"))


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_spreadsheet_may_have_saved_the_table_with_its_columns_moved(delimiter: str) -> None:
    rows = [("Name", "Adresse", "Kanal"), ("A", f"http://www.youtube.com/channel/{ONE}", ONE)]
    content = "\n".join(delimiter.join(cells) for cells in rows).encode()
    assert entries(content) == channels((ONE, "A"))


def test_a_table_without_a_header_loses_no_row() -> None:
    assert entries(row(ONE, "A").encode()) == channels((ONE, "A"))


def test_each_bad_row_is_told_with_its_line_and_the_others_are_read() -> None:
    video = "dQw4w9WgXcQ"
    content = table(
        row(ONE, '"two\nlines"'), row(video, "A video"), ",,", ",no id,x", row(TWO, "B")
    )
    assert [where for where, _ in rejections(content)] == ["line 4", "line 6"]
    assert "id of a video" in rejections(content)[0][1]
    assert "empty" in rejections(content)[1][1]
    assert len(read(content)) == 4


def test_a_byte_that_is_no_utf_8_spoils_a_name_and_nothing_else() -> None:
    content = table(row(ONE, "A?"), row(TWO, "B")).replace(b"A?", b"A\xe9")
    assert entries(content) == channels((ONE, "A"), (TWO, "B"))


def test_control_characters_in_a_name_are_dropped_and_a_long_name_is_cut() -> None:
    content = table(row(ONE, "a\0b\x1bc"), row(TWO, "x" * 5_000))
    assert entries(content) == channels((ONE, "abc"), (TWO, "x" * MAX_LABEL_CHARACTERS))


@pytest.mark.parametrize("content", [table(), table("UCnot,a,channel"), b"", b"\n\n"])
def test_a_table_without_channels_is_not_taken_for_keywords(content: bytes) -> None:
    with pytest.raises(InvalidValueError, match="no column"):
        read(content, "Subscriptions.CSV")


def test_an_endless_cell_is_refused() -> None:
    content = table(row(ONE, "A"), f'{TWO},x,"' + "y" * 200_000)
    with pytest.raises(InvalidValueError, match="line 3"):
        read(content)


@pytest.mark.parametrize("rest", ["", ',"', 'x" y'])
def test_a_quotation_mark_left_open_does_not_swallow_the_channels_after_it(rest: str) -> None:
    content = table(row(ONE, '"A'), row(TWO, "B" + rest))
    with pytest.raises(InvalidValueError, match=r"line 2.*quotation mark"):
        read(content)


def test_the_older_json_names_the_channel_subscribed_to_and_not_the_subscriber() -> None:
    content = subscriptions(subscription(ONE, "A"), subscription(TWO, "B"))
    assert entries(content) == channels((ONE, "A"), (TWO, "B"))


def test_what_is_no_subscription_in_the_json_is_told() -> None:
    content = subscriptions(
        None, subscription(ONE, "A"), {"snippet": []}, subscription("dQw4w9WgXcQ", "B")
    )
    assert [where for where, _ in rejections(content)] == ["item 1", "item 3", "item 4"]


@pytest.mark.parametrize(
    "content", [b"[", b"{}", b'{"watches": 1}', b'["\\ud800"]', b"[" * 5_000, b"[1e999x]"]
)
def test_json_that_is_neither_list_is_refused(content: bytes) -> None:
    with pytest.raises(InvalidValueError):
        read(content)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (
            "Takeout/YouTube y YouTube\u00a0Music/suscripciones/suscripciones.csv",
            table(row(ONE, "A")),
        ),
        ("Takeout/YouTube/subscriptions/subscriptions.json", subscriptions(subscription(ONE, "A"))),
    ],
)
def test_subscriptions_are_found_anywhere_in_an_archive(name: str, content: bytes) -> None:
    others = (
        ("Takeout/archive_browser.html", b"<html>"),
        ("Takeout/YouTube/channels/channel.csv", f"Channel ID,Title\n{TWO},mine\n".encode()),
        ("Takeout/YouTube/comments/comments.csv", f"Comment,Channel\nx,{TWO}\n".encode()),
        ("Takeout/YouTube/history/watch-history.json", b'[{"header": "YouTube"}]'),
        ("Takeout/YouTube/playlists/a.csv", b"Video ID,Time\ndQw4w9WgXcQ,2026\n"),
    )
    assert entries(archive(*others, (name, content))) == channels((ONE, "A"))
