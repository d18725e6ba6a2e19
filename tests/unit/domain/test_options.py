"""Options of a watch, read from JSON."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import InvalidMemberError, InvalidValueError
from app.domain.filters import Filters, Shorts
from app.domain.options import (
    MAX_WORD_CHARACTERS,
    MAX_WORDS,
    filters_members,
    parse_filters,
    parse_options,
    write_filters,
)
from app.domain.videos import LiveState

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)
NAMES = [
    "label",
    "paused",
    "min_interval_seconds",
    "weight",
    "region",
    "language",
    "filters",
    "follow",
]
FILTER_NAMES = list(filters_members(Filters()))


def refused(members: dict[str, object]) -> InvalidMemberError:
    with pytest.raises(InvalidMemberError) as caught:
        parse_options(members)
    return caught.value


def test_options_are_what_was_given_and_nothing_else() -> None:
    given: dict[str, object] = {
        "label": " Mine ",
        "paused": True,
        "min_interval_seconds": 60,
        "weight": 4,
        "region": "NZ",
        "language": "zh-Hant",
        "filters": {
            "include_words": ["a", "a", "b c"],
            "live": ["live"],
            "shorts": "only",
            "max_duration_seconds": 0,
        },
        "follow": False,
    }
    assert parse_options(given) == {
        **given,
        "label": "Mine",
        "weight": 4.0,
        "filters": Filters(
            include_words=("a", "b c"),
            live=(LiveState.LIVE,),
            shorts=Shorts.ONLY,
            max_duration_seconds=0,
        ),
    }
    nothing = {"min_interval_seconds": None, "region": None, "language": None}
    assert parse_options(nothing) == nothing
    assert parse_options({"filters": None}) == {"filters": Filters()}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("label", "x" * 201),
        ("label", "a\nb"),
        ("label", "a\ud83d"),
        ("label", None),
        ("paused", 1),
        ("paused", "true"),
        ("follow", 0),
        ("follow", None),
        ("min_interval_seconds", 0),
        ("min_interval_seconds", 604_801),
        ("min_interval_seconds", 60.0),
        ("min_interval_seconds", True),
        ("weight", 0),
        ("weight", 0.009),
        ("weight", 100.1),
        ("weight", float("nan")),
        ("weight", float("inf")),
        ("weight", True),
        ("weight", "1"),
        ("region", "nz"),
        ("region", "XX"),
        ("region", "NZL"),
        ("language", "EN"),
        ("language", "eng"),
        ("language", "zh-hans"),
        ("filters", []),
        ("filters", "x"),
    ],
)
def test_what_an_option_cannot_be_is_refused_by_its_name(name: str, value: object) -> None:
    assert refused({name: value}).path == (name,)


@pytest.mark.parametrize(
    ("name", "value", "path"),
    [
        ("include_words", "word", ()),
        ("include_words", ["ok", ""], (1,)),
        ("exclude_words", ["x" * (MAX_WORD_CHARACTERS + 1)], (0,)),
        ("exclude_words", ["..."], (0,)),
        ("exclude_words", ["a\0b"], (0,)),
        ("exclude_words", [7], (0,)),
        ("exclude_words", ["w"] * (MAX_WORDS + 1), ()),
        ("min_duration_seconds", -1, ()),
        ("max_duration_seconds", 604_801, ()),
        ("max_duration_seconds", 1.5, ()),
        ("live", ["LIVE"], (0,)),
        ("live", None, ()),
        ("shorts", "no", ()),
        ("languages", ["en_GB"], (0,)),
        ("languages", ["en"] * 21, ()),
        ("categories", [10], (0,)),
        ("categories", ["٣"], (0,)),
    ],
)
def test_what_a_filter_cannot_be_is_refused_where_it_stands(
    name: str, value: object, path: tuple[int, ...]
) -> None:
    error = refused({"filters": {name: value}})
    assert error.path == ("filters", name, *path)
    assert not error.unknown


def test_unknown_members_are_told_as_such() -> None:
    assert refused({"keyword": "x"}).unknown
    error = refused({"filters": {"region": "NZ"}})
    assert (error.path, error.unknown) == (("filters", "region"), True)


def test_the_shortest_wanted_is_not_longer_than_the_longest() -> None:
    durations = {"min_duration_seconds": 61, "max_duration_seconds": 60}
    assert refused({"filters": durations}).path == ("filters", "max_duration_seconds")


@given(st.dictionaries(st.sampled_from(NAMES), JSON))
def test_any_json_gives_options_or_a_refusal(members: dict[str, object]) -> None:
    try:
        options = parse_options(members)
    except InvalidValueError:
        return
    assert options.keys() == members.keys()


@given(st.dictionaries(st.sampled_from(FILTER_NAMES), JSON))
def test_filters_come_back_from_what_is_stored(members: dict[str, object]) -> None:
    try:
        filters = parse_filters(members)
    except InvalidValueError:
        return
    stored = write_filters(filters)
    assert (stored is None) == (filters == Filters())
    assert parse_filters(None if stored is None else json.loads(stored)) == filters
