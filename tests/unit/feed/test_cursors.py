from __future__ import annotations

from base64 import urlsafe_b64encode
from datetime import UTC, datetime

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.domain.errors import InvalidValueError
from app.domain.feeds import Cursor, Position
from app.feed.cursors import decode_cursor, encode_cursor

CURSORS = st.builds(
    Cursor,
    st.builds(
        Position,
        st.datetimes(timezones=st.just(UTC)),
        st.from_regex(r"[A-Za-z0-9_-]{11}", fullmatch=True),
    ),
    newer=st.booleans(),
)
CURSOR = Cursor(Position(datetime(2026, 5, 1, tzinfo=UTC), "aaaaaaaaaaa"))


def _is_refused(text: str) -> bool:
    try:
        decode_cursor(text)
    except InvalidValueError:
        return True
    return False


@given(CURSORS)
def test_a_cursor_comes_back_equal_and_needs_no_escaping(cursor: Cursor) -> None:
    text = encode_cursor(cursor)
    assert decode_cursor(text) == cursor
    assert text.replace("-", "").replace("_", "").isalnum()
    assert text.isascii()


@given(CURSORS, st.data())
def test_no_two_texts_are_the_same_cursor(cursor: Cursor, data: st.DataObject) -> None:
    text = encode_cursor(cursor)
    at = data.draw(st.integers(0, len(text)))
    other = text[:at] + data.draw(st.characters()) + text[at + data.draw(st.integers(0, 1)) :]
    assume(other != text)
    assert _is_refused(other) or decode_cursor(other) != cursor


@given(st.text())
def test_any_other_text_is_refused(text: str) -> None:
    assert _is_refused(text)


def _encoded(plain: str) -> str:
    return urlsafe_b64encode(plain.encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "plain",
    [
        "",
        "2o0:aaaaaaaaaaa",
        "1x0:aaaaaaaaaaa",
        "1o:aaaaaaaaaaa",
        "1o00:aaaaaaaaaaa",
        "1o-0:aaaaaaaaaaa",
        "1o+1:aaaaaaaaaaa",
        "1o1_000:aaaaaaaaaaa",
        "1o0:aaaaaaaaaa",
        "1o0:aaaaaaaaaaaa",
        "1o0:aaaaaaaaaa'",
        "1o0:aaaaaaaaaaa\n",
        "1o\uff11:aaaaaaaaaaa",
        "1o999999999999999999:aaaaaaaaaaa",
        f"1o{'9' * 4_000}:aaaaaaaaaaa",
    ],
)
def test_what_only_looks_like_a_cursor_is_refused(plain: str) -> None:
    assert _is_refused(_encoded(plain))


@pytest.mark.parametrize("change", [lambda it: it + "=", lambda it: it + "\n", lambda it: " " + it])
def test_a_cursor_with_anything_added_is_refused(change: object) -> None:
    assert callable(change)
    assert _is_refused(change(encode_cursor(CURSOR)))
