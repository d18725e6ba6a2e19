import pytest

from app.domain.channels import Channel
from app.domain.errors import UpstreamError
from app.domain.videos import Detail
from app.sources.youtube_channels import parse_channel, parse_uploads
from tests.unit.sources.youtube_bodies import NOON, Json, thumbnails

CHANNEL = "UC" + "a" * 22
PAGE_INFO = {"totalResults": 1, "resultsPerPage": 1}


def channels_body(**more: object) -> Json:
    return {
        "kind": "youtube#channelListResponse",
        "etag": "e",
        "pageInfo": PAGE_INFO,
        **more,
    }


def channel(channel_id: object = CHANNEL, uploads: object = "UU" + "a" * 22) -> Json:
    return {
        "kind": "youtube#channel",
        "id": channel_id,
        "snippet": {"title": "Harbour Radio", "customUrl": "@harbour"},
        "contentDetails": {"relatedPlaylists": {"likes": "", "uploads": uploads}},
        "statistics": {"videoCount": "12", "subscriberCount": "7"},
    }


def item(video_id: str = "aaaaaaaaaa1", /, **snippet: object) -> Json:
    return {
        "kind": "youtube#playlistItem",
        "id": "x",
        "snippet": {
            "publishedAt": "2026-03-01T11:00:00Z",
            "channelId": CHANNEL,
            "title": "Tea &amp; toast",
            "description": "A whole\r\ndescription",
            "thumbnails": thumbnails(video_id),
            "channelTitle": "Harbour Radio",
            "resourceId": {"kind": "youtube#video", "videoId": video_id},
            **snippet,
        },
        "contentDetails": {"videoId": video_id, "videoPublishedAt": "2026-03-01T12:00:00Z"},
    }


def private() -> Json:
    hidden = item("aaaaaaaaaa9", title="Private video", thumbnails={})
    return {**hidden, "contentDetails": {"videoId": "aaaaaaaaaa9"}}


def uploads_body(*items: object, **more: object) -> Json:
    kind = "youtube#playlistItemListResponse"
    return {"kind": kind, "etag": "e", "pageInfo": PAGE_INFO, "items": list(items), **more}


def test_a_channel_has_a_title_and_the_playlist_of_its_uploads() -> None:
    told = parse_channel(channels_body(items=[channel()]))
    assert told == Channel(CHANNEL, "Harbour Radio", "UU" + "a" * 22, 12)


@pytest.mark.parametrize("more", [{}, {"items": []}])
def test_no_channel_is_an_answer_with_or_without_items(more: Json) -> None:
    assert parse_channel(channels_body(**more)) is None


@pytest.mark.parametrize("uploads", ["", None, 7, "../x"])
def test_a_channel_may_have_no_playlist(uploads: object) -> None:
    told = parse_channel(channels_body(items=[channel(uploads=uploads)]))
    assert told is not None
    assert told.uploads_playlist_id is None


@pytest.mark.parametrize(
    "body",
    [None, "x", [], {}, channels_body(items=7), channels_body(items=[channel("nobody")])],
)
def test_anything_else_than_a_channel_is_trouble_of_the_source(body: object) -> None:
    with pytest.raises(UpstreamError):
        parse_channel(body)


def test_an_upload_has_its_own_time_and_the_time_it_was_added() -> None:
    page = parse_uploads(uploads_body(item(), nextPageToken="CAoQAA"))
    (video,) = page.videos
    assert (video.published_at, video.detail) == (NOON, Detail.FEED)
    assert [at.hour for at in page.added_at] == [11]
    # Unlike those of search these texts are not escaped (recorded bodies).
    assert (video.title, video.description) == ("Tea &amp; toast", "A whole\r\ndescription")
    assert (video.channel_id, page.next_page_token) == (CHANNEL, "CAoQAA")


def test_a_video_is_its_owners_not_the_playlists() -> None:
    owned = item(videoOwnerChannelId="UC" + "b" * 22, videoOwnerChannelTitle="Guest")
    (video,) = parse_uploads(uploads_body(owned)).videos
    assert (video.channel_id, video.channel_title) == ("UC" + "b" * 22, "Guest")


def test_private_and_deleted_videos_are_passed_over_in_silence() -> None:
    page = parse_uploads(uploads_body(private(), item()))
    assert [video.video_id for video in page.videos] == ["aaaaaaaaaa1"]
    assert (len(page.added_at), page.rejected) == (2, ())


def test_a_video_with_an_owner_and_no_time_is_a_bad_item_rather_than_a_private_one() -> None:
    owned = {**private(), "snippet": {"videoOwnerChannelId": CHANNEL, "title": "A title"}}
    assert parse_uploads(uploads_body(owned)).rejected == ("item 0: no publish time",)


def test_a_bad_item_costs_itself() -> None:
    page = parse_uploads(uploads_body(item("tooshort"), 7, item()))
    assert [video.video_id for video in page.videos] == ["aaaaaaaaaa1"]
    assert len(page.rejected) == 2


@pytest.mark.parametrize("body", [None, {}, channels_body(items=[]), uploads_body(nextPageToken=7)])
def test_anything_else_than_uploads_is_trouble_of_the_source(body: object) -> None:
    with pytest.raises(UpstreamError):
        parse_uploads(body)
