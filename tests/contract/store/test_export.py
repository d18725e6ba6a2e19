"""Feeds read from end to end, on every database, while videos come in."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from app.domain.feeds import ALL, EVERYTHING, Feed, Selection
from app.feed.exporting import VideoExport
from tests.contract.store.tellings import CHANNEL, NOW, add_watch, list_feed, record, video

if TYPE_CHECKING:
    from app.domain.videos import StoredVideo
    from app.store.store import Store

VIDEOS = 40


@pytest.fixture
def watch_id(store: Store) -> int:
    """The watch that found every third video; five share each second."""
    watch = add_watch(store)
    told = [
        replace(video(number), published_at=NOW - timedelta(seconds=number // 5))
        for number in range(VIDEOS)
    ]
    record(store, told)
    record(store, told[::3], watch.watch_id)
    return watch.watch_id


def exported(store: Store, feed: Feed, selection: Selection = EVERYTHING) -> list[StoredVideo]:
    pages = VideoExport(store, page_videos=7).pages(feed, selection)
    return [stored for page in pages for stored in page]


def test_every_video_of_a_feed_is_exported_once_newest_first(store: Store, watch_id: int) -> None:
    for feed in (ALL, Feed(watch_id=watch_id), Feed(channel_id=CHANNEL)):
        told = exported(store, feed)
        assert told == list_feed(store, feed)
        assert told
    assert len(exported(store, ALL)) == VideoExport(store).count(ALL, EVERYTHING) == VIDEOS


@pytest.mark.usefixtures("watch_id")
def test_only_what_was_published_between_two_instants_is_exported(store: Store) -> None:
    after, before = NOW - timedelta(seconds=4), NOW - timedelta(seconds=2)
    told = exported(store, ALL, Selection(published_after=after, published_before=before))
    assert {stored.video.published_at for stored in told} == {
        NOW - timedelta(seconds=second) for second in (2, 3, 4)
    }
    assert len(told) == 15


@pytest.mark.usefixtures("watch_id")
def test_videos_that_come_in_meanwhile_push_none_out(store: Store) -> None:
    before = list_feed(store, ALL)
    told: list[StoredVideo] = []
    for number, page in enumerate(VideoExport(store, page_videos=7).pages(ALL, EVERYTHING)):
        told.extend(page)
        newer = NOW + timedelta(seconds=number)
        record(store, [replace(video(VIDEOS + number), published_at=newer)])
    assert told == before
