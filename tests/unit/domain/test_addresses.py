from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.addresses import (
    is_handle,
    parse_address,
    parse_channel_reference,
    parse_target,
    search_address,
)
from app.domain.errors import InvalidValueError
from app.domain.watches import WatchKind, parse_keyword

CHANNEL = "UC0123456789012345678_-A"


@pytest.mark.parametrize(
    "text",
    [
        CHANNEL,
        f" {CHANNEL}\n",
        f"http://www.youtube.com/channel/{CHANNEL}",
        f"https://m.youtube.com/channel/{CHANNEL}/videos?view=0#top",
        f"HTTPS://YouTube.com/channel/{CHANNEL}/",
        f"youtube.com/channel/{CHANNEL}",
        f"www.youtube.com/channel/{CHANNEL}",
        f"https://www.youtube.com/feeds/videos.xml?channel_id={CHANNEL}",
    ],
)
def test_a_channel_is_known_by_its_id_wherever_it_stands(text: str) -> None:
    assert parse_target(text) == parse_address(text) == (WatchKind.CHANNEL, CHANNEL)
    assert parse_channel_reference(text) == CHANNEL


@pytest.mark.parametrize(
    "text",
    [
        "https://www.youtube.com/watch?v=dQw4w9WgXcQ",
        "https://youtu.be/dQw4w9WgXcQ",
        "youtu.be/dQw4w9WgXcQ",
        "https://www.youtube.com/shorts/dQw4w9WgXcQ",
    ],
)
def test_a_video_is_refused_as_one(text: str) -> None:
    for parse in (parse_target, parse_address, parse_channel_reference):
        with pytest.raises(InvalidValueError, match="address of a video; a channel is given by"):
            parse(text)


def test_the_id_of_a_video_is_no_channel() -> None:
    for parse in (parse_address, parse_channel_reference):
        with pytest.raises(InvalidValueError, match="id of a video; a channel is given by"):
            parse("dQw4w9WgXcQ")


@pytest.mark.parametrize(
    "text",
    [
        "javascript:alert(1)",
        "JavaScript:alert(1)//youtube.com",
        "data:text/html,hi",
        "file:///etc/passwd",
        f"ftp://www.youtube.com/channel/{CHANNEL}",
        f"https://example.org/channel/{CHANNEL}",
        f"https://www.youtube.com@example.org/channel/{CHANNEL}",
        f"https://www.youtube.com.example.org/channel/{CHANNEL}",
        "https://[::1/channel",
        "https://www.youtube.com/channel/UCshort",
        "https://www.youtube.com/c/name",
        "https://www.youtube.com/",
        "https://www.youtube.com/feeds/videos.xml?playlist_id=PL1",
        "https://www.youtube.com/results",
    ],
)
def test_an_address_of_anything_else_is_refused(text: str) -> None:
    for parse in (parse_target, parse_address):
        with pytest.raises(InvalidValueError):
            parse(text)


@pytest.mark.parametrize(
    "text", ["news", "C++: why", "a/b", "1:0", "@ the sea", "youtube.community", "programming"]
)
def test_what_looks_like_no_address_is_a_keyword(text: str) -> None:
    assert parse_target(text) == (WatchKind.KEYWORD, text)


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=200))
def test_the_address_of_a_search_gives_its_keyword_back(text: str) -> None:
    if text.strip():
        term = parse_keyword(text)
        assert parse_address(search_address(term)) == (WatchKind.KEYWORD, term)


@given(st.text())
def test_no_text_brings_a_parser_down(text: str) -> None:
    for parse in (parse_target, parse_address):
        with suppress(InvalidValueError):
            parse(text)


@pytest.mark.parametrize(
    ("text", "handle"),
    [
        ("@CityNews", "@CityNews"),
        ("https://www.youtube.com/@city.news-24/videos", "@city.news-24"),
        ("@समाचार", "@समाचार"),
        ("youtube.com/@%E3%83%8B%E3%83%A5%E3%83%BC%E3%82%B9", "@ニュース"),
        ("https://www.youtube.com/@cafe\u0301", "@café"),
    ],
)
def test_a_handle_is_told_from_an_id(text: str, handle: str) -> None:
    assert parse_channel_reference(text) == handle
    assert parse_target(text) == parse_address(text) == (WatchKind.CHANNEL, handle)
    assert is_handle(handle)
    assert not is_handle(CHANNEL)


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "@", "city news", CHANNEL[:-1], CHANNEL + "x", "UU" + CHANNEL[2:]),
        *("javascript:alert(1)", f"javascript://www.youtube.com/channel/{CHANNEL}"),
        f"https://youtube.com.evil.example/channel/{CHANNEL}",
        f"https://user@www.youtube.com/channel/{CHANNEL}",
        f"https://www.youtube.com:8443/channel/{CHANNEL}",
        f"ftp://www.youtube.com/channel/{CHANNEL}",
        *("https://www.youtube.com/", "https://www.youtube.com/c/CityNews", "http://[::1"),
        *("a\0b", "@a\nb", "\ud83d", "@" + "x" * 101, "x" * 401),
        "https://www.youtube.com/channel/@CityNews",
    ],
)
def test_anything_else_is_refused_with_what_is_wanted(text: str) -> None:
    with pytest.raises(InvalidValueError, match="UC and 22"):
        parse_channel_reference(text)


def test_a_search_is_told_to_be_no_channel() -> None:
    with pytest.raises(InvalidValueError, match=r"search; a channel is given by"):
        parse_channel_reference(search_address("boats"))
