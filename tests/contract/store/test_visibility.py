"""A video that every watch excludes is in no feed: when it goes, when it is back, who is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from app.domain.feeds import ALL, Feed
from app.domain.filters import Filters, Shorts
from app.domain.intake import Finding
from app.domain.videos import Detail, Source
from tests.contract.store.tellings import (
    CHANNEL,
    LONG_AGO,
    NOW,
    VIDEO,
    add_watch,
    changes_after,
    get_total,
    get_version,
    get_video,
    hide,
    list_feed,
    record,
    settle,
    video,
)

if TYPE_CHECKING:
    from app.domain.intake import Recorded
    from app.domain.watches import Watch
    from app.store.store import Store

LATER = NOW + timedelta(minutes=5)
MUCH_LATER = NOW + timedelta(days=1)
SHORT = replace(VIDEO, duration_seconds=60)
LONG = replace(VIDEO, duration_seconds=600)
NO_SHORTS = Filters(shorts=Shorts.WITHOUT)
ANYTHING = Filters()


def picky_watch(store: Store, term: str = "picky") -> Watch:
    watch = add_watch(store, term)
    want(store, watch, NO_SHORTS)
    return watch


def want(store: Store, watch: Watch, filters: Filters) -> list[Recorded]:
    store.write(lambda t: t.watches.change(watch.watch_id, {"filters": filters}))
    return settle(store, now=MUCH_LATER)


def doubt(store: Store, watch: Watch) -> Recorded:
    """A shared search shows the short video, and nobody knows for which watch."""
    finding = Finding(SHORT, Source.SEARCH, watch.watch_id, uncertain=True)
    return store.write(lambda t: t.record([finding], NOW))


def drop_doubts(store: Store, watch: Watch) -> int:
    since, before = NOW, NOW + timedelta(seconds=1)
    return store.write(lambda t: t.drop_uncertain(watch.watch_id, since, before, MUCH_LATER))


def is_shown(store: Store) -> bool:
    """Whether the video is in every feed that is no watch's; all of them agree."""
    shown = store.read(lambda t: t.feed.find_video(VIDEO.video_id)) is not None
    for feed in (ALL, Feed(channel_id=CHANNEL)):
        ids = [stored.video.video_id for stored in list_feed(store, feed)]
        assert (VIDEO.video_id in ids) is shown
        assert get_total(store, feed) == len(ids)
    return shown


def test_what_the_only_watch_excludes_is_stored_and_nobody_is_told(store: Store) -> None:
    watch = picky_watch(store)
    recorded = record(store, [SHORT], watch.watch_id)
    assert not is_shown(store)
    assert (recorded.added, recorded.updated) == ((VIDEO.video_id,), ())
    assert recorded.version == get_version(store, ALL) == 0
    again = record(store, [replace(SHORT, title="Edited")], watch.watch_id, now=LATER)
    assert (again.updated, again.watches, again.version) == ((), frozenset(), 0)
    assert changes_after(store, 0) == {}


def test_it_is_refreshed_unseen_and_comes_as_it_is_then(store: Store) -> None:
    watch = picky_watch(store)
    record(store, [SHORT], watch.watch_id)
    record(store, [replace(SHORT, title="Edited")], now=LATER)
    [step] = want(store, watch, ANYTHING)
    assert is_shown(store)
    shown = get_video(store, VIDEO.video_id)
    assert (shown.video.title, shown.updated_at) == ("Edited", MUCH_LATER)
    assert (step.updated, step.version) == ((VIDEO.video_id,), shown.seq)
    assert changes_after(store, 0) == {VIDEO.video_id: "put"}


def test_new_filters_take_it_from_readers_and_bring_it_back(store: Store) -> None:
    watch = add_watch(store)
    record(store, [SHORT, video(2)], watch.watch_id)
    place = get_version(store, ALL)
    want(store, watch, Filters(exclude_words=("a title",)))
    assert not is_shown(store)
    assert changes_after(store, place) == {VIDEO.video_id: "delete"}
    place = get_version(store, ALL)
    want(store, watch, ANYTHING)
    assert is_shown(store)
    assert changes_after(store, place) == {VIDEO.video_id: "put"}


def test_another_reason_against_it_moves_nothing(store: Store) -> None:
    watch = picky_watch(store)
    record(store, [SHORT], watch.watch_id)
    steps = want(store, watch, Filters(min_duration_seconds=300))
    assert [step.updated for step in steps] == [()]
    assert not is_shown(store)


def test_what_one_of_two_watches_wants_is_shown(store: Store) -> None:
    picky, other = picky_watch(store), add_watch(store, "other")
    record(store, [SHORT], picky.watch_id)
    place = get_version(store, ALL)
    record(store, [SHORT], other.watch_id, now=LATER)
    assert is_shown(store)
    assert changes_after(store, place) == {VIDEO.video_id: "put"}
    assert get_video(store, VIDEO.video_id).watches == (other.watch_id,)
    want(store, other, NO_SHORTS)
    assert not is_shown(store)
    want(store, picky, ANYTHING)
    assert get_video(store, VIDEO.video_id).watches == (picky.watch_id,)


def test_a_video_of_no_watch_is_shown_until_one_finds_and_excludes_it(store: Store) -> None:
    record(store, [SHORT])
    assert is_shown(store)
    place = get_version(store, ALL)
    watch = picky_watch(store)
    told = record(store, [SHORT], watch.watch_id, now=LATER)
    assert not is_shown(store)
    assert (told.updated, told.watches) == ((VIDEO.video_id,), frozenset())
    assert changes_after(store, place) == {VIDEO.video_id: "delete"}


def test_more_that_is_told_of_a_video_takes_it_out_or_brings_it_back(store: Store) -> None:
    watch = picky_watch(store)
    snippet = replace(SHORT, duration_seconds=None, tags=None, detail=Detail.SNIPPET)
    record(store, [snippet], watch.watch_id)
    assert is_shown(store)
    record(store, [SHORT], now=LATER)
    assert not is_shown(store)
    record(store, [replace(LONG, published_at=NOW - timedelta(days=40))], now=LATER)
    assert is_shown(store)


def test_an_uncertain_link_counts_as_wanted_until_it_is_dropped(store: Store) -> None:
    picky, unsure = picky_watch(store), add_watch(store, "unsure")
    record(store, [SHORT], picky.watch_id)
    doubt(store, unsure)
    assert is_shown(store)
    place = get_version(store, ALL)
    assert drop_doubts(store, unsure) == 1
    assert not is_shown(store)
    assert changes_after(store, place) == {VIDEO.video_id: "delete"}


def test_an_uncertain_link_that_is_excluded_keeps_its_video_out_for_good(store: Store) -> None:
    watch = picky_watch(store)
    doubt(store, watch)
    assert not is_shown(store)
    assert drop_doubts(store, watch) == 0
    assert not is_shown(store)
    want(store, watch, ANYTHING)
    assert is_shown(store)
    assert get_video(store, VIDEO.video_id).watches == ()


def test_filters_on_a_link_nobody_is_certain_of_move_no_feed_of_the_watch(store: Store) -> None:
    watch = add_watch(store)
    doubt(store, watch)
    before = get_version(store, Feed(watch.watch_id))
    [step] = want(store, watch, NO_SHORTS)
    assert not is_shown(store)
    assert (step.updated, step.watches) == ((VIDEO.video_id,), frozenset())
    assert get_version(store, Feed(watch.watch_id)) == before


def test_a_video_goes_with_the_last_watch_that_wanted_it(store: Store) -> None:
    picky, removed = picky_watch(store), add_watch(store, "removed")
    for watch in (picky, removed):
        record(store, [SHORT], watch.watch_id)
    place = get_version(store, ALL)
    store.write(lambda t: t.watches.remove(removed.watch_id, LONG_AGO))
    settle(store, now=LATER)
    assert not is_shown(store)
    assert changes_after(store, place) == {VIDEO.video_id: "delete"}


def test_a_video_goes_with_the_last_watch_that_was_not_certain_of_it(store: Store) -> None:
    picky, removed = picky_watch(store), add_watch(store, "removed")
    record(store, [SHORT], picky.watch_id)
    doubt(store, removed)
    assert is_shown(store)
    store.write(lambda t: t.watches.remove(removed.watch_id, LONG_AGO))
    settle(store, now=LATER)
    assert not is_shown(store)


def test_an_excluded_video_that_is_deleted_was_not_counted(store: Store) -> None:
    watch = picky_watch(store)
    record(store, [SHORT, replace(LONG, video_id="video-00002")], watch.watch_id)
    store.write(lambda t: t.delete([VIDEO.video_id], LATER))
    assert not is_shown(store)
    assert get_total(store, ALL) == 1


def test_a_copy_learns_of_a_deletion_though_the_video_is_back_and_excluded(store: Store) -> None:
    watch = add_watch(store)
    record(store, [SHORT], watch.watch_id)
    place = get_version(store, ALL)
    store.write(lambda t: t.delete([VIDEO.video_id], LATER))
    want(store, watch, NO_SHORTS)
    record(store, [SHORT], watch.watch_id, now=MUCH_LATER)
    assert changes_after(store, place) == {VIDEO.video_id: "delete"}
    want(store, watch, ANYTHING)
    assert changes_after(store, place) == {VIDEO.video_id: "put"}


def test_what_a_moderator_hides_no_filter_brings_back_nor_he_what_all_exclude(
    store: Store,
) -> None:
    watch = picky_watch(store)
    record(store, [SHORT], watch.watch_id)
    hide(store, VIDEO.video_id)
    want(store, watch, ANYTHING)
    assert not is_shown(store)
    want(store, watch, NO_SHORTS)
    version = get_version(store, ALL)
    shown = store.write(lambda t: t.set_hidden(VIDEO.video_id, hidden=False, now=LATER))
    assert (shown.updated, shown.version) == ((), version)
    assert not is_shown(store)
    want(store, watch, ANYTHING)
    assert is_shown(store)


def test_a_first_copy_has_nothing_that_is_excluded(store: Store) -> None:
    watch = picky_watch(store)
    longs = [replace(video(n), duration_seconds=600) for n in range(5, 8)]
    record(store, [SHORT, *longs], watch.watch_id)
    assert changes_after(store, 0) == {each.video_id: "put" for each in longs}
