"""videos.list, channels.list and playlistItems.list."""

from collections.abc import Mapping
from datetime import timedelta

import pytest

from simulator.api import DataApi
from simulator.errors import ApiError
from simulator.video import Event
from simulator.wire import Json, duration
from tests.unit.simulator.worlds import CHANNEL, NOON, SettableClock, items, video, world


def call(api: DataApi, method: str, **params: str) -> Json:
    return api.call(method, {name: [value] for name, value in params.items()})


def refusal(api: DataApi, method: str, **params: str) -> tuple[int, Mapping[str, object]]:
    with pytest.raises(ApiError) as caught:
        call(api, method, **params)
    return caught.value.status, caught.value.body["error"]["errors"][0]  # type: ignore[index]  # JSON


def test_a_video_has_its_whole_unescaped_text() -> None:
    text = "Rock & roll\r\n" * 100
    api = DataApi(
        world([video(1, title="A & B", description=text, tags=("x", "y"), language="de")])
    )
    (item,) = items(call(api, "videos", part="snippet", id="video000001"))
    snippet = item["snippet"]
    assert isinstance(snippet, dict)
    assert (snippet["title"], snippet["description"]) == ("A & B", text)
    assert (snippet["tags"], snippet["defaultLanguage"]) == (["x", "y"], "de")
    assert set(snippet["thumbnails"]) == {"default", "medium", "high", "standard", "maxres"}


def test_counts_are_strings_and_hidden_likes_are_absent() -> None:
    api = DataApi(world([video(1, views=17, likes=None)]))
    (item,) = items(call(api, "videos", part="statistics", id="video000001"))
    counts = item["statistics"]
    assert isinstance(counts, dict)
    assert counts["viewCount"] == "17"
    assert "likeCount" not in counts


def test_unknown_and_deleted_ids_are_left_out_in_silence() -> None:
    deletion = Event(NOON, video_id="video000002", fields={"deleted_at": NOON})
    api = DataApi(world([video(1), video(2), video(3), deletion]))
    reply = call(api, "videos", part="id", id="video000003,video000002,unknown,video000001")
    assert [item["id"] for item in items(reply)] == ["video000003", "video000001"]
    assert reply["pageInfo"] == {"totalResults": 2, "resultsPerPage": 2}


def test_fifty_ids_are_served_and_51_refused() -> None:
    api = DataApi(world([video(n) for n in range(51)]))
    names = [f"video{n:06d}" for n in range(51)]
    assert len(items(call(api, "videos", part="id", id=",".join(names[:50])))) == 50
    assert refusal(api, "videos", part="id", id=",".join(names))[0] == 400


def test_a_scheduled_video_tells_when_it_starts() -> None:
    api = DataApi(
        world([video(1, live="upcoming", scheduled_at=NOON + timedelta(hours=1)), video(2)])
    )
    upcoming, plain = items(
        call(
            api, "videos", part="liveStreamingDetails,contentDetails", id="video000001,video000002"
        )
    )
    assert upcoming["liveStreamingDetails"] == {"scheduledStartTime": "2026-03-01T13:00:00Z"}
    details = upcoming["contentDetails"]
    assert isinstance(details, dict)
    assert details["duration"] == "P0D"
    assert "liveStreamingDetails" not in plain


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "P0D"), (40, "PT40S"), (60, "PT1M"), (3600, "PT1H"), (90061, "PT25H1M1S")],
)
def test_durations_are_iso_8601(seconds: int, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize("method", ["videos", "channels", "playlistItems"])
def test_without_a_filter_there_is_an_error_naming_no_location(method: str) -> None:
    status, error = refusal(DataApi(world([])), method, part="id")
    assert (status, error["reason"], error["location"]) == (400, "missingRequiredParameter", "")


@pytest.mark.parametrize("handle", ["@harbour", "HARBOUR", "harbour"])
def test_a_channel_is_found_by_handle(handle: str) -> None:
    api = DataApi(world([video(1, views=3), video(2, views=4)]))
    (item,) = items(
        call(api, "channels", part="snippet,contentDetails,statistics", forHandle=handle)
    )
    assert item["id"] == CHANNEL.channel_id
    details = item["contentDetails"]
    assert isinstance(details, dict)
    assert details["relatedPlaylists"]["uploads"] == "UU" + "a" * 22
    assert item["statistics"] == {
        "viewCount": "7",
        "subscriberCount": "7",
        "hiddenSubscriberCount": False,
        "videoCount": "2",
    }


def test_an_unknown_channel_is_an_answer_without_items() -> None:
    reply = call(DataApi(world([])), "channels", part="id", id="UC" + "z" * 22)
    assert "items" not in reply


def test_uploads_are_paged_last_added_first() -> None:
    api = DataApi(world([video(n, -n) for n in range(7)]))
    playlist = CHANNEL.uploads_playlist_id
    params = {"part": "snippet,contentDetails", "playlistId": playlist, "maxResults": "5"}
    first = call(api, "playlistItems", **params)
    second = call(api, "playlistItems", **params, pageToken=str(first["nextPageToken"]))
    snippets = [item["snippet"] for item in [*items(first), *items(second)]]
    assert [one["position"] for one in snippets] == list(range(7))  # type: ignore[index]  # JSON
    assert first["pageInfo"] == {"totalResults": 7, "resultsPerPage": 5}
    assert "nextPageToken" not in second


def test_a_redated_video_keeps_its_place_and_time_of_upload() -> None:
    start = NOON + timedelta(minutes=5)
    clock = SettableClock()
    redate = Event(start, video_id="video000001", fields={"published_at": start})
    api = DataApi(world([video(1), video(2, 60), redate], clock))
    clock.move(600)
    reply = call(
        api,
        "playlistItems",
        part="snippet,contentDetails",
        playlistId=CHANNEL.uploads_playlist_id,
    )
    oldest = items(reply)[-1]
    assert isinstance(oldest["snippet"], dict)
    assert isinstance(oldest["contentDetails"], dict)
    assert oldest["snippet"]["publishedAt"] == "2026-03-01T12:00:00Z"
    assert oldest["contentDetails"]["videoPublishedAt"] == "2026-03-01T12:05:00Z"


@pytest.mark.parametrize("playlist", ["UU" + "z" * 22, "PL" + "a" * 22, "x"])
def test_an_unknown_playlist_is_a_404(playlist: str) -> None:
    status, error = refusal(
        DataApi(world([video(1)])), "playlistItems", part="id", playlistId=playlist
    )
    assert (status, error["reason"]) == (404, "playlistNotFound")
