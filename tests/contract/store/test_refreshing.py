"""Who refreshes what, and what goes: on every database."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from app.domain.feeds import ALL
from app.domain.videos import Detail
from tests.contract.store.tellings import NOW, get_total, list_feed, record, video

if TYPE_CHECKING:
    from datetime import datetime

    from app.store.store import Store, Transaction

LATER = NOW + timedelta(days=1)
LEASED_UNTIL = LATER + timedelta(minutes=10)
IDS = [video(number).video_id for number in range(60)]


def claim(store: Store, due_at: datetime = LATER, limit: int = 50) -> list[str]:
    def work(transaction: Transaction) -> list[str]:
        transaction.stand_in_line()
        return transaction.videos.claim_refresh(due_at, LEASED_UNTIL, limit)

    return store.write(work)


def next_refresh_at(store: Store) -> datetime | None:
    return store.read(lambda t: t.videos.next_refresh_at())


def oldest_refresh_at(store: Store) -> datetime | None:
    return store.read(lambda t: t.videos.oldest_refresh_at())


def test_many_workers_never_take_the_same_video(store: Store) -> None:
    record(store, map(video, range(60)))
    with ThreadPoolExecutor(6) as pool:
        claims = list(pool.map(lambda _: claim(store, limit=10), range(12)))
    assert sorted(video_id for taken in claims for video_id in taken) == IDS
    assert next_refresh_at(store) == LEASED_UNTIL


def test_the_longest_due_comes_first(store: Store) -> None:
    for hours in (3, 1, 2):
        record(store, [video(hours)], now=NOW + timedelta(hours=hours))
    assert claim(store, limit=2) == [video(1).video_id, video(2).video_id]


def test_what_is_not_due_is_left_alone(store: Store) -> None:
    record(store, [video(1)])
    assert claim(store, NOW + timedelta(hours=5)) == []
    assert next_refresh_at(store) == NOW + timedelta(hours=6)


def test_a_full_telling_counts_as_a_refresh_and_a_poor_one_does_not(store: Store) -> None:
    record(store, [video(1)])
    record(store, [replace(video(1), detail=Detail.SNIPPET)], now=LATER)
    assert oldest_refresh_at(store) == NOW
    record(store, [video(1)], now=LATER)
    assert oldest_refresh_at(store) == LATER
    assert next_refresh_at(store) == LATER + timedelta(days=1)


def test_the_first_absence_is_remembered_until_the_video_is_told(store: Store) -> None:
    def missing_at(since: datetime) -> list[str]:
        return store.read(lambda t: t.videos.list_missing(IDS, since))

    record(store, map(video, range(3)))
    store.write(lambda t: t.videos.mark_missing(IDS[:2], NOW))
    store.write(lambda t: t.videos.mark_missing(IDS[:2], LATER))
    assert sorted(missing_at(NOW)) == IDS[:2]
    record(store, [video(0)], now=LATER)
    assert missing_at(LATER) == IDS[1:2]
    assert store.read(lambda t: t.videos.list_last_refreshed(5)) == [IDS[0], IDS[2]]


def test_what_was_postponed_is_due_then_and_the_rest_as_before(store: Store) -> None:
    record(store, map(video, range(2)))
    due_at = dict.fromkeys(IDS[:1], LATER)
    store.write(lambda t: t.videos.postpone_refresh(due_at, NOW + timedelta(hours=7)))
    assert claim(store, NOW + timedelta(hours=7)) == IDS[1:2]
    store.write(lambda t: t.videos.postpone_refresh(dict.fromkeys(IDS[:2], NOW), NOW))
    assert claim(store, LATER) == IDS[:1]


def test_ids_are_walked_in_order_each_once(store: Store) -> None:
    record(store, map(video, range(60)))

    def after(video_id: str) -> list[str]:
        return store.read(lambda t: t.videos.list_ids(video_id, 7))

    walked = after("")
    while page := after(walked[-1]):
        walked += page
    assert walked == IDS


def test_hundreds_of_videos_go_at_once(store: Store) -> None:
    record(store, map(video, range(600)))
    record(store, [video(700)], now=LATER)

    def unrefreshed() -> list[str]:
        return store.read(lambda t: t.videos.list_refreshed_before(NOW, 500))

    def delete(gone: list[str]) -> None:
        assert store.write(lambda t: t.delete(gone, LATER)).deleted == tuple(sorted(gone))

    for left in (101, 1):
        delete(unrefreshed())
        assert get_total(store, ALL) == len(list_feed(store, ALL)) == left
    assert unrefreshed() == []
