"""How people name a channel."""

import pytest

from app.domain.channels import is_handle, parse_channel_reference
from app.domain.errors import InvalidValueError

CHANNEL = "UC0123456789012345678_-A"


@pytest.mark.parametrize(
    "text",
    [
        f" {CHANNEL}\n",
        f"https://www.youtube.com/channel/{CHANNEL}",
        f"http://youtube.com/channel/{CHANNEL}/videos?view=0#top",
        f"m.youtube.com/channel/{CHANNEL}",
        f"HTTPS://WWW.YOUTUBE.COM/channel/{CHANNEL}/",
    ],
)
def test_a_channel_is_its_id_or_the_address_of_its_page(text: str) -> None:
    assert parse_channel_reference(text) == CHANNEL


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
    found = parse_channel_reference(text)
    assert found == handle
    assert is_handle(found)
    assert not is_handle(parse_channel_reference(CHANNEL))


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


@pytest.mark.parametrize(
    "text",
    [
        "dQw4w9WgXcQ",
        "https://www.youtube.com/watch?v=dQw4w9WgXcQ",
        "youtube.com/shorts/dQw4w9WgXcQ",
    ],
)
def test_a_video_is_told_to_be_no_channel(text: str) -> None:
    with pytest.raises(InvalidValueError, match=r"video.*a channel is given by"):
        parse_channel_reference(text)
