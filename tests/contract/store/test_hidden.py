"""What a moderator hides stays hidden, whatever becomes of its row; on every database."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from app.domain.audit import Actor, client_name
from app.domain.errors import NotFoundError
from app.domain.feeds import ALL, Feed
from app.domain.glances import Glance
from app.domain.moderation import HiddenVideo
from app.domain.videos import Source
from tests.contract.store.tellings import (
    CHANNEL,
    LONG_AGO,
    NOW,
    VIDEO,
    add_watch,
    changes_after,
    get_total,
    get_version,
    hide,
    list_feed,
    record,
    settle,
    video,
)

if TYPE_CHECKING:
    from app.domain.intake import Recorded
    from app.store.store import Store

LATER = NOW + timedelta(minutes=5)
OTHER = video(2)


def show(store: Store, video_id: str = VIDEO.video_id) -> Recorded:
    return store.write(lambda t: t.set_hidden(video_id, hidden=False, now=LATER))


def marks(store: Store) -> list[HiddenVideo]:
    return store.read(lambda t: t.hidden.list_all())


def ids(store: Store, feed: Feed = ALL) -> list[str]:
    listed = [row.video.video_id for row in list_feed(store, feed)]
    assert get_total(store, feed) == len(listed)
    return listed


def test_a_hidden_video_that_was_removed_comes_back_hidden(store: Store) -> None:
    watch = add_watch(store)
    record(store, [VIDEO], watch.watch_id)
    hide(store, VIDEO.video_id)
    place = get_version(store, ALL)
    store.write(lambda t: t.delete([VIDEO.video_id], LATER))
    told = record(store, [VIDEO, OTHER], watch.watch_id, now=LATER)
    assert told.added == (VIDEO.video_id, OTHER.video_id)
    for feed in (ALL, Feed(watch_id=watch.watch_id), Feed(channel_id=CHANNEL)):
        assert ids(store, feed) == [OTHER.video_id]
    assert changes_after(store, place) == {VIDEO.video_id: "delete", OTHER.video_id: "put"}


def test_a_hidden_video_that_a_removed_watch_took_along_comes_back_hidden(store: Store) -> None:
    watch = add_watch(store)
    record(store, [VIDEO], watch.watch_id)
    hide(store, VIDEO.video_id)
    store.write(lambda t: t.watches.remove(watch.watch_id, LONG_AGO))
    settle(store, now=LATER)
    assert marks(store) == [HiddenVideo(VIDEO.video_id, "", "newsreel", NOW, title=None)]
    record(store, [VIDEO], add_watch(store).watch_id, now=LATER)
    assert ids(store) == []
    show(store)
    assert ids(store) == [VIDEO.video_id]


def test_a_video_that_came_back_hidden_is_told_and_counted_once_it_is_shown(store: Store) -> None:
    watch = add_watch(store)
    record(store, [VIDEO], watch.watch_id)
    hide(store, VIDEO.video_id)
    store.write(lambda t: t.delete([VIDEO.video_id], LATER))
    record(store, [VIDEO], watch.watch_id, now=LATER)
    place = get_version(store, ALL)
    shown = show(store)
    assert (shown.updated, shown.watches) == ((VIDEO.video_id,), frozenset([watch.watch_id]))
    assert changes_after(store, place) == {VIDEO.video_id: "put"}
    assert ids(store, Feed(watch_id=watch.watch_id)) == [VIDEO.video_id]


def test_what_was_shown_again_while_it_was_away_comes_back_seen(store: Store) -> None:
    record(store, [VIDEO])
    hide(store, VIDEO.video_id)
    store.write(lambda t: t.delete([VIDEO.video_id], LATER))
    assert show(store).updated == ()
    record(store, [VIDEO], now=LATER)
    assert (ids(store), marks(store)) == ([VIDEO.video_id], [])


def test_hiding_again_changes_the_note_and_nothing_else(store: Store) -> None:
    record(store, [VIDEO])
    moderator = store.by(Actor(client_name("nrc_1"), "203.0.113.7"))
    for _ in range(2):
        moderator.write(lambda t: t.set_hidden(VIDEO.video_id, hidden=True, now=NOW, note="spam"))
    version = get_version(store, ALL)
    hide(store, VIDEO.video_id, now=LATER)
    assert get_version(store, ALL) == version
    assert marks(store) == [HiddenVideo(VIDEO.video_id, "", "client:nrc_1", NOW, VIDEO.title)]


@pytest.mark.parametrize("hidden", [True, False])
def test_what_was_never_here_is_neither_hidden_nor_shown(store: Store, *, hidden: bool) -> None:
    with pytest.raises(NotFoundError):
        store.write(lambda t: t.set_hidden(VIDEO.video_id, hidden=hidden, now=NOW))
    assert marks(store) == []


def test_what_is_only_in_the_listing_of_a_channel_can_be_hidden(store: Store) -> None:
    glance = Glance(
        CHANNEL, 1, next_try_at=NOW, last_accessed_at=NOW, source=Source.RSS, videos=(VIDEO,)
    )
    store.write(lambda t: t.glances.want(CHANNEL, 1, NOW))
    store.write(lambda t: t.glances.put(glance))
    hide(store, VIDEO.video_id)
    assert store.read(lambda t: t.hidden.list_among([VIDEO.video_id])) == {VIDEO.video_id: NOW}
    with pytest.raises(NotFoundError):
        hide(store, "video_00001")  # `_` stands for any letter in LIKE
    record(store, [VIDEO], now=LATER)
    assert ids(store) == []
