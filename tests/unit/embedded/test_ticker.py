import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from app.domain.errors import StoreUnavailableError
from app.domain.watches import Claim
from app.embedded.ticker import MAX_PENDING, Ticker
from app.store.schema import SchemaError
from tests.unit.ingest.rig import Rig, before_noon, ids_of, make_rig
from tests.unit.simulator.worlds import CHANNEL
from tests.waiting import wait_until


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    made = make_rig(tmp_path, before_noon(120), keywords="title")
    yield made
    made.services.close()


@pytest.fixture
def start(rig: Rig) -> Iterator[Callable[[], Ticker]]:
    started: list[Ticker] = []

    def begin() -> Ticker:
        started.append(Ticker(rig.services, 1))
        started[-1].start()
        return started[-1]

    yield begin
    for running in started:
        running.stop()


def test_it_polls_what_is_due_at_once(rig: Rig, start: Callable[[], Ticker]) -> None:
    start()
    wait_until(lambda: rig.known() == ids_of(before_noon(120)))


def test_it_looks_at_channels_that_somebody_asks_for(rig: Rig, start: Callable[[], Ticker]) -> None:
    rig.services.channel_pages.page(CHANNEL.channel_id, 1, 5)
    start()
    glances = rig.services.channel_pages
    wait_until(lambda: glances.page(CHANNEL.channel_id, 1, 5).retry_after_seconds is None)


def test_it_makes_the_tables_of_a_new_database(tmp_path: Path) -> None:
    rig = make_rig(tmp_path, before_noon(3), keywords="title")
    rig.services.store.dispose()
    for path in tmp_path.glob("newsreel.db*"):
        path.unlink()
    running = Ticker(rig.services, 1)
    running.start()
    wait_until(lambda: not rig.problems() and rig.known() == ids_of(before_noon(3)))
    running.stop()
    rig.services.close()


def test_leases_of_a_process_that_was_killed_are_void_at_the_start(
    rig: Rig, start: Callable[[], Ticker]
) -> None:
    assert len(rig.services.ingest.tick()) == 1  # and killed before it ran
    start()
    wait_until(lambda: rig.services.store.read(lambda t: t.watches.get(1)).last_success_at)
    assert rig.known() == ids_of(before_noon(120))


def test_leases_of_others_stand_where_no_lock_keeps_them_out(rig: Rig) -> None:
    assert len(rig.services.ingest.tick()) == 1  # by another process
    running = Ticker(rig.services, 1, void_leases=False)
    running._prepare()
    assert rig.services.ingest.tick() == []


def test_any_trouble_at_the_start_is_told_once_and_tried_again(
    rig: Rig, start: Callable[[], Ticker], monkeypatch: pytest.MonkeyPatch
) -> None:
    migrate = rig.services.store.migrate
    troubles: list[Exception] = [SchemaError("9999"), SchemaError("9999"), RuntimeError("odd")]

    def fail() -> None:
        if troubles:
            raise troubles.pop(0)
        migrate()

    monkeypatch.setattr(rig.services.store, "migrate", fail)
    with capture_logs() as logs:
        start()
        wait_until(rig.known)
    told = [(log["event"], log["code"]) for log in logs if log["event"].startswith("incident")]
    assert told == [
        ("incident_began", "schema_unusable"),
        ("incident_ended", "schema_unusable"),
        ("incident_began", "preparation_failed"),
        ("incident_ended", "preparation_failed"),
    ]


def test_it_waits_for_a_database_that_is_away_at_the_start(
    rig: Rig, start: Callable[[], Ticker], monkeypatch: pytest.MonkeyPatch
) -> None:
    migrate, tries = rig.services.store.migrate, list[int]()

    def fail_once() -> None:
        tries.append(1)
        if len(tries) == 1:
            raise StoreUnavailableError("away")
        migrate()

    monkeypatch.setattr(rig.services.store, "migrate", fail_once)
    with capture_logs() as logs:
        start()
        wait_until(rig.known)
    told = [log["event"] for log in logs if log.get("code") == "database_unavailable"]
    assert told == ["incident_began", "incident_ended"]


def test_a_tick_that_crashes_does_not_end_the_ticking(
    rig: Rig, start: Callable[[], Ticker], monkeypatch: pytest.MonkeyPatch
) -> None:
    tick, crashes = rig.services.ingest.tick, list[int]()

    def crash_once(limit: int) -> list[Claim]:
        if not crashes:
            crashes.append(1)
            raise RuntimeError
        return tick(limit)

    monkeypatch.setattr(rig.services.ingest, "tick", crash_once)
    with capture_logs() as logs:
        start()
        wait_until(rig.known)
    assert [log["event"] for log in logs if log["log_level"] == "error"] == ["tick_failed"]


def test_a_poll_that_crashes_is_logged_and_costs_its_turn_only(
    rig: Rig, start: Callable[[], Ticker], monkeypatch: pytest.MonkeyPatch
) -> None:
    run, crashes = rig.services.ingest.run, list[int]()

    def crash_once(claim: Claim) -> None:
        if not crashes:
            crashes.append(1)
            raise RuntimeError
        run(claim)

    monkeypatch.setattr(rig.services.ingest, "run", crash_once)
    with capture_logs() as logs:
        start()
        wait_until(lambda: crashes)
        rig.clock.move(30)
        wait_until(rig.known)
    assert [log["event"] for log in logs if log["log_level"] == "error"] == ["poll_crashed"]


def test_it_scouts_and_follows_and_outlives_what_crashes(
    rig: Rig, start: Callable[[], Ticker], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, due = list[str](), ["UC1"]

    def crash(channel_id: str = "scout") -> None:
        asked.append(channel_id)
        raise RuntimeError

    monkeypatch.setattr(rig.services.scout, "run", crash)
    monkeypatch.setattr(rig.services.follower, "due", lambda: [due.pop()] if due else [])
    monkeypatch.setattr(rig.services.follower, "run", crash)
    with capture_logs() as logs:
        start()
        wait_until(lambda: len(asked) == 2)
        wait_until(rig.known)
    assert set(asked) == {"scout", "UC1"}
    crashed = {(log["event"], log["kind"]) for log in logs if log["log_level"] == "error"}
    assert crashed == {("job_crashed", "scout"), ("job_crashed", "follow")}


def test_a_fault_in_looking_for_one_kind_keeps_nobody_from_the_others(
    rig: Rig, start: Callable[[], Ticker], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, due = list[str](), ["UC1"]

    def crash() -> list[str]:
        raise RuntimeError

    monkeypatch.setattr(rig.services.subscriber, "due", crash)
    monkeypatch.setattr(rig.services.follower, "due", lambda: [due.pop()] if due else [])
    monkeypatch.setattr(rig.services.follower, "run", asked.append)
    with capture_logs() as logs:
        start()
        wait_until(lambda: asked)
    failed = {log["kind"] for log in logs if log["event"] == "looking_for_jobs_failed"}
    assert failed == {"subscribe"}


def test_it_claims_no_more_than_it_can_run_in_time(
    rig: Rig, start: Callable[[], Ticker], monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(MAX_PENDING + 10):
        rig.watch(f"word {number}")
    gate = threading.Event()
    claimed: list[int] = []
    tick = rig.services.ingest.tick

    def counted(limit: int) -> list[Claim]:
        claims = tick(limit)
        claimed.append(len(claims))
        return claims

    monkeypatch.setattr(rig.services.ingest, "tick", counted)
    monkeypatch.setattr(rig.services.ingest, "run", lambda _: gate.wait(20))
    start()
    wait_until(lambda: len(claimed) >= 2)
    gate.set()
    assert claimed[:2] == [MAX_PENDING, 0]


def test_stopping_ends_a_long_poll_with_its_page(rig: Rig) -> None:
    asked = threading.Event()
    go_on = threading.Event()

    def hold(_: object) -> None:
        asked.set()
        go_on.wait(10)

    rig.youtube.wire.before_each = hold
    running = Ticker(rig.services, 1)
    running.start()
    assert asked.wait(10)
    stopping = threading.Thread(target=running.stop)
    stopping.start()
    wait_until(rig.services.ingest._stopping.is_set)
    go_on.set()
    stopping.join(10)
    assert rig.known() == ids_of(before_noon(50))


def test_it_falls_back_on_invidious_where_search_is_out_of_calls(tmp_path: Path) -> None:
    rig = make_rig(
        tmp_path,
        before_noon(3),
        keywords="title",
        youtube_search_calls_per_day=0,
        invidious_url="http://invidious.invalid",
    )
    running = Ticker(rig.services, 1)
    running.start()
    wait_until(lambda: rig.known() == ids_of(before_noon(3)))
    running.stop()
    rig.services.close()
