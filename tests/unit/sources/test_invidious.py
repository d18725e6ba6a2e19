import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import InvidiousError
from app.domain.videos import is_video_id
from app.sources.base import SuggestionPage
from app.sources.invidious import MAX_PAGE_BYTES, MAX_PAGE_ITEMS, parse_suggestions
from tests.unit.sources.invidious_bodies import channel, page, suggestion


def test_a_page_names_videos_in_its_order_each_once() -> None:
    told = parse_suggestions(page(suggestion("bbbbbbbbbb1"), suggestion(), suggestion()))
    assert told == SuggestionPage(("bbbbbbbbbb1", "aaaaaaaaaa1"))


@pytest.mark.parametrize("kind", ["video", "shortVideo", "livestream", None])
def test_what_has_a_video_id_is_a_video_whatever_it_is_called(kind: str | None) -> None:
    assert parse_suggestions(page(suggestion(type=kind))).video_ids == ("aaaaaaaaaa1",)


@pytest.mark.parametrize(
    "bad",
    [
        channel(),
        {"type": "playlist", "playlistId": "PL1", "videos": [suggestion("cccccccccc1")]},
        suggestion("short"),
        suggestion(videoId=None),
        suggestion(videoId=["aaaaaaaaaa1"]),
        suggestion("aaaaaaaaaa\n"),
        {},
        [],
        "aaaaaaaaaa1",
        None,
    ],
)
def test_an_item_that_names_no_video_costs_itself_and_is_told(bad: object) -> None:
    told = parse_suggestions(page(bad, suggestion()))
    assert told == SuggestionPage(("aaaaaaaaaa1",), ("item 0: it names no video",))


def test_an_empty_page_is_the_end() -> None:
    assert parse_suggestions(b"[]") == SuggestionPage(())


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (
            b'{"error": "Could not <b>search</b>:\\n try later"}',
            "says: Could not search: try later",
        ),
        (b'{"error": "Bad https://x.invalid/a?q=secret"}', "says: Bad https://x.invalid/a$"),
        (b'{"error": "", "errorBacktrace": "x"}', "no page of videos"),
        (b'{"error": 17}', "no page of videos"),
        (b"<!DOCTYPE html><title>Making sure you are not a bot</title>", "no page of videos"),
        (b"", "no page of videos"),
        (b"null", "no page of videos"),
        (b"[" * 100_000, "no page of videos"),
        (b"\xff\xfe[]", "no page of videos"),
        (page(*[suggestion()] * (MAX_PAGE_ITEMS + 1)), "more items than a page has"),
        (b"[" + b" " * MAX_PAGE_BYTES + b"]", "larger than any page"),
    ],
)
def test_what_is_no_page_is_trouble_of_the_source(body: bytes, words: str) -> None:
    with pytest.raises(InvidiousError, match=words):
        parse_suggestions(body)


ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=20)
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXT, inner, max_size=3),
    max_leaves=6,
)
ODD_ITEMS = ANY_JSON | st.builds(lambda value: suggestion(videoId=value), ANY_JSON)


@given(st.lists(ODD_ITEMS, max_size=5))
def test_whatever_an_item_holds_its_neighbours_are_named(odd: list[object]) -> None:
    told = parse_suggestions(page(suggestion(), *odd, suggestion("bbbbbbbbbb1")))
    assert {"aaaaaaaaaa1", "bbbbbbbbbb1"} <= set(told.video_ids)
    assert all(map(is_video_id, told.video_ids))
    assert len(told.rejected) <= len(odd)


@given(st.binary() | ANY_JSON.map(lambda value: json.dumps(value).encode()))
def test_any_answer_is_a_page_or_trouble(body: bytes) -> None:
    try:
        told = parse_suggestions(body)
    except InvidiousError:
        return
    assert isinstance(json.loads(body), list)
    assert all(map(is_video_id, told.video_ids))
