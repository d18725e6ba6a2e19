from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Barrier, Lock, Thread

from app.domain.errors import BadRequestError, UpstreamError
from app.domain.watches import Claim
from simulator.quota import Key
from tests.unit.ingest.rig import Rig, ScriptedSource, before_noon, ids_of, listing
from tests.unit.simulator.worlds import NOON

NewRig = Callable[..., Rig]


def _next_due_in(rig: Rig, watch_id: int = 1) -> float:
    watch = rig.services.store.read(lambda t: t.watches.get(watch_id))
    return (watch.next_due_at - rig.clock()).total_seconds()


def _trouble_since(rig: Rig, watch_id: int = 1) -> datetime | None:
    problem = rig.services.store.read(lambda t: t.watches.get(watch_id)).last_error
    return None if problem is None else problem.since


def test_what_is_claimed_is_not_given_out_again_while_its_lease_holds(rig: Rig) -> None:
    rig.watch()
    [claim] = rig.services.ingest.tick()
    rig.clock.move(29)
    assert rig.services.ingest.tick() == []
    rig.clock.move(1)
    assert rig.services.ingest.tick() == [Claim(claim.watch_id, claim.fence + 1)]


def test_each_page_renews_the_lease(new_rig: NewRig) -> None:
    rig = new_rig(before_noon(150), lookback_seconds=0)
    rig.watch()
    [claim] = rig.services.ingest.tick()
    other = rig.another()
    taken: list[Claim] = []

    def look(_: object) -> None:
        rig.clock.move(3)
        taken.extend(other.ingest.tick())

    rig.youtube.wire.before_each = look
    rig.services.ingest.run(claim)
    assert taken == []
    other.close()


def test_two_tickers_and_ten_threads_never_run_one_watch_twice_at_once(new_rig: NewRig) -> None:
    rig = new_rig(before_noon(60), fetch_interval_seconds=1)
    for number in range(8):
        rig.watch(f"title {number}")
    processes = [rig.services, rig.another(fetch_interval_seconds=1)]
    running: Counter[str] = Counter()
    most: Counter[str] = Counter()
    lock = Lock()

    def note(term: str, change: int) -> None:
        with lock:
            running[term] += change
            most[term] = max(most[term], running[term])

    barrier = Barrier(10)

    def work(number: int) -> None:
        services = processes[number % 2]
        for _ in range(5):
            barrier.wait(20)
            for claim in services.ingest.tick(limit=3):
                note(str(claim.watch_id), 1)
                services.ingest.run(claim)
                note(str(claim.watch_id), -1)

    threads = [Thread(target=work, args=(number,)) for number in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(most) == 8
    assert set(most.values()) == {1}
    processes[1].close()


def test_a_watch_is_due_again_after_its_interval(rig: Rig) -> None:
    rig.watch()
    rig.tick()
    assert 9 <= _next_due_in(rig) <= 10


def test_few_calls_are_spread_over_the_rest_of_the_day(new_rig: NewRig) -> None:
    rig = new_rig(youtube_search_calls_per_day=100)
    rig.watch()
    rig.watch("harbour")
    rig.run_for(20 * 3600 - 120, every=60)  # from noon UTC to midnight in California
    assert 95 <= rig.searches() <= 100


def test_trouble_waits_a_minute(rig: Rig) -> None:
    rig.watch()
    rig.fault("503", times=1)
    rig.tick()
    assert _next_due_in(rig) == 60


def test_trouble_that_goes_on_keeps_the_instant_it_began_and_other_trouble_does_not(
    new_rig: NewRig,
) -> None:
    met = [UpstreamError("HTTP 503"), UpstreamError("HTTP 500"), BadRequestError("no such word")]
    rig = new_rig(seed_source=lambda _: ScriptedSource([*met]))
    rig.watch()
    since = []
    for _ in met:
        rig.clock.move(_next_due_in(rig))
        rig.tick()
        since.append(_trouble_since(rig))
    assert since == [NOON, NOON, rig.clock()]
    assert rig.clock() > NOON


def test_trouble_begins_anew_when_a_poll_got_on_before_it_failed(new_rig: NewRig) -> None:
    rig = new_rig(before_noon(300))
    rig.watch()
    rig.fault("503")
    rig.run_for(3600)
    rig.simulator.faults.clear()
    rig.clock.move(_next_due_in(rig))
    rig.fault("503", method="search", skip=1)
    rig.tick()
    assert len(rig.known()) == 50
    assert _next_due_in(rig) == 60
    assert _trouble_since(rig) == rig.clock()
    rig.clock.move(60)
    rig.tick()
    assert len(rig.known()) == 50
    assert _next_due_in(rig) <= 75  # not the quarter of an hour it had come to
    assert rig.problems() == {"youtube_unavailable"}


def test_a_page_that_gets_a_poll_nowhere_shortens_no_wait(new_rig: NewRig) -> None:
    round_and_round = ScriptedSource([listing(token="a") for _ in range(20)])
    rig = new_rig(seed_source=lambda _: round_and_round)
    rig.watch()
    rig.run_for(3600)
    assert _trouble_since(rig) == NOON
    assert len(round_and_round.queries) < 20


def test_a_missing_key_is_looked_for_every_minute(new_rig: NewRig) -> None:
    rig = new_rig(youtube_api_keys="")
    rig.watch()
    rig.tick()
    assert _next_due_in(rig) == 60
    assert rig.calls == []


def test_a_key_mended_at_youtube_is_used_again_within_a_day_without_a_restart(
    new_rig: NewRig,
) -> None:
    videos = before_noon(5)
    rig = new_rig(videos, keys=[Key("k", "p", "blocked")], youtube_api_keys="p:k")
    rig.watch()
    rig.tick()
    assert rig.problems() == {"keys_disabled"}
    rig.simulator.quota.set_state("k", "ok")
    rig.run_for(23 * 3600, every=600)
    assert rig.searches() == 1
    rig.run_for(3600, every=60)
    assert rig.known() == ids_of(videos)
    assert rig.problems() == set()


def test_a_paused_watch_is_not_polled_and_catches_up_when_resumed(new_rig: NewRig) -> None:
    videos = before_noon(5, step_seconds=7200)
    rig = new_rig(videos)
    watch = rig.watch()
    rig.services.watching.set_paused(watch.watch_id, paused=True)
    rig.run_for(60)
    assert rig.calls == []
    rig.services.watching.set_paused(watch.watch_id, paused=False)
    rig.tick()
    assert rig.known() == ids_of(videos)


def test_the_longest_due_is_claimed_first_and_no_more_than_asked_for(rig: Rig) -> None:
    for number in range(5):
        rig.watch(f"title {number}")
        rig.clock.move(1)
    assert [claim.watch_id for claim in rig.services.ingest.tick(limit=2)] == [1, 2]
    assert rig.services.ingest.tick(limit=0) == []
    assert rig.clock() == NOON + timedelta(seconds=5)
