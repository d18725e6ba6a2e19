"""What a recording stores, counts and tells."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from app.domain.feeds import ALL, Feed
from app.domain.intake import Finding
from app.domain.videos import Detail, LiveState, Source
from tests.contract.store.tellings import (
    LONG_AGO,
    NOW,
    VIDEO,
    add_watch,
    found,
    get_total,
    get_version,
    get_video,
    get_watch,
    hide,
    list_feed,
    record,
    settle,
    video,
)

if TYPE_CHECKING:
    from app.store.store import Store

LATER = NOW + timedelta(minutes=1)
SNIPPET = replace(
    VIDEO,
    detail=Detail.SNIPPET,
    description="A descr...",
    duration_seconds=None,
    category_id=None,
    language=None,
    tags=None,
    view_count=None,
    like_count=None,
)


def test_a_new_video_is_told_and_kept_with_its_first_finder(store: Store) -> None:
    watch = add_watch(store)
    finding = Finding(VIDEO, Source.RSS, watch.watch_id)
    recorded = store.write(lambda transaction: transaction.record([finding], NOW))
    assert (recorded.added, recorded.updated) == ((VIDEO.video_id,), ())
    assert recorded.watches == {watch.watch_id}
    record(store, [replace(VIDEO, title="Edited")], now=LATER)
    stored = get_video(store, VIDEO.video_id)
    assert (stored.source, stored.watches) == (Source.RSS, (watch.watch_id,))
    assert (stored.fetched_at, stored.updated_at) == (NOW, LATER)


def test_a_search_snippet_never_replaces_what_videos_list_told(store: Store) -> None:
    record(store, [VIDEO])
    recorded = record(store, [replace(SNIPPET, title="Cut", live=LiveState.UPCOMING)], now=LATER)
    assert recorded.updated == ()
    assert get_video(store, VIDEO.video_id).video == VIDEO


def test_videos_list_replaces_what_a_search_snippet_told(store: Store) -> None:
    record(store, [SNIPPET])
    assert record(store, [VIDEO], now=LATER).updated == (VIDEO.video_id,)
    assert get_video(store, VIDEO.video_id).video == VIDEO


def test_a_video_told_twice_in_one_batch_is_stored_once_with_its_best_telling(
    store: Store,
) -> None:
    recorded = record(store, [SNIPPET, VIDEO, SNIPPET])
    assert recorded.added == (VIDEO.video_id,)
    assert get_video(store, VIDEO.video_id).video == VIDEO
    assert get_total(store, ALL) == 1


def test_a_video_told_by_videos_list_is_no_longer_incomplete(store: Store) -> None:
    record(store, [SNIPPET, replace(SNIPPET, video_id="video-00002")])
    record(store, [VIDEO])
    owed = store.read(lambda transaction: transaction.videos.list_incomplete(10))
    assert owed == ["video-00002"]


def test_a_video_that_videos_list_left_out_is_not_asked_for_again_until_it_is_told(
    store: Store,
) -> None:
    record(store, [SNIPPET])
    store.write(lambda transaction: transaction.videos.mark_missing([SNIPPET.video_id], NOW))
    assert store.read(lambda transaction: transaction.videos.list_incomplete(10)) == []


def test_counters_alone_are_stored_but_are_no_change(store: Store) -> None:
    watch = add_watch(store)
    record(store, [VIDEO], watch.watch_id)
    before = get_video(store, VIDEO.video_id), get_watch(store, watch.watch_id)
    viewed = replace(VIDEO, view_count=8, like_count=2)
    recorded = record(store, [viewed], watch.watch_id, now=LATER)
    assert (recorded.updated, recorded.watches) == ((), frozenset())
    assert get_video(store, VIDEO.video_id) == replace(before[0], video=viewed)
    assert get_watch(store, watch.watch_id) == before[1]
    assert recorded.version == get_version(store, ALL) == before[0].seq


@pytest.mark.parametrize(
    "change",
    [
        {"title": "Edited"},
        {"description": "Edited"},
        {"published_at": NOW - timedelta(hours=2)},
        {"channel_title": "Renamed"},
        {"thumbnails": '{"high":{}}'},
        {"live": LiveState.COMPLETED},
        {"duration_seconds": 62},
        {"language": "de"},
        {"tags": "[]"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_readers_see_is_a_change(store: Store, change: dict[str, object]) -> None:
    watch = add_watch(store)
    record(store, [VIDEO, video(2)], watch.watch_id)
    version = get_version(store, ALL)
    edited = replace(VIDEO, **change)  # type: ignore[arg-type] # each is of its field's type
    recorded = record(store, [edited], now=LATER)
    stored = get_video(store, VIDEO.video_id)
    assert (stored.video, stored.updated_at) == (edited, LATER)
    assert recorded.updated == (VIDEO.video_id,)
    assert stored.seq == recorded.version == version + 1
    assert get_watch(store, watch.watch_id).feed_seq == version + 1


def test_a_re_date_moves_the_video_in_every_feed_and_count(store: Store) -> None:
    watch = add_watch(store)
    feed = Feed(watch_id=watch.watch_id)
    record(store, [VIDEO, video(2)], watch.watch_id)
    moved = replace(video(2), published_at=NOW - timedelta(days=1))
    record(store, [moved], now=LATER)
    for each in (ALL, feed):
        assert [row.video for row in list_feed(store, each)] == [VIDEO, moved]
        assert get_total(store, each) == 2
        second = store.read(lambda t, it=each: t.feed.list_from_row(it, 1, 1))  # type: ignore[misc] # mypy cannot infer a default's type
        assert [row.video for row in second] == [moved]


def test_a_video_that_changes_its_channel_is_counted_in_the_new_one_alone(store: Store) -> None:
    record(store, [VIDEO, video(2)])
    moved = replace(VIDEO, channel_id="UC9999999999999999999999")
    record(store, [moved], now=LATER)
    for channel_id, left in ((VIDEO.channel_id, video(2)), (moved.channel_id, moved)):
        feed = Feed(channel_id=channel_id)
        assert [row.video for row in list_feed(store, feed)] == [left]
        assert get_total(store, feed) == 1


def test_a_link_to_a_second_watch_changes_the_item_in_the_first_ones_feed(store: Store) -> None:
    first, second = add_watch(store, "first"), add_watch(store, "second")
    record(store, [VIDEO], first.watch_id)
    recorded = record(store, [VIDEO], second.watch_id, now=LATER)
    assert recorded.watches == {first.watch_id, second.watch_id}
    stored = get_video(store, VIDEO.video_id)
    assert stored.watches == (first.watch_id, second.watch_id)
    assert get_watch(store, first.watch_id).feed_seq == stored.seq


def test_a_hidden_video_is_found_again_without_coming_back(store: Store) -> None:
    first, second = add_watch(store, "first"), add_watch(store, "second")
    record(store, [VIDEO, video(2)], first.watch_id)
    hide(store, VIDEO.video_id)
    before = get_watch(store, first.watch_id)
    edited = replace(VIDEO, title="Edited", published_at=NOW - timedelta(days=1))
    record(store, [edited], second.watch_id, now=LATER)
    assert get_watch(store, first.watch_id) == before
    for feed, total in ((ALL, 1), (Feed(first.watch_id), 1), (Feed(second.watch_id), 0)):
        assert get_total(store, feed) == total
        assert VIDEO.video_id not in {row.video.video_id for row in list_feed(store, feed)}


def test_the_id_of_a_removed_watch_is_not_used_again(store: Store) -> None:
    removed = add_watch(store, "removed")
    store.write(lambda transaction: transaction.watches.remove(removed.watch_id, LONG_AGO))
    settle(store)
    assert add_watch(store, "added").watch_id > removed.watch_id


def test_a_recording_of_nothing_changes_nothing(store: Store) -> None:
    recorded = store.write(lambda transaction: transaction.record(found([]), NOW))
    assert (recorded.version, recorded.added, recorded.watches) == (0, (), frozenset())


def ids_in(store: Store, feed: Feed) -> list[str]:
    return [stored.video.video_id for stored in list_feed(store, feed)]
