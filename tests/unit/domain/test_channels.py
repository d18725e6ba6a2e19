import pytest

from app.domain.channels import parse_channel, usual_playlist
from app.domain.errors import InvalidValueError

CHANNEL = "UC0123456789012345678_-A"


def test_a_channel_is_its_id() -> None:
    assert parse_channel(f" {CHANNEL} ") == CHANNEL


@pytest.mark.parametrize("text", ["", CHANNEL[:-1], CHANNEL + "x", "@handle", "UU" + CHANNEL[2:]])
def test_anything_but_a_channel_id_is_refused(text: str) -> None:
    with pytest.raises(InvalidValueError):
        parse_channel(text)


def test_the_playlist_of_uploads_is_named_like_the_channel() -> None:
    assert usual_playlist(CHANNEL) == "UU" + CHANNEL[2:]
