"""What of all that can go wrong the operator is told of; over a simulator, in its own time."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from app.domain.webhooks import Pause, paused
from simulator.quota import Key
from tests.unit.ingest.rig import before_noon

if TYPE_CHECKING:
    from collections.abc import Callable, Container

    from tests.unit.ingest.rig import Rig

    NewRig = Callable[..., Rig]


def codes(rig: Rig, known: Container[str] = ()) -> set[str]:
    return set(rig.services.alerts._noticing.look(known))


def test_a_service_that_is_well_has_nothing_to_tell(new_rig: NewRig) -> None:
    rig = new_rig(before_noon(3))
    assert codes(rig) == set()  # nothing is watched yet, and that is no trouble
    rig.watch()
    rig.tick()
    assert codes(rig) == set()


def test_a_missing_key_is_what_the_operator_has_chosen(new_rig: NewRig) -> None:
    rig = new_rig(youtube_api_keys="")
    rig.watch()
    rig.run_for(3 * 3600, every=600)
    assert "no_keys" not in codes(rig)


def test_spent_quota_is_told_at_once(new_rig: NewRig) -> None:
    rig = new_rig(before_noon(3), youtube_search_calls_per_day=1)
    rig.watch()
    rig.run_for(60)
    assert "quota_exhausted" in codes(rig)


def test_each_disabled_key_is_told_and_all_of_them_as_well(new_rig: NewRig) -> None:
    keys = [Key("bad", "p", "invalid"), Key("worse", "q", "expired")]
    rig = new_rig(keys=keys, youtube_api_keys="p:bad,q:worse")
    rig.watch()
    rig.run_for(60)
    kinds = sorted(code.partition(":")[0] for code in codes(rig))
    assert kinds == ["key_disabled", "key_disabled", "keys_disabled"]


def test_a_source_is_told_when_it_has_failed_for_an_hour(new_rig: NewRig) -> None:
    rig = new_rig(before_noon(3))
    rig.watch()
    rig.fault("503")
    rig.run_for(1800, every=60)
    assert codes(rig) == set()
    rig.run_for(3600, every=60)
    assert codes(rig) == {"youtube_unavailable"}


def test_a_source_that_fails_for_another_watch_meanwhile_is_not_over(new_rig: NewRig) -> None:
    rig = new_rig(before_noon(3))
    rig.watch()
    rig.fault("503")
    rig.run_for(600, every=60)
    assert codes(rig) == set()
    assert codes(rig, known={"youtube_unavailable"}) == {"youtube_unavailable"}


def test_polls_that_do_not_succeed_for_long_make_the_data_stale(new_rig: NewRig) -> None:
    rig = new_rig(before_noon(3), alert_stale_minutes=30)
    watch = rig.watch()
    rig.tick()
    rig.clock.move(29 * 60)
    assert "data_stale" not in codes(rig)
    rig.clock.move(60)
    assert "data_stale" in codes(rig)
    rig.services.watching.set_paused(watch.watch_id, paused=True)
    assert "data_stale" not in codes(rig)


def test_stale_data_is_nobodys_business_if_the_operator_says_so(new_rig: NewRig) -> None:
    rig = new_rig(before_noon(3), alert_stale_minutes=0)
    rig.watch()
    rig.clock.at += timedelta(days=30)
    assert "data_stale" not in codes(rig)


def test_a_webhook_that_was_given_up_is_told_and_stands_in_ready(new_rig: NewRig) -> None:
    rig = new_rig(before_noon(3))
    rig.watch()
    rig.tick()

    def give_up(why: Pause) -> None:
        store, now = rig.services.store, rig.clock()
        made = store.write(
            lambda t: t.webhooks.add(None, "https://example.org/canary", "s", 0, now)
        )
        store.write(lambda t: t.webhooks.replace(made, paused(made, why, now)))

    give_up(Pause.BY_HAND)
    assert codes(rig) == set()
    assert rig.problems() == set()
    give_up(Pause.GONE)
    give_up(Pause.FAILING)
    assert codes(rig) == {"webhook_paused:2", "webhook_paused:3"}
    (problem,) = rig.services.readiness.check().problems
    assert problem.code == "webhook_paused"
    assert "canary" not in problem.detail
    assert "webhook 2, 3" in problem.detail
