"""What is removed can be brought back for a while, as it was."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from app.domain.channels import ChannelState, usual_playlist
from app.domain.errors import DuplicateWatchError, LeaseLostError, NotFoundError
from app.domain.feeds import ALL, Feed
from app.domain.filters import Filters
from app.domain.ranges import Pending, RangeReason, Reading, Stretch
from app.domain.watches import UNDO_WINDOW, RemovedWatch, WatchKind
from tests.contract.store.tellings import (
    CHANNEL,
    NOW,
    VIDEO,
    add_watch,
    changes_after,
    get_total,
    get_version,
    get_watch,
    list_feed,
    record,
    settle,
    video,
)

if TYPE_CHECKING:
    from app.domain.watches import Watch
    from app.store.store import Store

SOON = NOW + timedelta(minutes=1)
IN_TIME = NOW + UNDO_WINDOW - timedelta(microseconds=1)
TOO_LATE = NOW + UNDO_WINDOW
PENDING = Pending(Stretch(NOW - timedelta(hours=1), NOW), Reading.FIRST, RangeReason.BUDGET, NOW)


def remove(store: Store, watch: Watch) -> None:
    store.write(lambda t: t.watches.remove(watch.watch_id, NOW))


def restore(store: Store, watch: Watch, now: object = IN_TIME) -> None:
    assert isinstance(now, type(NOW))
    store.write(lambda t: t.watches.restore(watch.watch_id, now - UNDO_WINDOW))


def test_a_removed_watch_comes_back_with_all_it_had(store: Store) -> None:
    watch = add_watch(store)
    record(store, [video(1), video(2)], watch.watch_id)
    store.write(lambda t: t.ranges.replace(watch.watch_id, [PENDING]))
    webhook = store.write(
        lambda t: t.webhooks.add(watch.watch_id, "https://example.org/in", "s", 0, NOW)
    )
    [claim] = store.write(lambda t: t.watches.claim_due(NOW, SOON, 10))
    before, feed, place = (
        get_watch(store, watch.watch_id),
        Feed(watch.watch_id),
        get_version(store, ALL),
    )
    rows = list_feed(store, feed)
    remove(store, watch)
    assert settle(store, now=IN_TIME) == []
    assert store.read(lambda t: (t.watches.list_all(), t.webhooks.count())) == ([], 0)
    assert store.read(lambda t: t.webhooks.list_due(SOON, 10)) == []
    assert store.write(lambda t: t.watches.claim_due(SOON, TOO_LATE, 10)) == []
    restore(store, watch)
    assert get_watch(store, watch.watch_id) == before
    assert (list_feed(store, feed), get_total(store, feed)) == (rows, 2)
    assert changes_after(store, place) == {}
    assert store.read(lambda t: t.ranges.list_pending(watch.watch_id)) == [PENDING]
    assert store.read(lambda t: t.webhooks.list_due(SOON, 10)) == [webhook]
    with pytest.raises(LeaseLostError):
        store.write(lambda t: t.watches.renew(claim, SOON))
    assert len(store.write(lambda t: t.watches.claim_due(SOON, TOO_LATE, 10))) == 1


def test_a_paused_channel_comes_back_paused_and_where_it_was(store: Store) -> None:
    kind, state = WatchKind.CHANNEL, ChannelState(usual_playlist(CHANNEL), uploads_read_at=NOW)
    watch, _ = store.write(lambda t: t.watches.add(kind, CHANNEL, now=NOW, read_until=NOW))
    paused = store.write(lambda t: t.watches.change(watch.watch_id, {"paused": True}))
    store.write(lambda t: t.channels.put_state(watch.watch_id, state))
    store.write(lambda t: t.subscriptions.add_hints(CHANNEL, ["video-00001"], NOW))
    remove(store, watch)
    restore(store, watch)
    assert get_watch(store, watch.watch_id) == paused
    assert store.read(lambda t: t.channels.get_state(paused)) == state
    assert store.read(lambda t: t.subscriptions.count_hints(CHANNEL)) == 1


@pytest.mark.parametrize("is_withdrawn", [False, True])
def test_what_is_over_is_not_brought_back(store: Store, *, is_withdrawn: bool) -> None:
    watch = add_watch(store)
    record(store, [VIDEO], watch.watch_id)
    with pytest.raises(NotFoundError):
        restore(store, watch)
    remove(store, watch)
    if is_withdrawn:
        store.write(lambda t: t.withdraw(1, TOO_LATE))
    with pytest.raises(NotFoundError):  # a clock that is behind changes nothing
        restore(store, watch, SOON if is_withdrawn else TOO_LATE)
    settle(store, now=TOO_LATE)
    assert list_feed(store, ALL) == []
    assert store.read(lambda t: t.watches.has_upkeep(TOO_LATE)) is False


def test_what_is_watched_again_is_not_brought_back_until_that_is_removed(store: Store) -> None:
    watch = add_watch(store)
    record(store, [VIDEO], watch.watch_id)
    remove(store, watch)
    again = add_watch(store)
    with pytest.raises(DuplicateWatchError) as caught:
        restore(store, watch)
    assert caught.value.watch_id == again.watch_id != watch.watch_id
    remove(store, again)
    removed = store.read(lambda t: t.watches.list_removed(NOW - UNDO_WINDOW))
    assert removed == [
        RemovedWatch(each.watch_id, WatchKind.KEYWORD, "news", "news", NOW)
        for each in (again, watch)
    ]
    restore(store, watch)
    settle(store, now=TOO_LATE)
    assert store.read(lambda t: t.watches.list_all()) == [get_watch(store, watch.watch_id)]
    assert len(list_feed(store, Feed(watch.watch_id))) == 1


def test_what_was_told_meanwhile_is_held_against_the_filters(store: Store) -> None:
    watch = add_watch(store)
    filters = Filters(exclude_words=("trailer",))
    store.write(lambda t: t.watches.change(watch.watch_id, {"filters": filters}))
    settle(store)
    record(store, [video(1), video(2)], watch.watch_id)
    remove(store, watch)
    record(store, [replace(video(1), title="A trailer")], now=SOON)
    restore(store, watch)
    assert get_watch(store, watch.watch_id).refiltering
    settle(store, 1)
    assert [row.video for row in list_feed(store, Feed(watch.watch_id))] == [video(2)]
    assert get_total(store, Feed(watch.watch_id)) == get_total(store, ALL) == 1


def test_the_version_of_a_feed_that_comes_back_is_no_older(store: Store) -> None:
    watch = add_watch(store)
    record(store, [video(1)], watch.watch_id)
    before = get_version(store, Feed(watch.watch_id))
    remove(store, watch)
    record(store, [replace(video(1), title="Another")], now=SOON)
    restore(store, watch)
    assert get_version(store, Feed(watch.watch_id)) == get_version(store, ALL) > before
