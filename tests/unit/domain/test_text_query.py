from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import InvalidValueError
from app.domain.text_query import (
    MAX_PHRASES,
    MAX_QUERY_CHARACTERS,
    Phrase,
    TextQuery,
    parse_text_query,
)


def wanted(text: str) -> tuple[Phrase, ...]:
    return parse_text_query(text).wanted


def test_words_phrases_exclusions_and_beginnings_are_told_apart() -> None:
    assert parse_text_query('cat "black dog" -bird -"big house" hors*') == TextQuery(
        (Phrase(("cat",)), Phrase(("black", "dog")), Phrase(("hors",), prefix=True)),
        (Phrase(("bird",)), Phrase(("big", "house"))),
    )


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("CAFÉ", ("cafe",)),
        ("wi-fi", ("wifi",)),
        ("don\u2019t", ("dont",)),
        ("#Shorts", ("shorts",)),
        ("AC/DC", ("ac", "dc")),
        ("東京tower", ("東京", "tower")),
        ("a_b", ("a", "b")),
        ('"wi-fi at home"', ("wi", "fi", "at", "home")),
        ('"never closed', ("never", "closed")),
    ],
)
def test_what_is_typed_is_read_as_folded_words(typed: str, words: tuple[str, ...]) -> None:
    assert wanted(typed) == (Phrase(words),)


def test_the_last_word_of_a_phrase_may_go_on() -> None:
    assert wanted('"new yor*"') == (Phrase(("new", "yor"), prefix=True),)


def test_a_word_asked_for_twice_is_asked_for_once() -> None:
    assert wanted("cat Cat CAT") == (Phrase(("cat",)),)


@pytest.mark.parametrize(
    "typed", ["", "   ", "-cat", '-"black cat" -dog', "!!! ??", '""', "- *", "\0", "https://a.b/c"]
)
def test_a_query_without_anything_to_look_for_is_refused(typed: str) -> None:
    with pytest.raises(InvalidValueError, match="word to look for"):
        parse_text_query(typed)


def test_a_query_has_limits() -> None:
    with pytest.raises(InvalidValueError, match="200 characters"):
        parse_text_query("a" * (MAX_QUERY_CHARACTERS + 1))
    with pytest.raises(InvalidValueError, match="16 words"):
        parse_text_query(" ".join(f"w{number}" for number in range(MAX_PHRASES + 1)))
    assert len(wanted(" ".join(f"w{number}" for number in range(MAX_PHRASES)))) == MAX_PHRASES


@given(st.text(st.characters(codec=None), max_size=MAX_QUERY_CHARACTERS))
def test_nothing_that_can_be_typed_breaks_the_reading(typed: str) -> None:
    try:
        query = parse_text_query(typed)
    except InvalidValueError:
        return
    assert query.wanted
    for phrase in query.wanted + query.excluded:
        assert phrase.words
        assert all(phrase.words)
