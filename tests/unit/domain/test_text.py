from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.text import storable

ANY_TEXT = st.text(st.characters(codec=None))
SCALARS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


@given(SCALARS)
def test_every_other_character_stays(text: str) -> None:
    assert storable(text) == text


@given(ANY_TEXT)
def test_what_comes_out_can_be_stored_anywhere(text: str) -> None:
    stored = storable(text)
    stored.encode("utf-8")
    assert "\0" not in stored
    assert storable(stored) == stored


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("a\0b", "ab"),
        ("\ud83d\udd25", "🔥"),
        ("a\ud83d", "a\ufffd"),
        ("\ud83db", "\ufffdb"),
        ("\udd25\ud83d", "\ufffd\ufffd"),
        ("\ufffe\uffff", "\ufffe\uffff"),
    ],
)
def test_nul_goes_halves_join_and_lone_halves_are_replaced(text: str, stored: str) -> None:
    assert storable(text) == stored
