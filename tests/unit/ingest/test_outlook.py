"""What is foreseen for the rest of the day, for GET /quota."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from app.ingest.quota_report import Forecast
from tests.unit.ingest.rig import Rig, before_noon

NewRig = Callable[..., Rig]


def _forecast(rig: Rig) -> Forecast:
    return rig.services.quota.report().forecast


def _resets_in(rig: Rig) -> timedelta:
    return rig.services.quota.report().resets_at - rig.clock()


def test_scarce_calls_last_until_the_reset_and_a_tenth_is_kept(new_rig: NewRig) -> None:
    rig = new_rig(before_noon(40), youtube_search_calls_per_day=100)
    rig.watch()
    rig.watch("other")
    rig.tick()
    forecast = _forecast(rig)
    assert forecast.calls_left == 100 - rig.searches()
    assert forecast.calls_reserved == pytest.approx(10)
    assert forecast.last_call_at == rig.services.quota.report().resets_at
    assert not forecast.plenty


def test_planned_intervals_spend_what_is_outside_the_reserve(new_rig: NewRig) -> None:
    rig = new_rig(before_noon(40), youtube_search_calls_per_day=100, share_searches=False)
    for n in range(5):
        rig.watch(f"term {n}")
    rig.tick()
    forecast = _forecast(rig)
    polls = [
        _resets_in(rig).total_seconds() / poll.interval_seconds
        for poll in forecast.polls
        if poll.interval_seconds
    ]
    assert len(polls) == 5
    assert sum(polls) == pytest.approx(forecast.calls_left - forecast.calls_reserved)


def test_the_reserve_is_released_over_the_last_three_hours(new_rig: NewRig) -> None:
    rig = new_rig(youtube_search_calls_per_day=100)
    rig.watch()
    kept = []
    for before in (timedelta(hours=5), timedelta(hours=1.5), timedelta(seconds=1)):
        rig.clock.move((_resets_in(rig) - before).total_seconds())
        kept.append(round(_forecast(rig).calls_reserved, 1))
    assert kept == [10, 5, 0]


def test_plenty_of_calls_outlast_the_day(rig: Rig) -> None:
    rig.watch()
    forecast = _forecast(rig)
    assert forecast.plenty
    assert forecast.last_call_at is None
    assert [poll.interval_seconds for poll in forecast.polls] == [10]


def test_without_watches_nothing_is_spent_and_nothing_plenty(rig: Rig) -> None:
    assert _forecast(rig).last_call_at is None
    assert not _forecast(rig).plenty


def test_once_the_calls_are_spent_no_poll_is_planned(new_rig: NewRig) -> None:
    rig = new_rig(youtube_search_calls_per_day=1)
    rig.watch()
    rig.tick()
    forecast = _forecast(rig)
    assert (forecast.calls_left, forecast.last_call_at, forecast.plenty) == (0, None, False)
    assert [poll.interval_seconds for poll in forecast.polls] == [None]


def test_polls_come_in_their_order_and_paused_watches_not_at_all(new_rig: NewRig) -> None:
    rig = new_rig(youtube_search_calls_per_day=100)
    first, paused = rig.watch("first"), rig.watch("paused")
    rig.tick()
    rig.clock.move(1)
    later = rig.watch("later")
    rig.services.watching.set_paused(paused.watch_id, paused=True)
    polls = _forecast(rig).polls
    assert [poll.watch.watch_id for poll in polls] == [later.watch_id, first.watch_id]
    assert all(poll.interval_seconds for poll in polls)
