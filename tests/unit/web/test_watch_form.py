from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.categories import CATEGORY_NAMES
from app.domain.filters import Filters, Shorts
from app.domain.videos import LiveState
from app.domain.watches import WatchKind
from app.web.dashboard.watch_form import FIELDS, changed, fields_of, read_form
from tests.unit.web.fakes import NEWS

if TYPE_CHECKING:
    from app.domain.watches import WatchOptions

WORDS = st.lists(st.sampled_from(["boat", "a, b", "日本", "née", "two words"]), unique=True)
SECONDS = st.integers(0, 7 * 86_400)
FILTERS = st.builds(
    lambda least, more, **rest: Filters(
        min_duration_seconds=least,
        max_duration_seconds=None if more is None else min(7 * 86_400, (least or 0) + more),
        **rest,
    ),
    least=st.none() | SECONDS,
    more=st.none() | SECONDS,
    include_words=WORDS.map(tuple),
    exclude_words=WORDS.map(tuple),
    live=st.sets(st.sampled_from(LiveState)).map(tuple),
    shorts=st.sampled_from(Shorts),
    languages=st.sets(st.sampled_from(["en", "en-GB", "zh-Hant"])).map(tuple),
    categories=st.sets(st.sampled_from([*CATEGORY_NAMES, "18", "4411"])).map(tuple),
)
WATCHES = st.builds(
    replace,
    st.just(NEWS),
    kind=st.sampled_from(WatchKind),
    label=st.sampled_from(["News", "news", "<b>"]),
    weight=st.floats(0.01, 100),
    min_interval_seconds=st.none() | st.integers(1, 7 * 86_400),
    region=st.sampled_from([None, "NZ"]),
    language=st.sampled_from([None, "de", "zh-Hans"]),
    follow=st.booleans(),
    filters=FILTERS,
)


@given(watch=WATCHES)
def test_a_form_that_nobody_touched_says_what_the_watch_is_and_changes_nothing(
    watch: object,
) -> None:
    assert isinstance(watch, type(NEWS))
    fields = fields_of(watch)
    assert set(fields) <= set(FIELDS)
    read = read_form(fields, watch.kind)
    assert read.problems == {}
    assert read.filters is not None
    for name in ("include_words", "exclude_words", "min_duration_seconds", "max_duration_seconds"):
        assert getattr(read.filters, name) == getattr(watch.filters, name)
    for name in ("live", "languages", "categories"):
        assert set(getattr(read.filters, name)) == set(getattr(watch.filters, name))
    assert read.filters.shorts is watch.filters.shorts
    if watch.kind is WatchKind.KEYWORD:
        assert read.options.get("weight") == watch.weight
        assert read.options.get("follow") is watch.follow
    assert changed(read.options, watch) == {}


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), (" 1:30 ", 90), ("1:01:30", 3690), ("90:00", 5400), ("0", 0), ("", None)],
)
def test_a_length_is_written_in_seconds_or_like_a_clock(text: str, seconds: int | None) -> None:
    read = read_form({"shortest": text}, WatchKind.KEYWORD)
    assert read.filters is not None
    assert read.filters.min_duration_seconds == seconds


@pytest.mark.parametrize(
    ("fields", "name", "reason"),
    [
        ({"shortest": "1:75"}, "shortest", "as in 90 or 1:30"),
        ({"shortest": "\u0661"}, "shortest", "as in 90 or 1:30"),
        ({"longest": "-1"}, "longest", "as in 90 or 1:30"),
        ({"shortest": "5:00", "longest": "60"}, "longest", "no less than the least length, 5:00"),
        ({"longest": "999999"}, "longest", "from 0 to 604800"),
        ({"include_words": "boat\n\n!"}, "include_words", "number 2 must have a letter"),
        ({"exclude_words": "x" * 101}, "exclude_words", "1 to 100 characters"),
        ({"exclude_words": "\n".join(map(str, range(51)))}, "exclude_words", "at most 50"),
        ({"languages": "en, english!"}, "languages", "number 2 must be a language"),
        ({"other_categories": "Music"}, "other_categories", "digits"),
        ({"shorts": "some"}, "shorts", "one of any, only, without"),
        ({"label": "x" * 201}, "label", "at most 200"),
        ({"label": "a\x00b"}, "label", "without control characters"),
        ({"weight": "heavy"}, "weight", "as in 2 or 0.5"),
        ({"weight": "1e2"}, "weight", "as in 2 or 0.5"),
        ({"weight": "101"}, "weight", "from 0.01 to 100"),
        ({"region": "ZZ"}, "region", "ISO 3166-1"),
        ({"language": "DEU"}, "language", "two small letters"),
        ({"min_interval": "0"}, "min_interval", "from 1 to"),
        ({"min_interval": "soon"}, "min_interval", "as in 90 or 1:30"),
    ],
)
def test_what_cannot_be_is_told_under_its_field(
    fields: dict[str, str], name: str, reason: str
) -> None:
    read = read_form(fields, WatchKind.KEYWORD)
    assert list(read.problems) == [name]
    assert reason in read.problems[name]


def test_all_that_is_wrong_is_told_at_once_and_the_filters_are_judged_alone() -> None:
    read = read_form({"weight": "x", "region": "x", "exclude_words": "boat"}, WatchKind.KEYWORD)
    assert set(read.problems) == {"weight", "region"}
    assert read.filters == Filters(exclude_words=("boat",))


@pytest.mark.parametrize(
    ("typed", "changes"),
    [
        ({"label": ""}, {"label": ""}),
        ({"region": "nz"}, {"region": "NZ"}),
        ({"weight": "2,5"}, {"weight": 2.5}),
        ({"follow": ""}, {"follow": False}),
        ({"min_interval": "1:00"}, {"min_interval_seconds": 60}),
        ({"exclude_words": "a, b\r\nc"}, {"filters": Filters(exclude_words=("a, b", "c"))}),
        ({"live_live": "yes"}, {"filters": Filters(live=(LiveState.LIVE,))}),
        (
            {"category_10": "yes", "other_categories": "18"},
            {"filters": Filters(categories=("10", "18"))},
        ),
    ],
)
def test_only_what_was_changed_is_saved(typed: dict[str, str], changes: WatchOptions) -> None:
    read = read_form(fields_of(NEWS) | typed, NEWS.kind)
    assert changed(read.options, NEWS) == changes


def test_a_channel_has_no_options_of_a_search() -> None:
    fields = {"weight": "x", "region": "x", "language": "x", "follow": ""}
    read = read_form(fields, WatchKind.CHANNEL)
    assert set(read.options) == {"label", "min_interval_seconds", "filters"}
