from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.videos import (
    CanonicalJson,
    Detail,
    LiveState,
    Video,
    differs,
    disagrees,
    is_video_id,
    merge,
)

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
FULL = Video(
    video_id="aaaaaaaaaaa",
    title="Full title",
    description="The whole text",
    published_at=NOW,
    channel_id="UC0123456789012345678901",
    channel_title="Channel",
    detail=Detail.FULL,
    thumbnails=CanonicalJson('{"maxres":{}}'),
    live=LiveState.COMPLETED,
    duration_seconds=61,
    category_id="10",
    language="en",
    tags=CanonicalJson('["a"]'),
    view_count=7,
    like_count=1,
)
BARE = Video(
    video_id="aaaaaaaaaaa",
    title="Other title",
    description="The wh...",
    published_at=NOW - timedelta(hours=1),
    channel_id="UC0123456789012345678901",
    channel_title="Renamed",
    detail=Detail.SNIPPET,
)
OPTIONAL = (
    "live",
    "duration_seconds",
    "category_id",
    "language",
    "tags",
    "view_count",
    "like_count",
)

TELLINGS = st.builds(
    Video,
    video_id=st.just("aaaaaaaaaaa"),
    title=st.sampled_from(["", "one", "two"]),
    description=st.sampled_from(["", "one", "two"]),
    published_at=st.sampled_from([NOW, NOW + timedelta(hours=1)]),
    channel_id=st.just("UC0123456789012345678901"),
    channel_title=st.sampled_from(["", "one"]),
    detail=st.sampled_from(Detail),
    thumbnails=st.sampled_from([CanonicalJson("{}"), CanonicalJson('{"a":1}')]),
    live=st.sampled_from([None, *LiveState]),
    tags=st.sampled_from([None, CanonicalJson("[]"), CanonicalJson('["a"]')]),
    view_count=st.sampled_from([None, 0, 1]),
)


@pytest.mark.parametrize("poorer", [Detail.SNIPPET, Detail.FEED])
def test_a_poorer_telling_never_replaces_what_is_known(poorer: Detail) -> None:
    told = replace(FULL, title="x", description="x", published_at=NOW - timedelta(1), detail=poorer)
    told = replace(told, live=LiveState.LIVE, view_count=1, tags=CanonicalJson("[]"))
    assert merge(FULL, told) == FULL


def test_a_poorer_telling_fills_what_is_unknown() -> None:
    stored = replace(FULL, language=None, live=None, thumbnails=CanonicalJson("{}"))
    told = replace(FULL, detail=Detail.FEED)
    assert merge(stored, told) == FULL


def test_a_richer_telling_replaces_every_field_it_knows() -> None:
    assert merge(BARE, FULL) == FULL


@pytest.mark.parametrize("name", OPTIONAL)
def test_a_telling_that_does_not_say_leaves_what_is_known(name: str) -> None:
    silent = replace(FULL, **{name: None})  # type: ignore[arg-type] # each may be None
    assert merge(FULL, silent) == FULL


def test_an_owner_may_empty_the_description_but_a_title_or_picture_never_vanishes() -> None:
    emptied = replace(FULL, title="", description="", thumbnails=CanonicalJson("{}"))
    merged = merge(FULL, emptied)
    assert merged == replace(FULL, description="")


def test_between_equals_the_later_telling_counts() -> None:
    for detail in Detail:
        stored, told = replace(FULL, detail=detail), replace(FULL, detail=detail, title="Later")
        assert merge(stored, told) == told


@given(TELLINGS, TELLINGS)
def test_merging_never_grows_poorer_and_takes_each_field_from_one_of_the_two(
    stored: Video, told: Video
) -> None:
    merged = merge(stored, told)
    assert merged.detail is max(stored.detail, told.detail)
    for field in fields(Video):
        value = getattr(merged, field.name)
        assert value in (getattr(stored, field.name), getattr(told, field.name))
        if value is None or value == "{}":
            assert getattr(stored, field.name) == getattr(told, field.name) == value


@given(TELLINGS, TELLINGS)
def test_the_same_telling_again_changes_nothing(stored: Video, told: Video) -> None:
    merged = merge(stored, told)
    assert merge(merged, told) == merged


def test_counters_and_the_richness_of_the_source_are_no_difference() -> None:
    assert not differs(FULL, replace(FULL, view_count=8, like_count=None, detail=Detail.FEED))


@pytest.mark.parametrize(
    "name", sorted({field.name for field in fields(Video)} - {"view_count", "like_count", "detail"})
)
def test_every_other_field_is_a_difference(name: str) -> None:
    assert differs(FULL, replace(FULL, **{name: "something else"}))  # type: ignore[arg-type] # any other value


@pytest.mark.parametrize(
    ("told", "doubt"),
    [
        (replace(FULL, detail=Detail.SNIPPET), False),
        (replace(FULL, live=None), False),
        (replace(FULL, description="cut..."), False),
        (replace(FULL, title="Edited"), True),
        (replace(FULL, published_at=NOW + timedelta(seconds=1)), True),
        (replace(FULL, live=LiveState.LIVE), True),
    ],
)
def test_a_telling_raises_a_doubt_by_title_time_or_live_state(told: Video, *, doubt: bool) -> None:
    assert disagrees(FULL, told) is doubt


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("dQw4w9WgXcQ", True),
        ("-_-_-_-_-_-", True),
        ("dQw4w9WgXc", False),
        ("dQw4w9WgXcQQ", False),
        ("dQw4w9WgXcQ\n", False),
        ("dQw4w9WgXc ", False),
        ("dQw4w9WgXcé", False),
        ("", False),
    ],
)
def test_a_video_id_has_eleven_characters_of_its_alphabet(text: str, *, valid: bool) -> None:
    assert is_video_id(text) is valid
