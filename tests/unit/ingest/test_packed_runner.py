"""Packed polls over a SQLite file and a simulator: whom they look for, what they leave alone."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import pytest

from app.domain.errors import StoreUnavailableError
from app.domain.feeds import Feed
from app.domain.fetches import FetchQuery, FetchRecord, Purpose
from app.domain.ranges import Stretch
from app.domain.watches import WatchKind
from app.store.store import Transaction
from tests.unit.ingest.rig import Call, Rig
from tests.unit.simulator.worlds import video

NewRig = Callable[..., Rig]
TERMS = ("alpha", "bravo", "charlie", "delta words", "echo", "foxtrot", "golf", "hotel")
HOUR = 3600


@pytest.fixture
def rig(new_rig: NewRig) -> Rig:
    """Eight keywords on 100 calls a day, once their first polls are over."""
    rig = new_rig(youtube_search_calls_per_day=40)
    for term in TERMS:
        rig.watch(term)
    rig.run_for(30)
    return rig


def publish(rig: Rig, number: int, **fields: object) -> str:
    new = video(number, (rig.clock() - video(0).published_at).total_seconds())
    rig.publish(replace(new, **fields))  # type: ignore[arg-type]  # of a video
    return new.video_id


def packed_polls(rig: Rig) -> list[FetchRecord]:
    page = rig.services.fetch_log.page(FetchQuery(limit=100))
    logged = [fetch.record for fetch in page.lines]
    return [record for record in logged if record.purpose is Purpose.PACKED_POLL]


def run_until_packed(rig: Rig) -> FetchRecord:
    """Let time pass until one more packed poll is over."""
    before = len(packed_polls(rig))
    for _ in range(1000):
        rig.clock.move(60)
        rig.tick()
        if len(packed_polls(rig)) > before:
            return packed_polls(rig)[0]
    raise AssertionError("no packed poll within hours")


def feed_of(rig: Rig, term: str) -> list[str]:
    watch = next(w for w in rig.services.watching.list_all() if w.term == term)
    stored = rig.services.store.read(lambda t: t.feed.list_from_row(Feed(watch.watch_id), 0, 100))
    return [each.video.video_id for each in stored]


def test_one_call_looks_for_all_and_each_video_finds_its_watches(rig: Rig) -> None:
    alpha = publish(rig, 1, title="The alpha of it")
    delta = publish(rig, 2, title="Plain", description="all delta words here")
    both = publish(rig, 3, title="Bravo, echo!")
    searches = rig.searches()
    poll = run_until_packed(rig)
    assert len(poll.watch_ids) == len(TERMS)
    assert (poll.search_calls, poll.added, poll.error_code) == (1, 3, None)
    assert rig.searches() > searches
    assert feed_of(rig, "alpha") == [alpha]
    assert feed_of(rig, "delta words") == [delta]
    assert feed_of(rig, "bravo") == feed_of(rig, "echo") == [both]
    assert feed_of(rig, "golf") == []


def test_a_packed_poll_reads_no_range(rig: Rig) -> None:
    def pending(watch_id: int) -> object:
        return rig.services.store.read(lambda t: t.ranges.list_pending(watch_id))

    before = {watch.watch_id: pending(watch.watch_id) for watch in rig.services.watching.list_all()}
    until = {watch.watch_id: watch.read_until for watch in rig.services.watching.list_all()}
    polled_before = {fetch.watch_ids for fetch in _own_polls(rig)}
    run_until_packed(rig)
    own = {fetch.watch_ids for fetch in _own_polls(rig)} - polled_before
    untouched = [w for w in before if (w,) not in own]
    assert untouched
    for watch in rig.services.watching.list_all():
        if watch.watch_id in untouched:
            assert pending(watch.watch_id) == before[watch.watch_id]
            assert watch.read_until == until[watch.watch_id]


def _own_polls(rig: Rig) -> list[FetchRecord]:
    page = rig.services.fetch_log.page(FetchQuery(limit=100))
    return [f.record for f in page.lines if f.record.purpose is Purpose.POLL]


def test_a_video_of_which_nobody_can_say_whose_it_is_waits_for_a_reading_of_its_own(
    rig: Rig,
) -> None:
    """Search finds it by a link, which says nothing about a video."""
    odd = publish(rig, 1, title="Something else", description="https://example.org/golf")
    run_until_packed(rig)
    assert odd in rig.known()
    shown_for = {term for term in TERMS if odd in feed_of(rig, term)}
    rig.run_for(2 * 24 * HOUR, every=300)
    assert not shown_for
    assert {term for term in TERMS if odd in feed_of(rig, term)} == {"golf"}


def test_two_processes_take_one_pack_between_them(rig: Rig) -> None:
    other = rig.another(youtube_search_calls_per_day=40)
    taken = 0
    for _ in range(600):
        rig.clock.move(60)
        now = [rig.services.packed.due(), other.packed.due()]
        taken += sum(map(len, now))
        assert sum(map(len, now)) <= 1
    assert taken > 5
    other.close()


def test_a_packed_poll_that_fails_is_told_and_made_up_for_by_the_next(rig: Rig) -> None:
    rig.fault("http_503", method="search", times=50)
    alpha = publish(rig, 1, title="alpha")
    failed = run_until_packed(rig)
    assert failed.error_code is not None
    assert feed_of(rig, "alpha") == []
    rig.simulator.faults.clear()
    rig.clock.move(60)
    assert run_until_packed(rig).error_code is None
    assert feed_of(rig, "alpha") == [alpha]


def test_a_pack_that_fails_takes_no_turn_from_another(new_rig: NewRig) -> None:
    rig = new_rig(youtube_search_calls_per_day=200)
    for number in range(30):
        rig.watch(f"term{number:02}")
    rig.run_for(30)
    failing = set(run_until_packed(rig).watch_ids)

    def fail(call: Call) -> None:
        query = call.query.get("q", [""])[0]
        if "|" in query and len(failing & ids_in(query)) > len(query.split("|")) / 2:
            raise TimeoutError

    def ids_in(query: str) -> set[int]:
        return {1 + int(term.removeprefix("term")) for term in query.split("|")}

    rig.youtube.wire.before_each = fail
    polls = [run_until_packed(rig) for _ in range(12)]
    assert {poll.error_code is None for poll in polls} == {True, False}
    assert sum(poll.error_code is None for poll in polls) >= 4


def test_marks_of_a_clock_that_was_ahead_hold_nothing_up(rig: Rig) -> None:
    run_until_packed(rig)
    rig.clock.move(48 * HOUR)
    ahead = packed_polls(rig)
    run_until_packed(rig)
    rig.clock.move(-48 * HOUR)
    for _ in range(120):
        rig.clock.move(60)
        rig.tick()
    assert len(packed_polls(rig)) > len(ahead) + 2


def test_links_that_nothing_confirms_are_dropped_in_time(rig: Rig) -> None:
    publish(rig, 1, title="Something else", description="https://example.org/golf")
    run_until_packed(rig)
    assert uncertain_links(rig) == len(TERMS)
    rig.clock.move(7.9 * 24 * HOUR)
    rig.services.packed.due()
    assert uncertain_links(rig) == len(TERMS)
    rig.clock.move(12 * HOUR)
    rig.services.packed.due()
    assert uncertain_links(rig) == 0


def test_dropping_links_that_fails_is_not_tried_at_every_tick(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = []

    def fail(*_: object) -> int:
        tries.append(rig.clock())
        raise StoreUnavailableError("no")

    run_until_packed(rig)
    monkeypatch.setattr(Transaction, "drop_uncertain", fail)
    rig.clock.move(13 * HOUR)
    before = len(packed_polls(rig))
    rig.run_for(2 * HOUR, every=60)
    assert len(tries) == 1
    assert len(packed_polls(rig)) > before


def uncertain_links(rig: Rig) -> int:
    database = sqlite3.connect(rig.database_url.removeprefix("sqlite:///"))
    with closing(database):
        (found,) = database.execute("SELECT COUNT(*) FROM watch_videos WHERE uncertain").fetchone()
        return int(found)


def test_a_watch_removed_meanwhile_is_left_out(rig: Rig) -> None:
    packs: list[tuple[int, ...]] = []
    while not packs:
        rig.clock.move(60)
        packs = rig.services.packed.due()
    watches = rig.services.watching.list_all()
    for watch in watches[:-1]:
        rig.services.watching.remove(watch.watch_id)
    hotel = publish(rig, 1, title="hotel")
    odd = publish(rig, 2, title="Something else", description="https://example.org/hotel")
    rig.services.packed.run(packs[0])
    assert packed_polls(rig)[0].watch_ids == (watches[-1].watch_id,)
    assert sorted(feed_of(rig, "hotel")) == [hotel, odd]  # nobody else was searched for
    logged = len(packed_polls(rig))
    rig.services.watching.remove(watches[-1].watch_id)
    rig.services.packed.run(packs[0])
    assert len(packed_polls(rig)) == logged


def test_with_sharing_off_each_watch_keeps_to_itself(new_rig: NewRig) -> None:
    rig = new_rig(youtube_search_calls_per_day=40, share_searches=False)
    for term in TERMS:
        rig.watch(term)
    rig.run_for(12 * HOUR, every=60)
    assert packed_polls(rig) == []


def test_the_forecast_says_how_often_a_shared_search_looks_for_a_watch(rig: Rig) -> None:
    forecast = rig.services.quota.report().forecast
    for poll in forecast.polls:
        assert poll.packed_interval_seconds is not None
        assert poll.interval_seconds is not None
        assert poll.packed_interval_seconds < poll.interval_seconds


def test_the_log_tells_what_a_packed_poll_looked_through(rig: Rig) -> None:
    poll = run_until_packed(rig)
    assert poll.stretch is not None
    assert poll.stretch == Stretch(
        poll.stretch.ends_at - timedelta(days=1), poll.started_at.replace(microsecond=0)
    )


def test_watches_share_a_search_in_their_region_and_language_and_with_no_others(
    new_rig: NewRig,
) -> None:
    rig = new_rig(youtube_search_calls_per_day=100)
    for number in range(30):
        region = "NZ" if number % 2 else None
        rig.services.watching.create(WatchKind.KEYWORD, f"word{number}", {"region": region})
    rig.run_for(6 * 3600, every=60)
    packed = [c for c in rig.calls if c.method == "search" and "|" in c.query["q"][0]]
    assert {call.query.get("regionCode", [None])[0] for call in packed} == {"NZ", None}
    for call in packed:
        numbers = {int(term.removeprefix("word")) % 2 for term in call.query["q"][0].split("|")}
        assert numbers == {int("regionCode" in call.query)}
