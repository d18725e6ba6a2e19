"""What becomes of a watch's videos when its filters change, and when it is removed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from app.domain.errors import LeaseLostError, NotFoundError
from app.domain.feeds import ALL, Feed
from app.domain.filters import Filters, Shorts
from app.domain.intake import Finding
from app.domain.videos import Detail, LiveState, Source
from tests.contract.store.tellings import (
    LONG_AGO,
    NOW,
    VIDEO,
    add_watch,
    changes_after,
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
    from app.domain.videos import Video
    from app.store.store import Store

LATER = NOW + timedelta(minutes=5)
SHORT = replace(video(1), duration_seconds=60)
LONG = replace(video(2), duration_seconds=600)
AT_LEAST_FIVE_MINUTES = Filters(min_duration_seconds=300)


def ids_in(store: Store, feed: Feed) -> set[str]:
    ids = {stored.video.video_id for stored in list_feed(store, feed)}
    assert get_total(store, feed) == len(ids)
    return ids


def want(store: Store, watch_id: int, filters: Filters) -> None:
    store.write(lambda t: t.watches.change(watch_id, {"filters": filters}))


def remove(store: Store, watch_id: int) -> None:
    store.write(lambda t: t.watches.remove(watch_id, LONG_AGO))


def ids(*videos: Video) -> set[str]:
    return {each.video_id for each in videos}


def test_an_excluded_video_is_stored_and_in_no_feed_of_the_watch(store: Store) -> None:
    picky, other = add_watch(store, "picky"), add_watch(store, "other")
    want(store, picky.watch_id, AT_LEAST_FIVE_MINUTES)
    settle(store)
    for watch in (picky, other):
        record(store, [SHORT, LONG], watch.watch_id)
    assert ids_in(store, Feed(picky.watch_id)) == ids(LONG)
    assert ids_in(store, Feed(other.watch_id)) == ids(SHORT, LONG)
    assert ids_in(store, ALL) == ids(SHORT, LONG)
    assert get_video(store, SHORT.video_id).watches == (other.watch_id,)


def test_what_is_not_known_yet_excludes_nothing_until_it_is(store: Store) -> None:
    watch = add_watch(store)
    want(store, watch.watch_id, AT_LEAST_FIVE_MINUTES)
    snippet = replace(SHORT, duration_seconds=None, tags=None, detail=Detail.SNIPPET)
    record(store, [snippet], watch.watch_id)
    assert ids_in(store, Feed(watch.watch_id)) == ids(SHORT)
    before = get_watch(store, watch.watch_id).feed_seq
    told = record(store, [SHORT], now=LATER)
    assert ids_in(store, Feed(watch.watch_id)) == set()
    assert told.watches == {watch.watch_id}
    assert get_watch(store, watch.watch_id).feed_seq == told.version > before
    assert told.updated == (SHORT.video_id,)


def test_an_edit_puts_a_video_back_that_passes_now(store: Store) -> None:
    watch = add_watch(store)
    want(store, watch.watch_id, Filters(exclude_words=("trailer",)))
    record(store, [replace(VIDEO, title="A trailer")], watch.watch_id)
    assert ids_in(store, Feed(watch.watch_id)) == set()
    told = record(store, [VIDEO], now=LATER)
    assert ids_in(store, Feed(watch.watch_id)) == ids(VIDEO)
    assert told.watches == {watch.watch_id}


def test_a_broadcast_that_moves_and_is_excluded_at_once_leaves_the_hour_it_was_in(
    store: Store,
) -> None:
    watch = add_watch(store)
    want(store, watch.watch_id, Filters(live=(LiveState.UPCOMING,)))
    record(store, [replace(VIDEO, live=LiveState.UPCOMING)], watch.watch_id)
    moved = replace(VIDEO, live=LiveState.LIVE, published_at=NOW + timedelta(hours=30))
    record(store, [moved], now=LATER)
    assert ids_in(store, Feed(watch.watch_id)) == set()
    assert ids_in(store, ALL) == set()
    assert ids_in(store, Feed(channel_id=VIDEO.channel_id)) == set()


def test_a_confirmed_video_is_held_against_the_filters(store: Store) -> None:
    watch = add_watch(store)
    want(store, watch.watch_id, AT_LEAST_FIVE_MINUTES)
    doubts = [Finding(v, Source.SEARCH, watch.watch_id, uncertain=True) for v in (SHORT, LONG)]
    store.write(lambda t: t.record(doubts, NOW))
    record(store, [SHORT, LONG], watch.watch_id, now=LATER)
    assert ids_in(store, Feed(watch.watch_id)) == ids(LONG)


def test_new_filters_are_applied_to_stored_videos_in_batches_that_readers_can_follow(
    store: Store,
) -> None:
    watch, other = add_watch(store, "one"), add_watch(store, "other")
    videos = [replace(video(n), duration_seconds=60 * n) for n in range(1, 8)]
    record(store, videos, watch.watch_id)
    record(store, videos[:1], other.watch_id)
    want(store, watch.watch_id, Filters(shorts=Shorts.WITHOUT))
    assert get_watch(store, watch.watch_id).refiltering
    assert ids_in(store, Feed(watch.watch_id)) == ids(*videos)
    sizes = []
    while get_watch(store, watch.watch_id).refiltering:
        before = get_version(store, ALL)
        step = store.write(lambda t: t.refilter(2, LATER))
        assert step is not None
        left = ids_in(store, Feed(watch.watch_id))
        told = changes_after(store, before)
        assert set(told) == set(step.updated)
        if told:
            assert get_watch(store, watch.watch_id).feed_seq == step.version
            assert get_version(store, ALL) == step.version
        sizes.append(len(left))
    assert sizes == [5, 4, 4, 4]
    assert ids_in(store, Feed(watch.watch_id)) == ids(*videos[3:])
    assert ids_in(store, ALL) == ids(videos[0], *videos[3:])
    assert get_watch(store, other.watch_id).feed_seq > 0
    shared = get_video(store, videos[0].video_id)
    assert (shared.watches, shared.updated_at) == ((other.watch_id,), LATER)
    want(store, watch.watch_id, Filters())
    settle(store, 3)
    assert ids_in(store, Feed(watch.watch_id)) == ids(*videos)


def test_filters_changed_half_way_are_applied_from_the_start(store: Store) -> None:
    watch = add_watch(store)
    videos = [replace(video(n), duration_seconds=60 * n) for n in range(1, 8)]
    record(store, videos, watch.watch_id)
    want(store, watch.watch_id, Filters(max_duration_seconds=120))
    store.write(lambda t: t.refilter(4, NOW))
    want(store, watch.watch_id, Filters(min_duration_seconds=180))
    settle(store, 4)
    assert ids_in(store, Feed(watch.watch_id)) == ids(*videos[2:])


def test_options_that_are_no_filters_judge_nothing_anew(store: Store) -> None:
    watch = add_watch(store)
    want(store, watch.watch_id, AT_LEAST_FIVE_MINUTES)
    settle(store)
    changed = store.write(
        lambda t: t.watches.change(
            watch.watch_id, {"label": "Mine", "weight": 2.5, "filters": AT_LEAST_FIVE_MINUTES}
        )
    )
    assert (changed.label, changed.weight, changed.refiltering) == ("Mine", 2.5, False)
    assert get_watch(store, watch.watch_id) == changed


def test_a_hidden_video_is_judged_and_counted_nowhere(store: Store) -> None:
    watch = add_watch(store)
    record(store, [SHORT, LONG], watch.watch_id)
    hide(store, SHORT.video_id)
    want(store, watch.watch_id, AT_LEAST_FIVE_MINUTES)
    settle(store)
    assert ids_in(store, Feed(watch.watch_id)) == ids(LONG)
    store.write(lambda t: t.set_hidden(SHORT.video_id, hidden=False, now=LATER))
    assert ids_in(store, Feed(watch.watch_id)) == ids(LONG)
    assert ids_in(store, ALL) == ids(LONG)


def test_a_removed_watch_is_gone_at_once_and_its_name_is_free(store: Store) -> None:
    removed = add_watch(store, "news")
    record(store, [VIDEO], removed.watch_id)
    [claim] = store.write(lambda t: t.watches.claim_due(NOW, LATER, 10))
    remove(store, removed.watch_id)
    with pytest.raises(NotFoundError):
        get_watch(store, removed.watch_id)
    with pytest.raises(NotFoundError):
        get_version(store, Feed(removed.watch_id))
    with pytest.raises(NotFoundError):
        remove(store, removed.watch_id)
    with pytest.raises(LeaseLostError):
        store.write(lambda t: t.watches.renew(claim, LATER))
    again = add_watch(store, "news")
    assert again.watch_id > removed.watch_id
    assert ids_in(store, Feed(again.watch_id)) == set()
    assert store.read(lambda t: t.watches.list_all()) == [again]
    assert store.read(lambda t: t.watches.count()) == 1
    settle(store)
    assert store.read(lambda t: t.watches.list_all()) == [again]


def test_a_watch_may_have_the_id_of_a_removed_one_for_its_keyword(store: Store) -> None:
    removed = add_watch(store, "news")
    remove(store, removed.watch_id)
    add_watch(store, str(removed.watch_id))
    settle(store)
    assert store.read(lambda t: t.watches.count()) == 1


def test_videos_of_a_removed_watch_go_in_batches_with_tombstones_and_shared_ones_stay(
    store: Store,
) -> None:
    removed, kept = add_watch(store, "removed"), add_watch(store, "kept")
    record(store, [video(n) for n in range(7)], removed.watch_id)
    record(store, [video(2)], kept.watch_id)
    record(store, [video(8)])
    hide(store, video(3).video_id)
    remove(store, removed.watch_id)
    place = get_version(store, ALL)
    sizes = [len(step.deleted) for step in settle(store, 3, LATER)]
    assert sizes == [2, 3, 1, 0]
    assert ids_in(store, ALL) == ids(video(2), video(8))
    assert ids_in(store, Feed(channel_id=VIDEO.channel_id)) == ids(video(2), video(8))
    shared = get_video(store, video(2).video_id)
    assert (shared.watches, shared.updated_at) == ((kept.watch_id,), LATER)
    assert get_watch(store, kept.watch_id).feed_seq >= shared.seq
    assert changes_after(store, place) == {
        video(n).video_id: "put" if n == 2 else "delete" for n in range(7)
    }


def test_an_excluded_link_of_another_watch_keeps_a_video(store: Store) -> None:
    removed, picky = add_watch(store, "removed"), add_watch(store, "picky")
    want(store, picky.watch_id, AT_LEAST_FIVE_MINUTES)
    for watch in (removed, picky):
        record(store, [SHORT], watch.watch_id)
    remove(store, removed.watch_id)
    settle(store)
    want(store, picky.watch_id, Filters())
    settle(store)
    assert ids_in(store, Feed(picky.watch_id)) == ids(SHORT)


def test_a_video_told_while_its_watch_is_being_removed_is_counted_right(store: Store) -> None:
    removed = add_watch(store, "removed")
    record(store, [video(1), video(2)], removed.watch_id)
    remove(store, removed.watch_id)
    moved = replace(video(1), published_at=NOW - timedelta(days=2))
    record(store, [moved, video(3)], removed.watch_id, now=LATER)
    settle(store, 1)
    assert ids_in(store, ALL) == set()
