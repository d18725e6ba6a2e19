"""Which filter a video does not pass. That unknown values exclude nothing is held in each."""

from dataclasses import replace

import pytest

from app.domain.filters import MAX_SHORT_SECONDS, Exclusion, Filters, Shorts, exclusion
from app.domain.videos import CanonicalJson, Detail, LiveState, Video
from tests.unit.ingest.rig import told

VIDEO = replace(
    told("video000001", detail=Detail.FULL),
    title="Sea trial of a new boat",
    description="On a windy day. https://harbour.example/",
    tags=CanonicalJson('["Regatta 2026","東京都"]'),
    duration_seconds=600,
    live=LiveState.NONE,
    language="en-GB",
    category_id="17",
)
SNIPPET = replace(
    VIDEO, detail=Detail.SNIPPET, tags=None, duration_seconds=None, language=None, category_id=None
)


def test_without_filters_everything_is_wanted() -> None:
    assert exclusion(VIDEO, Filters()) is None


@pytest.mark.parametrize(
    "word", ["TRIAL", "sea trial", "windy day", "regatta", "harbour radio", "京", "réGatta"]
)
def test_words_are_found_folded_wherever_the_matcher_looks(word: str) -> None:
    assert exclusion(VIDEO, Filters(exclude_words=("x", word))) is Exclusion.EXCLUDE_WORDS
    assert exclusion(VIDEO, Filters(include_words=("x", word))) is None


@pytest.mark.parametrize("word", ["tria", "boat on", "example", ".*", "radio regatta", "sea boat"])
def test_parts_of_words_links_and_patterns_are_not_found(word: str) -> None:
    assert exclusion(VIDEO, Filters(exclude_words=(word,))) is None
    assert exclusion(VIDEO, Filters(include_words=(word,))) is Exclusion.INCLUDE_WORDS


def test_only_the_whole_text_can_lack_a_word() -> None:
    assert exclusion(SNIPPET, Filters(include_words=("regatta",))) is None
    feed = replace(SNIPPET, detail=Detail.FEED)  # whole, but for the tags
    assert exclusion(feed, Filters(include_words=("regatta",))) is None
    assert exclusion(SNIPPET, Filters(exclude_words=("boat",))) is Exclusion.EXCLUDE_WORDS


@pytest.mark.parametrize(
    ("filters", "reason"),
    [
        (Filters(min_duration_seconds=600, max_duration_seconds=600), None),
        (Filters(min_duration_seconds=601), Exclusion.MIN_DURATION),
        (Filters(max_duration_seconds=599), Exclusion.MAX_DURATION),
        (Filters(shorts=Shorts.ONLY), Exclusion.SHORTS),
        (Filters(shorts=Shorts.WITHOUT), None),
        (Filters(live=(LiveState.LIVE, LiveState.COMPLETED)), Exclusion.LIVE),
        (Filters(languages=("de", "EN")), None),
        (Filters(languages=("en-US",)), Exclusion.LANGUAGES),
        (Filters(languages=("e",)), Exclusion.LANGUAGES),
        (Filters(categories=("10", "17")), None),
        (Filters(categories=("1",)), Exclusion.CATEGORIES),
    ],
)
def test_a_filter_excludes_what_is_known_not_to_pass(
    filters: Filters, reason: Exclusion | None
) -> None:
    assert exclusion(VIDEO, filters) is reason
    assert exclusion(SNIPPET, filters) is None


@pytest.mark.parametrize("seconds", [0, MAX_SHORT_SECONDS, MAX_SHORT_SECONDS + 1])
def test_a_short_is_what_is_no_longer_than_one_may_be(seconds: int) -> None:
    video = replace(VIDEO, duration_seconds=seconds)
    is_short = seconds <= MAX_SHORT_SECONDS
    assert (exclusion(video, Filters(shorts=Shorts.ONLY)) is None) == is_short
    assert (exclusion(video, Filters(shorts=Shorts.WITHOUT)) is None) != is_short


@pytest.mark.parametrize("live", [LiveState.UPCOMING, LiveState.LIVE])
def test_a_broadcast_has_no_length_before_it_ends(live: LiveState) -> None:
    begun: Video = replace(VIDEO, live=live, duration_seconds=0)
    for filters in (Filters(min_duration_seconds=60), Filters(shorts=Shorts.WITHOUT)):
        assert exclusion(begun, filters) is None
        ended = replace(begun, live=LiveState.COMPLETED)
        assert exclusion(ended, filters) is not None


def test_what_search_calls_no_broadcast_may_be_one_that_ended() -> None:
    ended = Filters(live=(LiveState.COMPLETED,))
    assert exclusion(replace(SNIPPET, live=LiveState.NONE), ended) is None
    assert exclusion(replace(SNIPPET, live=LiveState.LIVE), ended) is Exclusion.LIVE
    assert exclusion(replace(VIDEO, live=LiveState.NONE), ended) is Exclusion.LIVE
