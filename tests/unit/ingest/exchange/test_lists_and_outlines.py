from __future__ import annotations

import pytest

from app.domain.watches import WatchKind
from tests.unit.ingest.exchange.files import (
    ONE,
    TWO,
    channels,
    entries,
    outline,
    read,
    rejections,
)


def test_a_list_holds_a_keyword_or_channel_a_line() -> None:
    lines = [
        "# what I like",
        "",
        "  lofi beats ",
        ONE,
        f"https://www.youtube.com/channel/{TWO}",
        "@me1",
    ]
    keyword = (WatchKind.KEYWORD, "lofi beats", "")
    expected = [keyword, *channels((ONE, ""), (TWO, ""), ("@me1", ""))]
    for line_end in ("\n", "\r\n", "\r"):
        assert entries(line_end.join(lines).encode()) == expected


@pytest.mark.parametrize("line", ['"a phrase" -b|c', "a, b", "日本語", "💥", "O'Hara; x", "<b"])
def test_a_keyword_is_taken_as_it_stands(line: str) -> None:
    assert entries(f"first\n{line}".encode())[1] == (WatchKind.KEYWORD, line, "")


def test_each_line_that_cannot_be_watched_is_told_and_the_others_are_read() -> None:
    bad = (b"x" * 300, b"be\x07ll", b"caf\xe9", b"javascript:alert(1)")
    content = b"\n".join((b"good", *bad, b"https://youtu.be/dQw4w9WgXcQ", b"too"))
    assert [where for where, _ in rejections(content)] == [f"line {n}" for n in range(2, 7)]
    assert len(read(content)) == 7


def test_a_separator_that_only_unicode_knows_begins_no_line() -> None:
    assert [where for where, _ in rejections("a\x0bb\nc\x85d\ne\u2028f\n\x1c".encode())] == [
        "line 1",
        "line 2",
    ]


def test_an_outline_gives_channels_of_any_depth_by_feed_or_page() -> None:
    content = outline(
        '<outline text="Subscriptions"><outline text="deeper">',
        f'<outline title="A &amp; B" xmlUrl="https://www.youtube.com/feeds/videos.xml?channel_id={ONE}"/>',
        "</outline></outline>",
        f'<OUTLINE TEXT="C" XMLURL="" HTMLURL="https://www.youtube.com/channel/{TWO}"/>',
    )
    assert entries(content) == channels((ONE, "A & B"), (TWO, "C"))


def test_an_outline_may_hold_bare_ids_and_be_in_another_encoding() -> None:
    body = f'<opml><outline text="é" xmlUrl="{ONE}"/></opml>'
    declared = f'<?xml version="1.0" encoding="iso-8859-1"?>{body}'
    assert entries(declared.encode("latin-1")) == channels((ONE, "é"))
    assert entries(declared.replace("iso-8859-1", "utf-16").encode("utf-16")) == channels(
        (ONE, "é")
    )


def test_feeds_of_other_sites_are_told_with_their_line() -> None:
    content = outline(
        '\n<outline text="A blog" xmlUrl="https://example.org/feed"/>',
        '\n<outline text="bad" xmlUrl="javascript:alert(1)"/>',
        f'\n<outline text="good" xmlUrl="https://example.org/" htmlUrl="{ONE}"/>',
    )
    assert [where for where, _ in rejections(content)] == ["line 2", "line 3"]
    assert len(read(content)) == 3
