from __future__ import annotations

import json
import re
from datetime import UTC, datetime

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.domain.errors import InvalidValueError
from app.domain.folding import HANGUL, UNSPACED, fold
from app.domain.text_query import TextQuery, parse_text_query
from app.store.search_text import needle_of, search_text, tokens_of
from tests.text_reference import holds

AT = datetime(2026, 5, 1, 12, tzinfo=UTC)
TITLES = st.text(max_size=60)
FEW_LETTERS = st.text(
    st.sampled_from("aab é1-'#\"* жи نا नी 東京都ニュース서울กรุงเ🔥+../"), min_size=1, max_size=25
)
RUNS = re.compile(f"[{UNSPACED}]+|[{HANGUL}]+")


def text_of(title: str) -> str:
    return search_text(title, "", None, "", AT)


def finds(query: TextQuery, text: str) -> bool:
    wanted = all(needle_of(phrase) in text for phrase in query.wanted)
    return wanted and not any(needle_of(phrase) in text for phrase in query.excluded)


def parsed(typed: str) -> TextQuery:
    try:
        return parse_text_query(typed)
    except InvalidValueError:
        assume(condition=False)
        raise


@given(TITLES)
def test_every_word_of_a_title_finds_it(title: str) -> None:
    for word in fold(title).split("\0")[0].split():
        assert finds(parsed(f'"{word}"'), text_of(title))


@given(FEW_LETTERS, FEW_LETTERS, FEW_LETTERS)
def test_a_query_finds_what_holds_its_words_and_nothing_else(
    title: str, channel: str, typed: str
) -> None:
    query = parsed(typed)
    text = search_text(title, "", None, channel, AT)
    assert finds(query, text) == holds([title, "", channel], query)


@given(TITLES, TITLES)
def test_any_two_texts_are_told_apart_as_their_words_are(title: str, typed: str) -> None:
    query = parsed(typed[:50])
    assert finds(query, text_of(title)) == holds([title], query)


@given(st.text(st.sampled_from("東京都大阪ニュースกรุงเทพ서울의뉴ລາວမြန်ខ្មែរ ,"), max_size=20))
def test_any_one_two_or_three_characters_of_a_script_without_spaces_find_the_text(
    title: str,
) -> None:
    text = text_of(title)
    for run in RUNS.findall(fold(title)):
        for start in range(len(run)):
            for length in (1, 2, 3):
                assert finds(parsed(f'"{run[start : start + length]}"'), text)


@given(TITLES)
def test_every_token_is_a_word_to_every_index(title: str) -> None:
    for token in text_of(title).split():
        assert token == "." or re.fullmatch("[xt][a-z0-9_]{2,83}", token)


def test_stop_words_and_single_letters_are_words_like_others() -> None:
    assert text_of("The C of a").startswith(" xthe xc_ xof xa_ . . t1_")


def test_a_single_letter_is_no_beginning_of_a_word_unless_asked_for() -> None:
    assert not finds(parsed("a"), text_of("abc a1"))
    assert finds(parsed("a*"), text_of("b a"))
    assert finds(parsed("a*"), text_of("b abc"))


@pytest.mark.parametrize("typed", ["title", "words", "tagged", "channel"])
def test_title_description_tags_and_channel_are_searched(typed: str) -> None:
    tags = json.dumps(["is tagged", "x"])
    assert finds(parsed(typed), search_text("title", "some words", tags, "channel", AT))


def test_no_phrase_crosses_from_one_text_into_the_next() -> None:
    text = search_text("black", "cat", json.dumps(["white", "dog"]), "bird", AT)
    for typed in ('"black cat"', '"cat white"', '"white dog"', '"dog bird"'):
        assert not finds(parsed(typed), text)


def test_very_long_words_are_compared_by_their_beginning() -> None:
    assert finds(parsed("ж" * 60), text_of("ж" * 50))
    assert not finds(parsed("ж" * 18), text_of("ж" * 50))
    assert all(len(token) <= 80 for token in tokens_of(parsed("ж" * 60).wanted[0]))


@given(TITLES)
def test_no_word_is_taken_for_a_day(typed: str) -> None:
    days = set(text_of("").split()) - {"."}
    assert len(days) == 4
    assert not any(set(tokens_of(phrase)) & days for phrase in parsed(typed[:50]).wanted)
