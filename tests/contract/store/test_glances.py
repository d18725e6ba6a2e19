"""Glances on every database: who is due, who goes, and that what is put comes back."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.feeds import ALL, Feed
from app.domain.glances import KEPT, Glance
from app.domain.videos import CanonicalJson, Detail, LiveState, Source
from app.store.store import Store
from tests.contract.store.tellings import (
    CHANNEL,
    NOW,
    VIDEO,
    add_watch,
    count_glances,
    get_total,
    get_version,
    list_feed,
    record,
    video,
)

MINUTE = timedelta(minutes=1)
OTHER = "UC" + "z" * 22

GLANCE = Glance(
    channel_id=CHANNEL,
    wanted=0,
    next_try_at=NOW + MINUTE,
    last_accessed_at=NOW,
    fetched_at=NOW - timedelta(microseconds=1),
    reach=50,
    source=Source.UPLOADS,
    completed_at=NOW,
    gone_until=NOW,
    failing_since=NOW - MINUTE,
    videos=(
        replace(VIDEO, title='Née "1" 🔥 \\ \u2028', description="one\ntwo\t\x01"),
        replace(video(2), detail=Detail.FEED, live=None, tags=None, view_count=None),
        replace(video(3), live=LiveState.UPCOMING, tags=CanonicalJson('["\\"a\\"","ü"]')),
    ),
)


def channel(number: int) -> str:
    return f"UC{number:022}"


def want(
    store: Store, channel_id: str = CHANNEL, wanted: int = 5, now: datetime = NOW, most: int = 100
) -> None:
    store.write(lambda t: t.glances.want(channel_id, wanted, now, most=most))


def put(store: Store, glance: Glance = GLANCE) -> None:
    store.write(lambda t: t.glances.put(glance))


def find(store: Store, channel_id: str = CHANNEL) -> Glance | None:
    return store.read(lambda t: t.glances.find(channel_id))


def due(store: Store, now: datetime = NOW, limit: int = 10) -> list[str]:
    return store.read(lambda t: t.glances.list_due(now, limit))


def claim(store: Store, now: datetime = NOW, channel_id: str = CHANNEL) -> bool:
    return store.write(lambda t: t.glances.claim(channel_id, now, now + MINUTE))


def test_a_glance_comes_back_as_it_was_put(store: Store) -> None:
    want(store)
    put(store)
    assert find(store) == GLANCE
    least = replace(GLANCE, fetched_at=None, completed_at=None, gone_until=None, videos=())
    put(store, least)
    assert find(store) == least


def test_what_came_of_a_glance_that_was_let_go_is_not_kept(store: Store) -> None:
    put(store)
    assert find(store) is None


def test_writing_what_came_of_it_does_not_undo_an_access_meanwhile(store: Store) -> None:
    want(store)
    want(store, now=NOW + MINUTE)
    put(store)
    assert find(store) == replace(GLANCE, last_accessed_at=NOW + MINUTE)


def test_the_most_that_anybody_waits_for_is_wanted(store: Store) -> None:
    for wanted in (5, 50, 20):
        want(store, wanted=wanted)
    found = find(store)
    assert found is not None
    assert found.wanted == 50


def test_only_what_somebody_waits_for_is_due_the_longest_first_and_is_claimed_once(
    store: Store,
) -> None:
    for number, minutes in ((1, 2), (2, 1), (3, 3)):
        want(store, channel(number), now=NOW + minutes * MINUTE)
    want(store)
    put(store, replace(GLANCE, wanted=0, next_try_at=NOW))
    later = NOW + 2 * MINUTE
    assert due(store, later) == [channel(2), channel(1)]
    assert due(store, later, limit=1) == [channel(2)]
    assert claim(store, later, channel(2))
    assert not claim(store, later, channel(2))
    assert not claim(store, later)
    assert due(store, later) == [channel(1)]
    assert due(store, later + MINUTE) == [channel(1), channel(2), channel(3)]


def test_an_access_is_noted_only_if_the_last_note_is_old(store: Store) -> None:
    want(store)

    def noted(at: datetime) -> datetime:
        store.write(lambda t: t.glances.note_access(CHANNEL, at, at - MINUTE))
        found = find(store)
        assert found is not None
        return found.last_accessed_at

    assert noted(NOW + MINUTE) == NOW
    assert noted(NOW + 2 * MINUTE) == NOW + 2 * MINUTE


def test_a_crowd_of_strangers_hinders_nobody_and_leaves_no_more_than_may_be(store: Store) -> None:
    def ask(stranger: int) -> None:
        for turn in range(10):
            want(store, channel(turn), now=NOW + turn * MINUTE, most=5)
            want(store, channel(100 * stranger + turn), now=NOW + turn * MINUTE, most=5)

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(ask, range(1, 5))) == [None] * 4
    want(store, now=NOW + 60 * MINUTE, most=5)
    assert count_glances(store) == 5
    assert find(store) is not None


def test_one_that_is_due_is_given_to_one_of_many(store: Store) -> None:
    want(store)
    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(lambda _: claim(store), range(8))) == 1


def test_what_was_neither_asked_for_nor_fetched_for_long_is_let_go_in_bounded_steps(
    store: Store,
) -> None:
    for number in range(5):
        want(store, channel(number), now=NOW - KEPT - MINUTE)
    want(store, CHANNEL)
    put(store, replace(GLANCE, fetched_at=NOW - KEPT - MINUTE))
    want(store, OTHER)
    before = NOW - KEPT
    assert [store.write(lambda t: t.glances.prune(before, 4)) for _ in range(3)] == [4, 2, 0]
    assert find(store, OTHER) is not None
    assert count_glances(store) == 1


def test_glanced_videos_are_in_no_feed_and_move_no_version(store: Store) -> None:
    watch = add_watch(store)
    record(store, [video(7)], watch.watch_id)
    version = get_version(store, ALL)
    want(store)
    put(store)
    for feed in (ALL, Feed(channel_id=CHANNEL), Feed(watch_id=watch.watch_id)):
        assert [stored.video for stored in list_feed(store, feed)] == [video(7)]
        assert get_total(store, feed) == 1
    assert get_version(store, ALL) == version


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(asked=st.lists(st.integers(0, 9), max_size=40), most=st.integers(1, 6))
def test_however_channels_are_asked_for_those_asked_for_last_are_kept(
    store: Store, asked: list[int], most: int
) -> None:
    store.write(lambda t: t.glances.prune(NOW + timedelta(days=999), 1_000))
    latest: list[int] = []
    for turn, number in enumerate(asked):
        want(store, channel(number), now=NOW + turn * MINUTE, most=most)
        latest = [*(other for other in latest if other != number), number][-most:]
        assert count_glances(store) == len(latest)
    kept = [number for number in range(10) if find(store, channel(number)) is not None]
    assert kept == sorted(latest)
