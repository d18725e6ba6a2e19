import copy
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import UpstreamError
from app.domain.videos import Detail, LiveState, Video
from app.sources.base import SearchPage
from app.sources.youtube_parse import parse_search, parse_videos
from tests.unit.sources.youtube_bodies import (
    MARCH,
    NOON,
    Json,
    channel_item,
    search_body,
    search_item,
    video_item,
    video_snippet,
    videos_body,
)

IDS = [f"aaaaaaaaaa{n}" for n in range(10)]


def _searched(**snippet: object) -> Video:
    (video,) = parse_search(search_body(search_item(**snippet)), MARCH).videos
    return video


def _told(**parts: object) -> Video:
    (video,) = parse_videos(videos_body(video_item(**parts)), IDS).videos
    return video


def _published(*times: str) -> SearchPage:
    pairs = zip(IDS, times, strict=False)
    return parse_search(search_body(*(search_item(i, publishedAt=at) for i, at in pairs)), MARCH)


def test_a_search_item_becomes_a_video() -> None:
    assert _searched() == Video(
        video_id="aaaaaaaaaa1",
        title="A title",
        description="The beginning of a description ...",
        published_at=NOON,
        channel_id="UCaaaaaaaaaaaaaaaaaaaaaa",
        channel_title="A channel",
        detail=Detail.SNIPPET,
        thumbnails=_told().thumbnails,
        live=LiveState.NONE,
    )


def test_a_listed_video_keeps_everything_that_is_told() -> None:
    video = _told()
    assert video.detail is Detail.FULL
    assert video.description == "A whole description\r\nof two lines"
    assert video.tags == '["one","two words"]'
    assert (video.duration_seconds, video.category_id, video.language) == (253, "27", "en-GB")
    assert (video.view_count, video.like_count) == (1234, 56)


@pytest.mark.parametrize(
    ("sent", "title"),
    [
        ("Ben &amp; Jerry&#39;s &quot;best&quot;", 'Ben & Jerry\'s "best"'),
        ("What &amp;lt; means in HTML", "What &lt; means in HTML"),
        ("Salt &amp;amp; pepper", "Salt &amp; pepper"),
        ("R&amp;copy", "R&copy"),
        ("100 % plain; no entity & all", "100 % plain; no entity & all"),
        ("&#xD800;&#0;", "\ufffd\ufffd"),
    ],
)
def test_a_search_title_is_unescaped_exactly_once(sent: str, title: str) -> None:
    assert _searched(title=sent).title == title


def test_only_search_titles_are_unescaped() -> None:
    escaped = "Q &amp; A &#39;live&#39;"
    found = _searched(description=escaped, channelTitle=escaped)
    told = _told(snippet=video_snippet(title=escaped, description=escaped, channelTitle=escaped))
    assert (found.description, found.channel_title) == (escaped, escaped)
    assert (told.title, told.description, told.channel_title) == (escaped,) * 3


def test_every_text_can_be_stored() -> None:
    bad = "a\0b\ud800c\ud83d\ude00"
    found = _searched(title=bad, description=bad, channelTitle=bad)
    told = _told(snippet=video_snippet(title=bad, tags=[bad]))
    good = "ab\ufffdc\U0001f600"
    assert (found.title, found.description, found.channel_title) == (good,) * 3
    assert (told.title, told.tags) == (good, f'["{good}"]')


@pytest.mark.parametrize("title", ["\u200e", " padded ", "a\rb", "e\u0301", "\U0001d5d4\u200d", ""])
def test_odd_titles_stay_as_they_are(title: str) -> None:
    assert _searched(title=title).title == title
    assert _told(snippet=video_snippet(title=title)).title == title


@pytest.mark.parametrize(
    ("sent", "at"),
    [
        ("2026-03-01T12:00:00Z", NOON),
        ("2026-03-01T12:00:00.000Z", NOON),
        ("2026-03-01T13:00:00+01:00", NOON),
        ("2026-03-01T12:00:00.7417Z", NOON + timedelta(microseconds=741_700)),
        ("2026-03-01T12:00:00.123456789Z", NOON + timedelta(microseconds=123_456)),
    ],
)
def test_publish_times_of_every_known_form_are_read(sent: str, at: datetime) -> None:
    assert _searched(publishedAt=sent).published_at == at
    assert _told(snippet=video_snippet(publishedAt=sent)).published_at == at


@pytest.mark.parametrize(
    "sent", ["", "2026-03-01", "2026-03-01T12:00:00", "0001-01-01T00:00:00+01:00", 0, None, {}]
)
def test_an_item_without_a_readable_publish_time_is_left_out_with_a_reason(sent: object) -> None:
    page = parse_search(search_body(search_item(publishedAt=sent)), MARCH)
    assert (page.videos, page.listed, len(page.rejected)) == ((), 1, 1)
    assert page.rejected[0].startswith("item 0: ")


@pytest.mark.parametrize(
    "item",
    [
        pytest.param(channel_item(), id="channel"),
        pytest.param({"id": {"kind": "youtube#video", "videoId": "aaaaaaaaaa1"}}, id="part=id"),
        pytest.param(search_item("too-short"), id="short id"),
        pytest.param(search_item("aaaaaaaaa\n1"), id="id with a line break"),
        pytest.param(search_item("#NAME?aaaaa"), id="id of a spreadsheet"),
        pytest.param({**search_item(), "id": "aaaaaaaaaa1"}, id="id is a string"),
        pytest.param({}, id="empty"),
        pytest.param(None, id="null"),
        pytest.param("aaaaaaaaaa1", id="string"),
        pytest.param([], id="list"),
    ],
)
def test_a_bad_item_costs_only_itself(item: object) -> None:
    page = parse_search(search_body(search_item(IDS[1]), item, search_item(IDS[2])), MARCH)
    assert [video.video_id for video in page.videos] == IDS[1:3]
    assert (page.listed, page.ordered) == (3, True)
    (reason,) = page.rejected
    assert len(reason) < 120
    assert "\n" not in reason


def test_an_id_may_begin_with_a_dash() -> None:
    page = parse_search(search_body(search_item("-aaaaaaaa_1")), MARCH)
    assert page.videos[0].video_id == "-aaaaaaaa_1"


def test_a_video_listed_twice_is_returned_once() -> None:
    page = parse_search(search_body(*(search_item(IDS[n]) for n in (1, 2, 1))), MARCH)
    assert [video.video_id for video in page.videos] == IDS[1:3]
    assert (page.listed, page.rejected) == (3, ())


def test_a_page_from_new_to_old_with_ties_is_ordered() -> None:
    assert _published(
        "2026-03-03T00:00:00Z", "2026-03-02T00:00:00Z", "2026-03-02T00:00:00Z"
    ).ordered


def test_a_page_that_rises_anywhere_is_not_ordered() -> None:
    times = ("2026-03-03T00:00:00Z", "2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z")
    assert not _published(*times).ordered


def test_both_ends_of_the_stretch_belong_to_it() -> None:
    assert _published("2026-03-31T23:59:59Z", "2026-03-01T00:00:00.000Z").ordered


@pytest.mark.parametrize("outside", ["2026-02-28T23:59:59Z", "2026-04-01T00:00:00Z"])
def test_a_video_outside_the_stretch_is_kept_but_makes_the_page_untrusted(outside: str) -> None:
    page = _published(outside)
    assert len(page.videos) == 1
    assert not page.ordered


def test_an_empty_page_is_ordered_and_the_end() -> None:
    assert parse_search(search_body(), MARCH) == SearchPage((), None, 0, ordered=True)


@pytest.mark.parametrize(("sent", "token"), [("CDIQAA", "CDIQAA"), ("", None), (None, None)])
def test_a_missing_token_is_the_end_of_a_listing(sent: object, token: str | None) -> None:
    page = parse_search(search_body(search_item(), nextPageToken=sent), MARCH)
    assert page.next_page_token == token


def test_an_unreadable_token_is_not_taken_for_the_end() -> None:
    with pytest.raises(UpstreamError):
        parse_search(search_body(search_item(), nextPageToken=5), MARCH)


@pytest.mark.parametrize(
    "body",
    [
        "<html>sign in to the network</html>",
        "",
        None,
        5,
        [],
        [search_body()],
        {},
        {"kind": "youtube#searchListResponse"},
        search_body() | {"items": None},
        search_body() | {"items": {}},
        search_body() | {"kind": "youtube#channelListResponse"},
        {"error": {"code": 403}},
    ],
)
def test_a_body_that_is_no_listing_is_an_upstream_error(body: object) -> None:
    with pytest.raises(UpstreamError):
        parse_search(body, MARCH)
    with pytest.raises(UpstreamError):
        parse_videos(body, IDS)


@pytest.mark.parametrize(
    ("sent", "seconds"),
    [
        ("PT40S", 40),
        ("PT1H", 3600),
        ("PT1H2M3S", 3723),
        ("PT61M", 3660),
        ("P1DT2H3M4S", 93_784),
        ("P2W", 1_209_600),
        ("PT1.5S", 1),
        ("P0D", None),
        ("PT0S", None),
        ("P", None),
        ("1:02:03", None),
        ("PT9999999999999S", None),
        ("PT\u0661S", None),
        ("PT1S\n", None),
        (40, None),
        (None, None),
    ],
)
def test_a_duration_is_read_as_seconds(sent: object, seconds: int | None) -> None:
    assert _told(contentDetails={"duration": sent}).duration_seconds == seconds


@pytest.mark.parametrize(
    ("sent", "count"),
    [
        ("0", 0),
        ("14000000000", 14_000_000_000),
        ("9" * 30, None),
        ("-1", None),
        ("1e3", None),
        ("\u0661", None),
        ("", None),
        (None, None),
        ({}, None),
    ],
)
def test_counts_are_strings_of_digits_or_unknown(sent: object, count: int | None) -> None:
    video = _told(statistics={"viewCount": sent})
    assert (video.view_count, video.like_count) == (count, None)


@pytest.mark.parametrize(
    ("content", "details", "live"),
    [
        ("none", None, LiveState.NONE),
        ("upcoming", {"scheduledStartTime": "2026-03-02T12:00:00Z"}, LiveState.UPCOMING),
        ("live", {"actualStartTime": "2026-03-02T12:00:00Z"}, LiveState.LIVE),
        ("none", {"actualEndTime": "2026-03-02T13:00:00Z"}, LiveState.COMPLETED),
        ("completed", None, LiveState.COMPLETED),
        ("rerun", None, None),
        (["live"], None, None),
        (None, None, None),
    ],
)
def test_the_live_state_tells_an_ended_broadcast_from_an_upload(
    content: object, details: object, live: LiveState | None
) -> None:
    snippet = video_snippet(liveBroadcastContent=content)
    assert _told(snippet=snippet, liveStreamingDetails=details).live == live


@pytest.mark.parametrize("state", list(LiveState))
def test_search_tells_the_live_state_too(state: LiveState) -> None:
    assert _searched(liveBroadcastContent=state.value).live is state


def test_thumbnails_are_kept_as_sent_in_canonical_form() -> None:
    sent = {"shortsAspectRatio": {"url": "u"}, "default": {"width": 120, "url": "d"}}
    text = '{"default":{"url":"d","width":120},"shortsAspectRatio":{"url":"u"}}'
    assert _searched(thumbnails=sent).thumbnails == text
    assert _told(snippet=video_snippet(thumbnails=sent)).thumbnails == text


@pytest.mark.parametrize("sent", [None, {}, [], "x", {"default": "\ud800"}, {"default": 2**70}])
def test_missing_or_broken_thumbnails_are_none_at_all(sent: object) -> None:
    assert _searched(thumbnails=sent).thumbnails == "{}"


def test_a_video_without_tags_is_known_to_have_none() -> None:
    snippet = video_snippet()
    del snippet["tags"]
    assert _told(snippet=snippet).tags == "[]"
    assert _told(snippet=video_snippet(tags="one")).tags is None
    assert _told(snippet=video_snippet(tags=["one", 2, None])).tags == '["one"]'


@pytest.mark.parametrize(
    ("fields", "language"),
    [
        ({"defaultAudioLanguage": "de", "defaultLanguage": "en"}, "de"),
        ({"defaultAudioLanguage": None, "defaultLanguage": "en"}, "en"),
        ({"defaultAudioLanguage": None, "defaultLanguage": None}, None),
        ({"defaultAudioLanguage": "l" * 99}, None),
    ],
)
def test_the_spoken_language_comes_before_that_of_the_title(
    fields: Json, language: str | None
) -> None:
    assert _told(snippet=video_snippet(**fields)).language == language


def test_a_channel_id_that_no_column_holds_is_unknown() -> None:
    assert _searched(channelId="x" * 25).channel_id == ""
    assert _searched(channelId="UC\u00e4").channel_id == ""


def test_a_video_that_was_not_asked_for_is_left_out() -> None:
    batch = parse_videos(videos_body(video_item(IDS[1]), video_item(IDS[2])), [IDS[2], IDS[3]])
    assert [video.video_id for video in batch.videos] == [IDS[2]]
    assert batch.rejected == ("item 0: aaaaaaaaaa1 was not asked for",)


ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=20)
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXT, inner, max_size=3),
    max_leaves=6,
)


def _paths(value: object) -> Iterator[tuple[str, ...]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield (name,)
            yield from ((name, *path) for path in _paths(inner))


@st.composite
def _mutated(draw: st.DrawFn, good: Json) -> object:
    """A good item of which up to three fields are replaced by anything at all, or missing."""
    item = copy.deepcopy(good)
    for _ in range(draw(st.integers(1, 3))):
        *parents, name = draw(st.sampled_from(sorted(_paths(item)) or [("id",)]))
        place: Json = item
        for parent in parents:
            inner = place[parent]
            assert isinstance(inner, dict)
            place = inner
        if draw(st.booleans()):
            place[name] = draw(ANY_JSON)
        else:
            place.pop(name, None)
    return item


def _assert_storable(video: Video) -> None:
    for text in (video.title, video.description, video.channel_title, video.tags or ""):
        assert "\0" not in text
        text.encode()
    assert isinstance(json.loads(video.thumbnails), dict)
    assert video.published_at.tzinfo is UTC
    assert (video.duration_seconds or 0) < 2**31


@given(_mutated(search_item(IDS[1])) | ANY_JSON)
def test_whatever_an_item_holds_its_neighbours_are_found(item: object) -> None:
    page = parse_search(search_body(search_item(IDS[2]), item, search_item(IDS[3])), MARCH)
    assert {IDS[2], IDS[3]} <= {video.video_id for video in page.videos}
    assert (page.listed, len(page.videos) + len(page.rejected)) == (3, 3)
    for video in page.videos:
        _assert_storable(video)


@given(_mutated(video_item(IDS[1])) | ANY_JSON)
def test_whatever_a_told_video_holds_its_neighbours_are_told(item: object) -> None:
    batch = parse_videos(videos_body(video_item(IDS[2]), item, video_item(IDS[3])), IDS)
    assert {IDS[2], IDS[3]} <= {video.video_id for video in batch.videos}
    assert len(batch.videos) + len(batch.rejected) == 3
    for video in batch.videos:
        _assert_storable(video)
