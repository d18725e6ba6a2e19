import pytest

from app.domain.channels import parse_channel_name, usual_playlist
from app.domain.errors import InvalidValueError

ID = "UC" + "a-_1" * 5 + "zz"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (ID, ID),
        (f"  {ID}\n", ID),
        ("@harbour", "@harbour"),
        ("@größe.1-x", "@größe.1-x"),
        (f"https://www.youtube.com/channel/{ID}", ID),
        (f"http://youtube.com/channel/{ID}/videos?view=0", ID),
        ("https://m.youtube.com/@harbour/featured", "@harbour"),
        ("www.youtube.com/@harbour", "@harbour"),
        ("https://www.youtube.com/%40gr%C3%B6%C3%9Fe", "@größe"),
    ],
)
def test_a_channel_is_named_by_id_handle_or_url(text: str, name: str) -> None:
    assert parse_channel_name(text) == name


@pytest.mark.parametrize(
    "text",
    [
        "",
        "@",
        "harbour",
        "dQw4w9WgXcQ",
        "UC123",
        "javascript:alert(1)//youtube.com/@harbour",
        "https://example.com/@harbour",
        "https://youtube.com.example.com/@harbour",
        "https://www.youtube.com/watch?v=dQw4w9WgXcQ",
        "https://www.youtube.com/",
        "ftp://www.youtube.com/@harbour",
        "https://[/@x",
        "@two words",
        f"{ID}\x00",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(InvalidValueError):
        parse_channel_name(text)


def test_the_playlist_of_uploads_is_named_like_the_channel() -> None:
    assert usual_playlist(ID) == "UU" + ID[2:]
