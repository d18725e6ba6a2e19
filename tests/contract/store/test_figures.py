"""What is told to those who watch over the service, on every kind of database."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import update

from app.domain.alerts import Alert
from app.domain.fetches import FetchRecord, FetchSource, Purpose
from app.domain.figures import MOST_OUTCOMES, MOST_WATCHES, OTHER, StoredKeyState, UsedQuota
from app.domain.quota import Bucket, KeyState, KeyStatus
from app.domain.ranges import Pending, RangeReason, Reading, Stretch
from app.store.models import FetchRow, KeyStateRow, QuotaUsageRow, RangeRow, WatchRow
from app.store.notice_models import WebhookRow
from tests.contract.store.tellings import NOW, add_watch, found, video

if TYPE_CHECKING:
    from app.domain.figures import Figures
    from app.store.database import Database
    from app.store.store import Store, Transaction

HOUR, DAY, SECOND = timedelta(hours=1), timedelta(days=1), timedelta(seconds=1)
FETCH = FetchRecord(
    FetchSource.SEARCH,
    Purpose.POLL,
    (),
    None,
    NOW - HOUR / 2,
    NOW - HOUR / 2,
    search_calls=2,
    units=3,
    found=50,
    added=4,
    updated=1,
)


def read(store: Store) -> Figures:
    return store.read(lambda transaction: transaction.figures.read(NOW))


def log(store: Store, *records: FetchRecord) -> None:
    def work(transaction: Transaction) -> None:
        for record in records:
            transaction.fetches.add(record)

    store.write(work)


def pending(reason: RangeReason, seconds: int, due_in: timedelta | None) -> Pending:
    stretch = Stretch(NOW - DAY, NOW - DAY + (seconds - 1) * SECOND)
    reading = Reading.SECOND if reason is RangeReason.AGAIN else Reading.FIRST
    return Pending(stretch, reading, reason, None if due_in is None else NOW + due_in)


def test_an_empty_database_tells_zeros(store: Store) -> None:
    figures = read(store)
    assert (figures.videos.total, figures.videos.newest_at, figures.videos.changes) == (0, None, 0)
    assert (figures.watches.stalest, figures.watches.due, figures.ranges) == ((), 0, ())
    assert (figures.fetches, figures.used, dict(figures.keys), figures.alerts) == ((), (), {}, 0)


def test_watches_tell_how_fresh_and_how_complete_they_are(store: Store, database: Database) -> None:
    first, second, paused = (add_watch(store, term).watch_id for term in ("one", "two", "three"))
    for watch_id, success_at in ((first, NOW - HOUR), (second, NOW - DAY), (paused, NOW - 9 * DAY)):
        change = update(WatchRow).where(WatchRow.watch_id == watch_id)
        values: dict[str, object] = {
            "last_success_at": success_at,
            "read_until": NOW,
            "next_due_at": NOW + HOUR,
        }
        values["paused"] = watch_id == paused
        database.write(lambda c, change=change, values=values: c.execute(change.values(values)))  # type: ignore[misc]  # defaults, to bind them now
    due = update(WatchRow).where(WatchRow.watch_id == first).values(next_due_at=NOW - SECOND)
    failing = update(WatchRow).where(WatchRow.watch_id == second).values(error_code="x")
    database.write(lambda connection: [connection.execute(it) for it in (due, failing)])
    store.write(lambda t: t.ranges.replace(first, [pending(RangeReason.BUDGET, 10, -HOUR)]))
    store.write(lambda t: t.record(found([video(1)], first), NOW))
    told = read(store).watches
    assert [(it.watch_id, it.success_at) for it in told.stalest] == [
        (second, NOW - DAY),
        (first, NOW - HOUR),
    ]
    assert [it.complete_until for it in told.stalest] == [NOW, NOW - DAY]
    assert [it.newest_at for it in told.stalest] == [None, NOW]
    assert (told.success_at, told.complete_until) == (NOW - DAY, NOW - DAY)
    assert told.latest_at == NOW - HOUR
    assert (told.due, told.due_at) == (1, NOW - SECOND)
    assert told.counts == {
        ("keyword", "active"): 1,
        ("keyword", "failing"): 1,
        ("keyword", "paused"): 1,
    }


def test_of_many_watches_the_stalest_are_told_one_by_one(store: Store) -> None:
    ids = [add_watch(store, f"watch {number}").watch_id for number in range(MOST_WATCHES + 3)]
    told = read(store).watches
    assert len(told.stalest) == MOST_WATCHES
    assert {it.watch_id for it in told.stalest} <= set(ids)
    assert sum(told.counts.values()) == len(ids)


def test_what_is_still_to_be_read_is_told_by_reason_with_its_seconds(store: Store) -> None:
    for term in ("one", "two"):
        watch_id = add_watch(store, term).watch_id
        ranges = [
            pending(RangeReason.BUDGET, 3600, -HOUR),
            pending(RangeReason.AGAIN, 60, HOUR),
            pending(RangeReason.CAP, 1, None),
        ]
        store.write(lambda t, w=watch_id, r=ranges: t.ranges.replace(w, r))  # type: ignore[misc]  # defaults, to bind them now
    told = {(it.reason, it.due): (it.ranges, it.seconds) for it in read(store).ranges}
    assert told == {
        ("budget", "now"): (2, 7200),
        ("again", "later"): (2, 120),
        ("cap", "never"): (2, 2),
    }


def test_fetches_of_the_last_hour_are_summed_up_by_source_and_outcome(store: Store) -> None:
    records = [
        *(FETCH, FETCH),
        replace(FETCH, error_code="youtube_unavailable", found=0, added=0, updated=0),
        replace(FETCH, source=FetchSource.RSS, search_calls=0, units=0),
        replace(FETCH, started_at=NOW - HOUR - SECOND),
    ]
    log(store, *records)
    told = {(it.source, it.outcome): it for it in read(store).fetches}
    assert told.keys() == {("search", "ok"), ("search", "youtube_unavailable"), ("rss", "ok")}
    whole = told["search", "ok"]
    assert (whole.fetches, whole.search_calls, whole.units) == (2, 4, 6)
    assert (whole.found, whole.added, whole.updated, whole.rejected) == (100, 8, 2, 0)


def test_any_number_of_outcomes_becomes_a_bounded_one(store: Store) -> None:
    records = [replace(FETCH, error_code=f"code_{number}") for number in range(MOST_OUTCOMES + 5)]
    log(store, *records)
    told = read(store).fetches
    assert len(told) == MOST_OUTCOMES + 1
    assert sum(it.fetches for it in told) == len(records)
    assert (told[-1].outcome, told[-1].fetches, told[-1].search_calls) == (OTHER, 5, 10)


def test_videos_tell_how_long_ago_they_were_refreshed(store: Store) -> None:
    store.write(lambda t: t.record(found([video(1)]), NOW - 26 * DAY))
    store.write(lambda t: t.record(found([video(2), video(3)]), NOW))
    told = read(store).videos
    assert (told.total, told.newest_at, told.refreshed_at) == (3, NOW, NOW - 26 * DAY)
    assert told.unrefreshed == {20: 1, 25: 1, 28: 0}
    assert (told.refresh_due, told.changes) == (1, 3)


def test_quota_keys_webhooks_and_alerts_are_told(store: Store, database: Database) -> None:
    watch_id = add_watch(store, "news").watch_id
    day = NOW.date()

    def work(transaction: Transaction) -> None:
        transaction.quota.charge("first", Bucket.SEARCH, day, 100, 7)
        transaction.quota.charge("first", Bucket.UNITS, day - DAY, 100, 7)
        transaction.keys.put(KeyStatus("1" * 12, "first", KeyState.COOLING, "", NOW, NOW + HOUR))
        transaction.webhooks.add(watch_id, "https://example.org/", "nws_x", 0, NOW)
        transaction.webhooks.add(None, "https://example.net/", "nws_y", 0, NOW)
        transaction.alerts.put(Alert("data_stale", "none", NOW, NOW))
        transaction.record(found([video(1)]), NOW)

    store.write(work)
    failing = update(WebhookRow).where(WebhookRow.watch_id == watch_id)
    database.write(lambda c: c.execute(failing.values(failing_since=NOW - HOUR)))
    told = read(store)
    assert told.used == (UsedQuota("first", "search", 7, 100, exhausted=False),)
    assert told.keys == {"1" * 12: StoredKeyState("cooling", NOW + HOUR)}
    assert told.webhooks.counts == {"failing": 1, "working": 1}
    assert (told.webhooks.waiting, told.webhooks.failing_since) == (1, NOW - HOUR)
    assert told.alerts == 1


def test_words_of_a_newer_release_are_told_as_they_are(store: Store, database: Database) -> None:
    watch_id = add_watch(store, "news").watch_id
    store.write(lambda t: t.ranges.replace(watch_id, [pending(RangeReason.NEW, 5, -HOUR)]))
    log(store, FETCH)
    store.write(lambda t: t.quota.charge("first", Bucket.SEARCH, NOW.date(), 100, 7))
    store.write(lambda t: t.keys.put(KeyStatus("1" * 12, "p", KeyState.HELD, "", NOW, None)))
    store.write(lambda t: t.webhooks.add(None, "https://example.org/", "nws_x", 0, NOW))
    words = (
        update(RangeRow).values(reason="novel", reading=9),
        update(FetchRow).values(source="novel"),
        update(QuotaUsageRow).values(bucket="novel"),
        update(KeyStateRow).values(state="novel"),
        update(WebhookRow).values(paused="novel"),
        update(WatchRow).values(kind="novel"),
    )
    database.write(lambda connection: [connection.execute(it) for it in words])
    told = read(store)
    assert [it.reason for it in told.ranges] == ["novel"]
    assert [it.source for it in told.fetches] == ["novel"]
    assert [it.bucket for it in told.used] == ["novel"]
    assert [it.state for it in told.keys.values()] == ["novel"]
    assert told.webhooks.counts == {"novel": 1}
    assert told.watches.counts == {("novel", "active"): 1}
