"""What stands in the log after polls, and for how long."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from app.domain.errors import StoreUnavailableError
from app.domain.fetches import FetchQuery, FetchRecord, FetchSource, Purpose
from app.domain.logs import LogCursor
from app.ingest import pruning
from simulator.quota import Key
from tests.unit.ingest.rig import Call, Rig, before_noon
from tests.unit.simulator.worlds import NOON

NewRig = Callable[..., Rig]


def _log(rig: Rig, **chosen: object) -> list[FetchRecord]:
    page = rig.services.fetch_log.page(FetchQuery(100, **chosen))  # type: ignore[arg-type]  # as named
    return [fetch.record for fetch in page.lines]


def _record_of(seconds: int) -> FetchRecord:
    at = NOON + timedelta(seconds=seconds)
    return FetchRecord(FetchSource.VIDEOS, Purpose.REFRESH, (), None, at, at, units=1)


def test_a_poll_leaves_one_line_that_says_what_it_did(new_rig: NewRig) -> None:
    rig = new_rig(before_noon(70))
    watch = rig.watch()
    rig.clock.move(1)
    rig.tick()
    [told] = _log(rig)
    assert (told.source, told.purpose) == (FetchSource.SEARCH, Purpose.POLL)
    assert told.watch_ids == (watch.watch_id,)
    assert (told.pages, told.search_calls, told.units) == (2, 2, 2)
    assert (told.found, told.added, told.rejected) == (70, 70, 0)
    assert told.started_at == told.finished_at == rig.clock()
    assert told.error_code is None
    assert told.stretch is not None
    assert told.stretch.ends_at == rig.clock()


def test_the_calls_of_a_line_are_those_that_the_ledger_charged(new_rig: NewRig) -> None:
    rig = new_rig(
        before_noon(70),
        youtube_api_keys="p:bad,p:good",
        keys=[Key("bad", "p", "invalid"), Key("good", "p")],
    )
    rig.watch()
    rig.tick()
    day = rig.clock().date()
    usage = rig.services.store.read(lambda t: t.quota.list_usage(day))
    [told] = _log(rig)
    assert {u.bucket.value: u.used for u in usage} == {
        "search": told.search_calls,
        "units": told.units,
    }
    assert told.search_calls + told.units == len(rig.calls) > told.pages * 2


def test_a_failed_poll_says_why_and_what_it_cost(new_rig: NewRig) -> None:
    rig = new_rig()
    rig.watch()
    rig.fault("backend_error", method="search")
    rig.tick()
    [told] = _log(rig, failed=True)
    assert (told.error_code, told.pages, told.search_calls) == ("youtube_unavailable", 0, 1)
    assert told.error_detail


def test_a_poll_that_could_ask_nothing_is_no_fetch(new_rig: NewRig) -> None:
    rig = new_rig(youtube_api_keys="")
    rig.watch()
    rig.run_for(300)
    assert _log(rig) == []


def test_a_poll_that_was_overtaken_is_told_with_what_it_cost(new_rig: NewRig) -> None:
    rig = new_rig(before_noon(3))
    rig.watch()

    def overtake(call: Call) -> None:
        if call.method == "search":
            rig.clock.move(60)
            assert rig.services.ingest.tick()

    rig.youtube.wire.before_each = overtake
    [claim] = rig.services.ingest.tick()
    rig.services.ingest.run(claim)
    [told] = _log(rig)
    assert (told.error_code, told.search_calls, told.added) == ("lease_lost", 1, 0)


def test_a_poll_that_is_killed_leaves_no_line(new_rig: NewRig) -> None:
    rig = new_rig(before_noon(70))
    rig.watch()

    def die(_: Call) -> None:
        if rig.searches() == 2:
            raise KeyboardInterrupt

    rig.youtube.wire.before_each = die
    with pytest.raises(KeyboardInterrupt):
        rig.tick()
    assert rig.searches() == 2
    assert _log(rig) == []


def test_pages_lead_through_the_whole_log_and_back(rig: Rig) -> None:
    log = rig.services.fetch_log
    for number in range(7):
        log.record(_record_of(number))
    page = log.page(FetchQuery(3))
    pages = [page]
    while page.next_cursor is not None:
        page = log.page(FetchQuery(3, cursor=page.next_cursor))
        pages.append(page)
    assert [len(page.lines) for page in pages] == [3, 3, 1]
    assert [f.record for page in pages for f in page.lines] == _log(rig)
    assert pages[0].previous_cursor is None

    back = log.page(FetchQuery(3, cursor=pages[2].previous_cursor))
    assert back.lines == pages[1].lines
    first = log.page(FetchQuery(3, cursor=back.previous_cursor))
    assert (first.lines, first.previous_cursor) == (pages[0].lines, None)


def test_a_page_beyond_either_end_is_empty(rig: Rig) -> None:
    log = rig.services.fetch_log
    log.record(_record_of(0))
    [fetch] = log.page(FetchQuery(1)).lines
    for newer in (False, True):
        beyond = log.page(FetchQuery(1, cursor=LogCursor(fetch.fetch_id, newer=newer)))
        assert (beyond.lines, beyond.next_cursor, beyond.previous_cursor) == ((), None, None)


def test_ticks_drop_lines_of_more_than_the_days_that_are_kept(new_rig: NewRig) -> None:
    rig = new_rig(fetch_log_days=2)
    log = rig.services.fetch_log
    log.record(_record_of(0))
    log.record(_record_of(3600))
    rig.clock.move(2 * 86_400)
    rig.tick()
    assert len(_log(rig)) == 2
    rig.clock.move(3_600)
    rig.tick()
    assert _log(rig) == [_record_of(3600)]


def test_a_long_outdated_log_is_dropped_a_batch_a_tick(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pruning, "PRUNED_AT_ONCE", 2)
    for number in range(5):
        rig.services.fetch_log.record(_record_of(number))
    rig.clock.move(31 * 86_400)
    left = []
    for _ in range(3):
        rig.tick()
        left.append(len(_log(rig)))
    assert left == [3, 1, 0]


def test_without_the_database_a_line_cannot_be_written(rig: Rig) -> None:
    (rig.folder / "newsreel.db").rename(rig.folder / "elsewhere.db")
    rig.services.store.dispose()
    with pytest.raises(StoreUnavailableError):
        rig.services.fetch_log.record(_record_of(0))
