from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from app.bootstrap import build_services
from app.domain.watches import Claim, Problem
from app.ingest.probing import Probe
from app.web.factory import create_app
from simulator.quota import Key, KeyState
from tests.unit.ingest.rig import Rig, before_noon, settings
from tests.unit.ingest.test_service import Outage
from tests.unit.simulator.worlds import NOON

NewRig = Callable[..., Rig]


def test_a_service_that_has_all_it_needs_has_no_problems(new_rig: NewRig) -> None:
    rig = new_rig(before_noon(3))
    rig.watch()
    rig.tick()
    assert rig.services.readiness.check().serving
    assert rig.problems() == set()


def test_nothing_to_watch_is_a_problem_until_something_is(rig: Rig) -> None:
    assert rig.problems() == {"no_watches"}
    watch = rig.watch()
    assert rig.problems() == set()
    rig.services.watching.set_paused(watch.watch_id, paused=True)
    assert rig.problems() == {"no_watches"}


def test_a_missing_key_is_told_before_the_first_poll_and_degrades_only(new_rig: NewRig) -> None:
    rig = new_rig(youtube_api_keys="")
    rig.watch()
    assert rig.problems() == {"no_keys"}
    rig.tick()
    assert rig.problems() == {"no_keys"}
    assert rig.services.readiness.check().serving


@pytest.mark.parametrize("state", ["invalid", "expired", "api_disabled", "blocked", "ip_blocked"])
def test_keys_that_are_all_refused_are_told_with_youtubes_words(
    new_rig: NewRig, state: KeyState
) -> None:
    rig = new_rig(keys=[Key("secret-of-a", "p", state)], youtube_api_keys="p:secret-of-a")
    rig.watch()
    rig.tick()
    [problem] = rig.services.readiness.check().problems
    assert problem.code == "keys_disabled"
    assert len(problem.detail) > 40
    assert "secret-of-a" not in problem.detail


def test_one_refused_key_of_several_is_told_since_when(new_rig: NewRig) -> None:
    keys = [Key("bad", "p", "invalid"), Key("good", "q")]
    rig = new_rig(keys=keys, youtube_api_keys="p:bad,q:good", fetch_interval_seconds=10)
    rig.watch()
    rig.run_for(60)
    [problem] = rig.services.readiness.check().problems
    assert problem.code == "key_disabled"
    assert problem.since <= NOON + timedelta(seconds=20)


def test_a_throttle_is_told_and_passes(new_rig: NewRig) -> None:
    rig = new_rig(keys=[Key("k", "p", "throttled")], youtube_api_keys="p:k")
    rig.watch()
    rig.tick()
    assert rig.problems() == {"keys_cooling"}
    rig.simulator.quota.set_state("k", "ok")
    rig.run_for(130)
    assert rig.problems() == set()


def test_a_used_up_day_is_told_and_passes_at_midnight(new_rig: NewRig) -> None:
    rig = new_rig(youtube_search_calls_per_day=1)
    rig.watch()
    rig.tick()
    assert rig.problems() == {"quota_exhausted"}
    rig.clock.move(21 * 3600)
    rig.tick()
    rig.clock.move(1)
    rig.services.store.read(lambda t: t.watches.get(1))
    assert rig.problems() == {"quota_exhausted"}  # of the new day, which has one call as well
    assert rig.searches() == 2


def test_trouble_with_youtube_keeps_the_instant_it_began(rig: Rig) -> None:
    rig.watch()
    rig.fault("503", times=3)
    rig.run_for(125, every=5)
    [problem] = rig.services.readiness.check().problems
    assert (problem.code, problem.since) == ("youtube_unavailable", NOON)
    rig.run_for(180)
    assert rig.problems() == set()


def test_a_scheduler_that_is_gone_is_told_and_a_busy_one_is_not(rig: Rig) -> None:
    rig.watch()
    rig.clock.move(90)
    assert rig.problems() == set()
    rig.clock.move(1)
    [problem] = rig.services.readiness.check().problems
    assert (problem.code, problem.since) == ("ingest_stalled", NOON)
    rig.tick()
    assert rig.problems() == set()


def test_a_paused_watch_waits_for_nobody_and_hides_its_trouble(rig: Rig) -> None:
    rig.watch()
    rig.watch("harbour")
    rig.fault("503", times=1)
    rig.tick()
    rig.services.watching.set_paused(1, paused=True)
    rig.services.watching.set_paused(2, paused=True)
    rig.clock.move(3600)
    assert rig.problems() == {"no_watches"}


def test_without_a_database_reads_go_on_while_a_page_is_kept(new_rig: NewRig) -> None:
    rig = new_rig(before_noon(3))
    rig.watch()
    rig.tick()
    outage = Outage(rig)
    outage.begin()
    state = rig.services.readiness.check()
    assert state.serving
    assert [problem.code for problem in state.problems] == ["database_unavailable"]
    fresh = rig.another()
    assert not fresh.readiness.check().serving
    outage.end()
    assert rig.problems() == set()
    fresh.close()


def test_a_fault_of_our_own_is_not_ready_and_is_logged_once_until_it_is_over(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = create_app(rig.services).test_client()

    def fault() -> None:
        raise RuntimeError("secret words")

    with capture_logs() as logs:
        with monkeypatch.context() as broken:
            broken.setattr(rig.services.store, "read", lambda _: fault())
            for _ in range(2):
                answer = client.get("/ready")
                assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
                [problem] = answer.get_json()["problems"]
                assert problem["code"] == "internal_error"
                assert "secret words" not in answer.text
        assert client.get("/ready").status_code == 200
    told = [log for log in logs if log.get("code") == "readiness_unknown"]
    assert [log["event"] for log in told] == ["incident_began", "incident_ended"]
    assert isinstance(told[0]["exc_info"], RuntimeError)


def test_no_replica_of_redis_is_looked_at_where_there_is_none(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[str] = []
    begin = Probe.begin

    def noted(probe: Probe[object]) -> object:
        begun.append(probe._name)
        return begin(probe)

    monkeypatch.setattr(Probe, "begin", noted)
    rig.services.readiness.check()
    assert begun == ["probe-store", "probe-cache", "probe-ingest"]


def test_a_problem_that_comes_back_counts_from_its_return(rig: Rig) -> None:
    rig.clock.move(5)
    [first] = rig.services.readiness.check().problems
    watch = rig.watch()
    rig.services.readiness.check()
    rig.services.watching.remove(watch.watch_id)
    rig.clock.move(5)
    [second] = rig.services.readiness.check().problems
    assert (first.since, second.since) == (
        NOON + timedelta(seconds=5),
        NOON + timedelta(seconds=10),
    )


def test_a_key_that_no_header_can_hold_is_refused_without_a_call(new_rig: NewRig) -> None:
    rig = new_rig(youtube_api_keys="p:back\\slash")
    rig.watch()
    rig.tick()
    assert rig.problems() == {"keys_disabled"}
    assert rig.calls == []


def test_trouble_that_watches_share_counts_from_the_first_and_the_oldest_comes_first(
    rig: Rig,
) -> None:
    met = [("youtube_unavailable", 20), ("youtube_unavailable", 10), ("bad_request", 30)]
    for number, (code, seconds) in enumerate(met):
        problem = Problem(code, NOON + timedelta(seconds=seconds), "it failed")
        unclaimed = Claim(rig.watch(f"word {number}").watch_id, 0)
        rig.services.store.write(
            lambda t, claim=unclaimed, problem=problem: t.watches.release(  # type: ignore[misc]  # defaults' types
                claim, next_due_at=NOON, now=NOON, problem=problem
            )
        )
    told = [(it.code, it.since) for it in rig.services.readiness.check().problems]
    assert told == [
        ("youtube_unavailable", NOON + timedelta(seconds=10)),
        ("bad_request", NOON + timedelta(seconds=30)),
    ]


def test_what_the_driver_said_is_for_the_log_alone(tmp_path: Path) -> None:
    services = build_services(settings(database_url=f"sqlite:///{tmp_path}/new.db"))
    with capture_logs() as logs:
        [problem] = services.readiness.check().problems
        services.readiness.check()
    assert (problem.code, problem.detail) == (
        "database_unavailable",
        "the database is not migrated",
    )
    assert ["no such table" in log["detail"] for log in logs] == [True]
    services.close()


def test_a_database_that_is_away_is_told_without_its_address() -> None:
    url = "mysql+pymysql://reader:secret@127.0.0.1:1/news"
    services = build_services(settings(database_url=url))
    [problem] = services.readiness.check().problems
    assert problem.code == "database_unavailable"
    assert not any(word in problem.detail for word in ("127.0.0.1", "reader", "Error"))
    services.close()
