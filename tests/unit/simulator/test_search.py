from datetime import timedelta

import pytest

from simulator.api import DataApi
from simulator.errors import ApiError
from simulator.video import Channel, Event
from tests.unit.simulator.worlds import (
    CHANNEL,
    NOON,
    SettableClock,
    every_page,
    get,
    ids,
    items,
    search,
    simulator,
    video,
    world,
)


def refusal(api: DataApi, **params: object) -> ApiError:
    with pytest.raises(ApiError) as caught:
        search(api, **params)
    return caught.value


def reason(error: ApiError) -> object:
    return error.body["error"]["errors"][0]["reason"]  # type: ignore[index]  # JSON


def test_order_date_is_newest_first() -> None:
    api = DataApi(world([video(1, -30), video(2, -10), video(3, -20)]))
    assert ids(search(api)) == ["video000002", "video000003", "video000001"]


def test_the_default_order_is_another_one_and_stable() -> None:
    api = DataApi(world([video(n, -n) for n in range(40)]))
    found = ids(search(api, order="relevance"))
    assert found == ids(search(api, order="relevance"))
    assert found != ids(search(api))
    assert sorted(found) == sorted(ids(search(api)))


def test_five_results_are_the_default_and_none_can_be_asked_for() -> None:
    api = DataApi(world([video(n, -n) for n in range(9)]))
    assert len(ids(search(api, maxResults=""))) == 5
    assert ids(search(api, maxResults=0)) == []


@pytest.mark.parametrize("wrong", ["51", "-1", "x", "٣"])
def test_other_sizes_are_refused(wrong: str) -> None:
    assert refusal(DataApi(world([])), maxResults=wrong).status == 400


def test_both_bounds_are_inclusive() -> None:
    api = DataApi(world([video(n, -n) for n in range(5)]))
    found = search(
        api, publishedAfter="2026-03-01T11:59:57Z", publishedBefore="2026-03-01T11:59:59Z"
    )
    assert ids(found) == ["video000001", "video000002", "video000003"]


def test_bounds_may_carry_an_offset_and_a_fraction() -> None:
    api = DataApi(world([video(n, -n) for n in range(5)]))
    found = search(
        api,
        publishedAfter="2026-03-01T12:59:57.500+01:00",
        publishedBefore="2026-03-01T11:59:59.999999999Z",
    )
    assert ids(found) == ["video000001", "video000002"]


@pytest.mark.parametrize(
    "wrong",
    ["2026-03-01", "2026-03-01T12:00:00", "2026-03-01 12:00:00Z", "2026-02-30T12:00:00Z", "now"],
)
@pytest.mark.parametrize("bound", ["publishedAfter", "publishedBefore"])
def test_a_time_that_is_not_rfc_3339_is_a_400(bound: str, wrong: str) -> None:
    error = refusal(DataApi(world([])), **{bound: wrong})
    assert (error.status, reason(error)) == (400, "badRequest")


def test_videos_of_one_second_stay_in_one_second() -> None:
    tied = [video(n, -60) for n in range(7)]
    api = DataApi(world([*tied, video(8, -59), video(9, -61)]))
    second = "2026-03-01T11:59:00Z"
    found = search(api, publishedAfter=second, publishedBefore=second)
    assert sorted(ids(found)) == [one.video_id for one in tied]


def test_a_video_is_found_by_title_description_tag_and_channel() -> None:
    api = DataApi(
        world(
            [
                video(1, -1, title="Learn the oboe"),
                video(2, -2, description="An oboe, at last"),
                video(3, -3, tags=("wood", "Oboe")),
                video(4, -4, channel=Channel("UC" + "b" * 22, "OBOE", "o", "", NOON, 0)),
                video(5, -5, title="Learn the flute"),
            ]
        )
    )
    assert len(ids(search(api, q="oboe"))) == 4


def test_an_edited_title_is_what_counts() -> None:
    rename = Event(NOON + timedelta(seconds=5), video_id="video000001", fields={"title": "flute"})
    clock = SettableClock()
    api = DataApi(world([video(1, title="oboe"), rename], clock))
    assert ids(search(api, q="oboe")) == ["video000001"]
    clock.move(5)
    assert ids(search(api, q="oboe")) == []
    assert ids(search(api, q="flute")) == ["video000001"]


def test_match_all_ignores_the_query() -> None:
    api = DataApi(world([video(1), video(2)]), match_all=True)
    assert len(ids(search(api, q="nothing of this"))) == 2


def test_a_channel_filter_and_the_length_filter_narrow() -> None:
    other = Channel("UC" + "b" * 22, "Other", "other", "", NOON, 0)
    api = DataApi(
        world(
            [
                video(1, duration_seconds=239),
                video(2, duration_seconds=240),
                video(3, duration_seconds=1201),
                video(4, channel=other),
            ]
        )
    )
    assert ids(search(api, channelId=other.channel_id)) == ["video000004"]
    assert ids(search(api, channelId=CHANNEL.channel_id, videoDuration="short")) == ["video000001"]
    assert ids(search(api, videoDuration="medium")) == ["video000002"]
    assert ids(search(api, videoDuration="long")) == ["video000003"]


def test_video_filters_need_type_video() -> None:
    error = refusal(DataApi(world([])), videoDuration="short", type="")
    assert (error.status, reason(error)) == (400, "invalidSearchFilter")


def test_live_and_upcoming_videos_can_be_asked_for() -> None:
    api = DataApi(world([video(1, live="live"), video(2, live="upcoming"), video(3)]))
    assert ids(search(api, eventType="live")) == ["video000001"]
    assert ids(search(api, eventType="upcoming")) == ["video000002"]


@pytest.mark.parametrize("wrong", [{"order": "newest"}, {"type": "film"}, {"page": "2"}])
def test_unknown_values_and_parameters_are_a_400(wrong: dict[str, object]) -> None:
    assert refusal(DataApi(world([])), **wrong).status == 400


@pytest.mark.parametrize(
    ("part", "expected"), [("", "missingRequiredParameter"), ("statistics", "unknownPart")]
)
def test_a_part_is_required_and_known(part: str, expected: str) -> None:
    assert reason(refusal(DataApi(world([])), part=part)) == expected


def test_without_snippet_an_item_is_its_id() -> None:
    (item,) = items(search(DataApi(world([video(1)])), part="id"))
    assert set(item) == {"kind", "etag", "id"}


def test_only_the_title_is_escaped_and_the_description_is_cut() -> None:
    text = 'Rock & "roll" don\'t'
    channel = Channel("UC" + "c" * 22, text, "c", "", NOON, 0)
    long = "One line\r\nand " + "a word & " * 40
    api = DataApi(world([video(1, title=text, description=long, channel=channel)]))
    (item,) = items(search(api))
    snippet = item["snippet"]
    assert isinstance(snippet, dict)
    assert snippet["title"] == "Rock &amp; &quot;roll&quot; don&#39;t"
    assert snippet["channelTitle"] == text
    assert snippet["description"].startswith("One line and a word & ")
    assert snippet["description"].endswith(" ...")
    assert len(snippet["description"]) <= 160
    assert snippet["publishTime"] == snippet["publishedAt"] == "2026-03-01T12:00:00Z"
    assert set(snippet["thumbnails"]) == {"default", "medium", "high"}


def test_pages_follow_each_other_and_end_without_a_token() -> None:
    api = DataApi(world([video(n, -n) for n in range(120)]))
    pages = every_page(api)
    assert [len(ids(page)) for page in pages] == [50, 50, 20]
    assert [found for page in pages for found in ids(page)] == [f"video{n:06d}" for n in range(120)]
    previous = search(api, pageToken=pages[2]["prevPageToken"])
    assert ids(previous) == ids(pages[1])
    assert "prevPageToken" not in pages[0]


def test_no_query_gives_more_than_500_results() -> None:
    api = DataApi(world([video(n, -n) for n in range(620)]))
    pages = every_page(api)
    assert [len(ids(page)) for page in pages] == [50] * 10
    assert pages[0]["pageInfo"] == {"totalResults": 1_000_000, "resultsPerPage": 50}
    older = search(api, publishedBefore="2026-03-01T11:51:40Z")
    assert ids(older)[0] == "video000500"


def test_every_video_is_reachable_in_ranges_of_500() -> None:
    api = DataApi(world([video(n, -n // 3) for n in range(1300)]))
    seen: set[str] = set()
    before = "2026-03-01T12:00:00Z"
    while True:
        pages = every_page(api, publishedBefore=before)
        seen.update(found for page in pages for found in ids(page))
        last = items(pages[-1])[-1]["snippet"]
        assert isinstance(last, dict)
        if before == last["publishedAt"] or sum(len(ids(page)) for page in pages) < 500:
            break
        before = last["publishedAt"]
    assert len(seen) == 1300


def test_an_empty_result_says_so_as_recorded() -> None:
    reply = search(DataApi(world([])), regionCode="KR")
    assert set(reply) == {"kind", "etag", "regionCode", "pageInfo", "items"}
    assert reply["pageInfo"] == {"totalResults": 0, "resultsPerPage": 0}


def test_a_token_belongs_to_one_query() -> None:
    api = DataApi(world([video(n, -n) for n in range(120)]))
    token = search(api, q="title")["nextPageToken"]
    assert reason(refusal(api, q="other", pageToken=token)) == "invalidPageToken"
    assert reason(refusal(api, q="title", maxResults=10, pageToken=token)) == "invalidPageToken"


@pytest.mark.parametrize("token", ["CAUQAA", "x", "€", "=", "A" * 400, "CBkQAQ", "\x00"])
def test_a_garbage_token_is_a_400(token: str) -> None:
    error = refusal(DataApi(world([])), pageToken=token)
    assert (error.status, reason(error)) == (400, "invalidPageToken")


def test_search_shows_a_video_only_after_its_index_lag() -> None:
    clock = SettableClock()
    place = world([video(n) for n in range(50)], clock, index_lag=100)
    api = DataApi(place)
    assert len(ids(search(api))) < 10
    clock.move(50)
    half = ids(search(api))
    assert 10 < len(half) < 40
    for one in place.arrived(0, 50):
        assert (one.visible_at <= clock.at) == (one.video_id in half)
    clock.move(50)
    assert len(ids(search(api))) == 50


def test_uploads_and_videos_show_a_video_at_once() -> None:
    api = DataApi(world([video(7)], index_lag=3600))
    playlist = CHANNEL.uploads_playlist_id
    listed = api.call("playlistItems", {"part": ["contentDetails"], "playlistId": [playlist]})
    (item,) = items(listed)
    assert item["contentDetails"] == {
        "videoId": "video000007",
        "videoPublishedAt": "2026-03-01T12:00:00Z",
    }
    assert len(items(api.call("videos", {"part": ["id"], "id": ["video000007"]}))) == 1


def test_the_key_is_not_part_of_the_query_a_token_belongs_to() -> None:
    running = simulator([video(n, -n) for n in range(20)])
    first = running.handle(get("search", key="k1", part="id", maxResults=10))
    assert first.status == 200
    token = running.api.call("search", {"part": ["id"], "maxResults": ["10"]})["nextPageToken"]
    assert (
        running.handle(get("search", key="k2", part="id", maxResults=10, pageToken=token)).status
        == 200
    )
