"""Channels on demand: what is fetched for strangers and when, and what it may cost."""

from dataclasses import replace

from app.domain.fetches import FetchSource
from app.domain.glances import KEPT
from app.domain.quota import Bucket
from app.ingest.glancing import AT_ONCE
from simulator.quota import Key
from simulator.video import Channel, stable_id
from tests.contract.store.tellings import count_glances
from tests.unit.ingest.channels import DAY, HOUR, MINUTE, feed_calls, units
from tests.unit.ingest.glances import NewRig, asked, ids, seen
from tests.unit.ingest.rig import before_noon, ids_of
from tests.unit.simulator.worlds import CHANNEL, video

NOBODY = "UC" + "n" * 22


def channel(number: int) -> Channel:
    return replace(CHANNEL, channel_id="UC" + stable_id(f"channel {number}", 16))


def test_a_channel_never_seen_is_awaited_and_then_served(new_rig: NewRig) -> None:
    made = asked(new_rig, before_noon(20))
    first = made.get()
    assert seen(first) == (202, False, 0)
    assert (first.headers["Retry-After"], first.headers["Cache-Control"]) == ("10", "no-store")
    made.look()
    then = made.get()
    assert seen(then) == (200, True, 5)
    assert "Retry-After" not in then.headers
    assert ids(then) == ids_of(before_noon(5))
    assert {item["duration_seconds"] for item in then.get_json()["items"]} == {60}
    assert (feed_calls(made.rig), units(made.rig)) == (1, 1)
    [line] = made.log()
    assert (line.source, line.units, line.found, line.watch_ids) == (FetchSource.RSS, 1, 15, ())


def test_who_asks_again_meanwhile_has_nothing_fetched_twice(new_rig: NewRig) -> None:
    made = asked(new_rig, before_noon(5))
    for _ in range(3):
        assert made.get().status_code == 202
    [due] = made.rig.services.glancing.due()
    assert made.get().status_code == 202
    assert made.look() == []
    made.rig.services.glancing.run(due)
    assert seen(made.get()) == (200, True, 5)
    assert made.look() == []
    assert feed_calls(made.rig) == 1


def test_a_glance_that_a_crash_left_undone_is_due_again(new_rig: NewRig) -> None:
    made = asked(new_rig, before_noon(5))
    made.get()
    assert len(made.rig.services.glancing.due()) == 1  # and killed before it ran
    made.rig.clock.move(MINUTE)
    assert len(made.look()) == 1
    assert seen(made.get()) == (200, True, 5)


def test_after_five_minutes_it_is_shown_as_it_was_and_fetched_anew(new_rig: NewRig) -> None:
    made = asked(new_rig, before_noon(5))
    made.fetched()
    made.rig.clock.move(20 * MINUTE)  # by then feeds are another copy, too
    made.rig.publish(video(77, 19 * MINUTE))
    old = made.get()
    assert seen(old) == (200, False, 5)
    assert int(old.headers["Retry-After"]) > 0
    assert ids(old) == ids_of(before_noon(5))
    made.look()
    assert ids(made.get()) == ["video000077", *ids_of(before_noon(4))]
    assert made.get().get_json()["complete"] is True


def test_a_channel_nobody_has_is_not_found_for_an_hour(new_rig: NewRig) -> None:
    made = asked(new_rig)
    unknown = made.fetched(channel_id=NOBODY)
    assert unknown.status_code == 404
    assert unknown.get_json()["errors"][0]["detail"] == "YouTube knows no such channel."
    assert made.log()[-1].error_code == "gone"
    spent = units(made.rig)
    made.rig.clock.move(HOUR - 1)
    assert made.fetched(channel_id=NOBODY).status_code == 404
    assert units(made.rig) == spent
    made.rig.clock.move(2)
    assert made.get(channel_id=NOBODY).status_code == 202
    made.look()
    assert units(made.rig) > spent


def test_nothing_is_forgotten_while_everything_fails_and_it_is_asked_ever_more_rarely(
    new_rig: NewRig,
) -> None:
    made = asked(new_rig, before_noon(5))
    made.fetched()
    made.rig.fault("500")
    tries = feed_calls(made.rig)
    made.rig.clock.move(5 * MINUTE)
    for _ in range(24 * 12):
        assert seen(made.get()) == (200, False, 5)
        made.look()
        made.rig.clock.move(5 * MINUTE)
    assert 24 <= feed_calls(made.rig) - tries <= 35
    assert 60 < int(made.get().headers["Retry-After"]) <= HOUR
    made.rig.simulator.faults.clear()
    made.rig.clock.move(HOUR)
    assert seen(made.fetched()) == (200, True, 5)


def test_nobody_is_asked_for_whom_nobody_waits_any_more(new_rig: NewRig) -> None:
    made = asked(new_rig, before_noon(5))
    made.rig.fault("500")
    made.get()
    for _ in range(60):
        made.look()
        made.rig.clock.move(MINUTE)
    assert feed_calls(made.rig) == 1


def test_units_are_bounded_by_the_pacific_day(new_rig: NewRig) -> None:
    made = asked(new_rig, before_noon(70), on_demand_units_per_day=3)
    made.rig.fault("404", method="feed")
    for _ in range(12):
        made.fetched()
        made.rig.clock.move(10 * MINUTE)
    assert units(made.rig) == 3
    assert made.log()[-1].error_code == "on_demand_spent"
    made.rig.clock.move(DAY)
    made.fetched()
    assert units(made.rig) == 5


def test_each_key_that_is_tried_counts(new_rig: NewRig) -> None:
    keys = [Key("bad", "p"), Key("good", "q")]
    made = asked(
        new_rig,
        before_noon(5),
        keys=keys,
        youtube_api_keys="p:bad,q:good",
        on_demand_units_per_day=4,
    )
    made.rig.simulator.quota.set_state("bad", "expired")
    made.rig.fault("404", method="feed")
    assert seen(made.fetched()) == (200, True, 5)
    assert sorted(call.key for call in made.rig.calls) == ["bad", "good", "good"]
    assert [line.units for line in made.log()] == [3]
    usage = made.rig.services.store.read(lambda t: t.quota.list_usage(made.rig.clock().date()))
    by_project = {it.project: it.used for it in usage if it.bucket is Bucket.UNITS}
    assert by_project == {"": 3, "p": 1, "q": 2}


def test_strangers_cost_no_search_and_a_bounded_number_of_units(new_rig: NewRig) -> None:
    every = [channel(number) for number in range(2_000)]
    videos = [video(n, -n, channel=each) for n, each in enumerate(every)]
    made = asked(new_rig, videos, on_demand_units_per_day=25, youtube_units_per_day=10_000)
    feeds = 0
    for number, each in enumerate(every):
        assert not made.rig.services.channel_pages.page(each.channel_id, 1, 5).found
        if number % 40 == 0:
            assert len(made.look()) <= AT_ONCE
            feeds += AT_ONCE
            made.rig.clock.move(10)
    assert made.rig.searches() == 0
    assert units(made.rig) == 25
    assert feed_calls(made.rig) <= feeds
    assert count_glances(made.rig.services.store) == 1_000
    assert made.rig.known() == []
    assert made.rig.services.store.read(lambda t: t.watches.count()) == 0


def test_what_nobody_asks_for_in_a_week_is_dropped(new_rig: NewRig) -> None:
    made = asked(new_rig, before_noon(5))
    made.fetched()
    made.rig.clock.move(KEPT.total_seconds() - MINUTE)
    assert made.get().status_code == 200
    made.rig.clock.move(2 * MINUTE)
    assert made.get().status_code == 202, "shown, fetched so long ago"
    made.rig.clock.move(KEPT.total_seconds() + 2 * HOUR)
    made.look()
    assert count_glances(made.rig.services.store) == 0
