from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from threading import Event

import pytest
from structlog.testing import capture_logs

from app.domain.errors import StoreUnavailableError
from tests.unit.ingest.rig import Call, Rig, ScriptedSource, before_noon, ids_of, listing, told
from tests.unit.simulator.worlds import CHANNEL, NOON

NewRig = Callable[..., Rig]


class Outage:
    """Takes the database file away, and puts it back."""

    def __init__(self, rig: Rig) -> None:
        self._path = rig.folder / "newsreel.db"
        self._services = rig.services

    def begin(self) -> None:
        self._services.store.dispose()
        for path in self._files():
            path.rename(path.with_name(f"away-{path.name}"))
        self._path.mkdir()

    def end(self) -> None:
        self._path.rmdir()
        for path in self._path.parent.glob("away-*"):
            path.rename(path.with_name(path.name.removeprefix("away-")))

    def _files(self) -> list[Path]:
        return list(self._path.parent.glob("newsreel.db*"))


def test_configured_keywords_are_watched_from_the_first_tick(new_rig: NewRig) -> None:
    rig = new_rig(keywords="music, news,music,")
    rig.tick()
    assert [watch.term for watch in rig.services.watching.list_all()] == ["music", "news"]


def test_a_start_adds_what_is_missing_and_leaves_what_is_there(new_rig: NewRig) -> None:
    rig = new_rig(keywords="music")
    rig.tick()
    rig.services.watching.set_paused(1, paused=True)
    other = rig.another(keywords="music,news")
    other.ingest.tick()
    watches = rig.services.watching.list_all()
    assert [(watch.term, watch.paused) for watch in watches] == [("music", True), ("news", False)]
    other.close()


def test_channels_are_seeded_like_keywords(new_rig: NewRig) -> None:
    rig = new_rig(before_noon(1), keywords="news", channels="@harbour, @nobody ,@Harbour")
    with capture_logs() as logs:
        rig.run_for(30)
    watches = rig.services.watching.list_all()
    assert [(watch.kind.value, watch.term) for watch in watches] == [
        ("keyword", "news"),
        ("channel", CHANNEL.channel_id),
    ]
    assert [log["event"] for log in logs if log["log_level"] == "error"] == ["channel_refused"]


def test_a_watch_removed_while_we_run_stays_removed(new_rig: NewRig) -> None:
    rig = new_rig(keywords="music")
    rig.tick()
    rig.services.watching.remove(1)
    rig.run_for(60)
    assert rig.services.watching.list_all() == []


def test_a_worker_replaced_while_we_run_brings_no_removed_watch_back(rig: Rig) -> None:
    one_start = Event()
    for _ in range(2):
        process = rig.another(seeded=one_start, keywords="music")
        process.ingest.tick()
        for watch in process.watching.list_all():
            process.watching.remove(watch.watch_id)
        process.close()
    assert one_start.is_set()
    process = rig.another(seeded=one_start, keywords="music")
    process.ingest.tick()
    assert process.watching.list_all() == []
    process.close()


def test_a_keyword_that_cannot_be_watched_is_told_and_costs_only_itself(new_rig: NewRig) -> None:
    rig = new_rig(keywords=f"{'x' * 201},news")
    with capture_logs() as logs:
        rig.run_for(30)
    assert [watch.term for watch in rig.services.watching.list_all()] == ["news"]
    assert [log["event"] for log in logs if log["log_level"] == "error"] == ["keyword_refused"]


def test_without_a_database_a_tick_claims_nothing_and_the_log_tells_once(new_rig: NewRig) -> None:
    videos = before_noon(5)
    rig = new_rig(videos, keywords="title")
    outage = Outage(rig)
    outage.begin()
    with capture_logs() as logs:
        for _ in range(3):
            assert rig.services.ingest.tick() == []
            assert rig.services.refresher.due() == []
        assert rig.problems() == {"database_unavailable"}
        outage.end()
        rig.tick()
    told = [(log["event"], log["code"]) for log in logs if "incident" in log["event"]]
    assert told == [
        ("incident_began", "database_unavailable"),
        ("incident_ended", "database_unavailable"),
    ]
    assert rig.known() == ids_of(videos)


def test_a_database_that_leaves_during_a_poll_loses_nothing(new_rig: NewRig) -> None:
    videos = before_noon(150)
    rig = new_rig(videos, keywords="title", lookback_seconds=0)
    outage = Outage(rig)
    rig.youtube.wire.before_each = lambda call: (
        outage.begin() if "pageToken" in call.query else None
    )
    rig.tick()
    rig.youtube.wire.before_each = lambda _: None
    outage.end()
    rig.clock.move(30)
    rig.tick()
    assert set(rig.known()) == set(ids_of(videos))


def test_a_watch_is_polled_again_as_soon_as_a_database_that_left_is_back(new_rig: NewRig) -> None:
    videos = before_noon(150)
    rig = new_rig(videos, keywords="title", lookback_seconds=0)
    outage = Outage(rig)
    begun_at = rig.clock()
    wait = rig.services.ingest._giving_back._wait

    def back_after_five_seconds(seconds: float) -> None:
        wait(seconds)
        if rig.clock() - begun_at == timedelta(seconds=5):
            outage.end()

    rig.services.ingest._giving_back._wait = back_after_five_seconds
    rig.youtube.wire.before_each = lambda call: (
        outage.begin() if "pageToken" in call.query else None
    )
    rig.tick()
    rig.youtube.wire.before_each = lambda _: None
    assert rig.clock() - begun_at == timedelta(seconds=5)
    rig.clock.move(1)
    rig.tick()
    assert set(rig.known()) == set(ids_of(videos))


def test_who_is_to_end_waits_for_no_database(new_rig: NewRig) -> None:
    rig = new_rig(before_noon(150), keywords="title", lookback_seconds=0)
    outage, begun_at = Outage(rig), rig.clock()

    def leave(call: Call) -> None:
        if "pageToken" in call.query:
            outage.begin()
            rig.services.ingest.stop()

    rig.youtube.wire.before_each = leave
    rig.tick()
    assert rig.clock() == begun_at


def test_writes_that_fail_are_a_problem_told_once_until_a_poll_commits(
    new_rig: NewRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    videos = before_noon(3)
    rig = new_rig(videos, keywords="title")

    def full(_work: object) -> None:
        raise StoreUnavailableError("OperationalError: database or disk is full")

    [claim] = rig.services.ingest.tick()
    with capture_logs() as logs:
        monkeypatch.setattr(rig.services.store, "write", full)
        rig.services.ingest.run(claim)
        rig.run_for(60)
        [problem] = rig.services.readiness.check().problems
        monkeypatch.undo()
        [claim] = rig.services.ingest.tick()
        assert rig.problems() == {"database_write_failed"}
        rig.services.ingest.run(claim)
    assert (problem.code, problem.since) == ("database_write_failed", NOON)
    assert problem.detail == "the database refuses to write"
    incidents = [(log["event"], log["code"]) for log in logs if "incident" in log["event"]]
    assert incidents == [
        ("incident_began", "database_write_failed"),
        ("incident_ended", "database_write_failed"),
    ]
    assert rig.problems() == set()
    assert rig.known() == ids_of(videos)


def test_a_fault_of_our_own_stands_in_the_watch_and_waits_like_any_trouble(
    new_rig: NewRig,
) -> None:
    faults = [OverflowError("date value out of range"), OverflowError("again")]
    source = ScriptedSource([*faults, *[listing(told("video000001", -1))] * 30])
    rig = new_rig(seed_source=lambda _: source)
    rig.watch()
    with capture_logs() as logs:
        rig.run_for(50)
        assert len(source.queries) == 1
        rig.run_for(60)
        [problem] = rig.services.readiness.check().problems
        rig.run_for(120)
    assert (problem.code, problem.since) == ("internal_error", NOON)
    assert "date value" not in problem.detail
    began, *rest = [log for log in logs if log["log_level"] == "error"]
    assert isinstance(began["exc_info"], OverflowError)
    assert rest == []
    assert rig.problems() == set()
    assert rig.known() == ["video000001"]
