"""Links nobody is certain of: in no feed and no count until a reading of its own confirms one."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from app.domain.feeds import ALL, Feed
from app.domain.intake import Finding, LinkReason
from app.domain.videos import Source
from tests.contract.store.tellings import (
    LONG_AGO,
    NOW,
    VIDEO,
    add_watch,
    get_total,
    get_version,
    get_video,
    get_watch,
    list_feed,
    settle,
)

if TYPE_CHECKING:
    from datetime import datetime

    from app.store.store import Store

LATER = NOW + timedelta(minutes=1)


def ids_in(store: Store, feed: Feed) -> list[str]:
    return [stored.video.video_id for stored in list_feed(store, feed)]


def uncertain(watch_id: int) -> Finding:
    return Finding(VIDEO, Source.SEARCH, watch_id, LinkReason.UNMATCHED, uncertain=True)


def test_an_uncertain_video_is_in_no_watch_feed_and_no_count_but_in_the_feed_of_all(
    store: Store,
) -> None:
    watch = add_watch(store)
    recorded = store.write(lambda t: t.record([uncertain(watch.watch_id)], NOW))
    assert recorded.watches == frozenset()
    assert ids_in(store, Feed(watch.watch_id)) == []
    assert get_total(store, Feed(watch.watch_id)) == 0
    assert ids_in(store, ALL) == [VIDEO.video_id]
    assert get_video(store, VIDEO.video_id).watches == ()


def test_a_reading_of_its_own_confirms_an_uncertain_video(store: Store) -> None:
    watch = add_watch(store)
    store.write(lambda t: t.record([uncertain(watch.watch_id)], NOW))
    before = get_version(store, ALL)
    own = Finding(VIDEO, Source.SEARCH, watch.watch_id)
    recorded = store.write(lambda t: t.record([own], LATER))
    assert recorded.watches == {watch.watch_id}
    assert recorded.updated == (VIDEO.video_id,)
    assert recorded.version > before
    assert ids_in(store, Feed(watch.watch_id)) == [VIDEO.video_id]
    assert get_total(store, Feed(watch.watch_id)) == 1
    again = store.write(lambda t: t.record([own], LATER))
    assert (again.watches, get_total(store, Feed(watch.watch_id))) == (frozenset(), 1)


def test_a_confirmation_by_a_late_reading_tells_how_late_search_was(store: Store) -> None:
    late, prompt = add_watch(store), add_watch(store, "prompt")
    unsure = [uncertain(watch.watch_id) for watch in (late, prompt)]
    store.write(lambda t: t.record(unsure, NOW))
    own = [
        Finding(VIDEO, Source.SEARCH, late.watch_id, late=True),
        Finding(VIDEO, Source.SEARCH, prompt.watch_id),
    ]
    store.write(lambda t: t.record(own, VIDEO.published_at + timedelta(hours=5)))
    assert delays(store, late.watch_id) == [5 * 3600]
    assert delays(store, prompt.watch_id) == []


def delays(store: Store, watch_id: int) -> list[int]:
    return store.read(lambda t: t.watches.list_delays(watch_id, NOW - timedelta(days=1), 10))


def test_removing_a_watch_that_was_uncertain_of_a_video_changes_nothing_for_readers(
    store: Store,
) -> None:
    removed, owner = add_watch(store), add_watch(store, "owner")
    own = Finding(VIDEO, Source.SEARCH, owner.watch_id)
    store.write(lambda t: t.record([uncertain(removed.watch_id), own], NOW))
    before = get_version(store, ALL), get_video(store, VIDEO.video_id)
    store.write(lambda t: t.watches.remove(removed.watch_id, LONG_AGO))
    settle(store, now=LATER)
    assert (get_version(store, ALL), get_video(store, VIDEO.video_id)) == before


def test_removing_a_watch_moves_no_feed_that_was_uncertain_of_its_videos(store: Store) -> None:
    removed, unsure = add_watch(store), add_watch(store, "unsure")
    own = Finding(VIDEO, Source.SEARCH, removed.watch_id)
    store.write(lambda t: t.record([uncertain(unsure.watch_id), own], NOW))
    before = get_version(store, ALL)
    store.write(lambda t: t.watches.remove(removed.watch_id, LONG_AGO))
    settle(store)
    assert get_version(store, ALL) > before
    assert get_watch(store, unsure.watch_id).feed_seq == 0
    assert get_video(store, VIDEO.video_id).watches == ()  # kept for the one that may confirm it


def test_what_is_certain_does_not_become_uncertain(store: Store) -> None:
    watch = add_watch(store)
    own = Finding(VIDEO, Source.SEARCH, watch.watch_id)
    store.write(lambda t: t.record([own, uncertain(watch.watch_id)], NOW))
    store.write(lambda t: t.record([uncertain(watch.watch_id)], LATER))
    assert ids_in(store, Feed(watch.watch_id)) == [VIDEO.video_id]


def test_uncertain_links_are_dropped_by_age_and_certain_ones_stay(store: Store) -> None:
    one, other = add_watch(store), add_watch(store, "other")
    store.write(
        lambda t: t.record(
            [uncertain(one.watch_id), Finding(VIDEO, Source.SEARCH, other.watch_id)], NOW
        )
    )
    published_at, second = VIDEO.published_at, timedelta(seconds=1)

    def drop(watch_id: int, since: datetime, before: datetime) -> int:
        return store.write(lambda t: t.drop_uncertain(watch_id, since, before, LATER))

    assert drop(one.watch_id, published_at - second, published_at) == 0
    assert drop(one.watch_id, published_at + second, published_at + 2 * second) == 0
    assert drop(other.watch_id, published_at, published_at + second) == 0
    assert drop(one.watch_id, published_at, published_at + second) == 1
    assert ids_in(store, Feed(other.watch_id)) == [VIDEO.video_id]
    store.write(lambda t: t.record([Finding(VIDEO, Source.SEARCH, one.watch_id)], LATER))
    assert ids_in(store, Feed(one.watch_id)) == [VIDEO.video_id]
