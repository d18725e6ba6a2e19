"""What the Atom sources read of bodies in the recorded shapes."""

from app.domain.clock import parse_instant
from app.domain.subscriptions import Push
from app.sources.rss import parse_feed
from app.sources.websub import parse_push
from tests.contract.simulator.recorded_atom import CHANNEL, FEED, PUSH, TOMBSTONE, VIDEO


def test_a_feed_tells_all_it_has_of_a_video() -> None:
    told = parse_feed(FEED.encode(), CHANNEL)
    assert (told.listed, told.ordered, told.rejected) == (1, True, ())
    (video,) = told.videos
    assert (video.video_id, video.channel_id, video.channel_title) == (
        VIDEO,
        CHANNEL,
        "Harbour Radio",
    )
    assert (video.title, video.description, video.view_count) == ("Tea", "Two lines", 17)
    assert video.published_at == parse_instant("2026-07-01T14:00:35Z")
    assert video.thumbnails != "{}"


def test_a_push_and_a_deletion_name_their_video() -> None:
    assert parse_push(PUSH.encode()) == Push(frozenset({CHANNEL}), (VIDEO,), ())
    assert parse_push(TOMBSTONE.encode()) == Push(frozenset(), (), (VIDEO,))
