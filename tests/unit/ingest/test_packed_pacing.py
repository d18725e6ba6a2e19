"""Sharing calls: who shares, what it brings, and that nobody's own readings are given up for it."""

from datetime import UTC, datetime, timedelta
from random import Random
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.ingest.listings import PAGE_ITEMS
from app.ingest.pacing import LEAST_RATE, LEAST_SUPPLY, Budget, Load, Plan, plan
from app.ingest.packed_pacing import (
    GAIN,
    OWN_SHARE,
    REACH,
    PackedPolls,
    mean_delay,
    share_calls,
)
from app.ingest.packing import MAX_TERMS

MORNING = datetime(2026, 1, 2, 8, tzinfo=UTC)  # midnight Pacific
DAY = timedelta(days=1)
LOOKBACK = timedelta(hours=1)
FULL = Budget(left=100, limit=100, resets_at=MORNING + DAY)


def loads_of(rates: list[float], *, plain: bool = True) -> list[Load]:
    """Watches of so many videos a day."""
    return [Load(n, rate / 86_400, f"term{n}" if plain else None) for n, rate in enumerate(rates)]


def shared(
    loads: list[Load], budget: Budget = FULL
) -> tuple[dict[int, Plan], dict[int, Plan], PackedPolls | None]:
    """Plans without and with sharing."""
    alone = plan(loads, budget, now=MORNING, tick=timedelta(seconds=10), lookback=LOOKBACK)
    return alone, *share_calls(loads, alone, LOOKBACK)


def seconds(one: Plan) -> float:
    assert one.interval is not None
    return one.interval.total_seconds()


def test_twenty_keywords_share_and_are_looked_for_ten_times_as_often() -> None:
    alone, plans, packed = shared(loads_of([15.0] * 20))
    assert packed is not None
    assert [len(pack) for pack in packed.packs] == [20]
    assert 10 * packed.interval.total_seconds() < seconds(alone[0])
    assert all(one.packed_interval == packed.interval for one in plans.values())


def test_each_keeps_polls_of_its_own_whose_page_shows_both_readings() -> None:
    rates = [300.0, 100.0, *[5.0] * 18]
    _, plans, packed = shared(loads_of(rates))
    assert packed is not None
    for rate, one in zip(rates, plans.values(), strict=True):
        if one.packed_interval is not None:
            assert 2 * rate * seconds(one) / 86_400 <= 50


def test_many_keywords_have_half_of_the_calls_for_themselves_however_far_apart_that_is() -> None:
    for count, days in ((45, 1), (90, 2), (900, 20)):
        _, plans, packed = shared(loads_of([1.0] * count))
        assert packed is not None
        assert {round(seconds(one) / 86_400, 6) for one in plans.values()} == {days}


def test_few_keywords_that_are_read_within_a_lookback_keep_to_themselves() -> None:
    alone, plans, packed = shared(loads_of([50.0, 50.0]))
    assert packed is None
    assert plans == alone


def test_a_busy_keyword_keeps_its_calls_while_the_slow_ones_share() -> None:
    alone, plans, packed = shared(loads_of([700.0, *[5.0] * 10]))
    assert packed is not None
    assert plans[0] == alone[0]
    assert 0 not in packed.packs[0]


def test_terms_with_operators_and_channels_share_nothing() -> None:
    assert shared(loads_of([15.0] * 20, plain=False))[2] is None


def test_in_plenty_and_without_calls_nobody_shares() -> None:
    ample = Budget(10_000_000, 10_000_000, MORNING + DAY)
    assert shared(loads_of([15.0] * 20), ample)[2] is None
    assert shared(loads_of([15.0] * 20), Budget(0, 100, MORNING + DAY))[2] is None


def test_packs_have_their_turns_by_the_root_of_what_they_bring() -> None:
    packed = PackedPolls(timedelta(minutes=10), ((1,), (2,)), (4.0, 1.0), (4.0, 1.0))
    assert packed.turns() == {(1,): timedelta(minutes=15), (2,): timedelta(minutes=30)}


@pytest.mark.parametrize(
    "per_day",
    [
        [96.0] * 6,  # alike
        [600.0, 60.0, 6.0, 6.0, 1.0],  # turns that are no whole number of polls
        [8_000.0, 100.0],  # more than a page shows
        [40.0] * 45 + [4.0] * 45,  # turns further apart than a packed poll looks back
    ],
)
def test_the_mean_delay_is_what_turn_after_turn_brings(per_day: list[float]) -> None:
    """Packs of two, 60 polls a day, and polls of their own every five days."""
    packs = tuple((2 * n, 2 * n + 1) for n in range(len(per_day)))
    rates = tuple(each / 86_400 for each in per_day)
    packed = PackedPolls(DAY / 60, packs, rates, rates)
    by_watch = {w: rate / 2 for members, rate in zip(packs, rates, strict=True) for w in members}
    plans = dict.fromkeys(by_watch, Plan(5 * DAY, 1.0, plenty=False))
    foreseen = mean_delay(by_watch, plans, packed).total_seconds()
    assert 0.95 * foreseen < measured_delay(packed, 5 * DAY) < 1.05 * foreseen


def measured_delay(packed: PackedPolls, own: timedelta, polls: int = 6_000) -> float:
    """The mean delay in seconds of videos that appear by chance, each polled pack's since last."""
    chance = Random(1)
    rates = dict(zip(packed.packs, packed.rates, strict=True))
    last = dict.fromkeys(packed.packs, 0.0)
    waits: list[float] = []
    for number in range(1, polls):
        now = number * packed.interval.total_seconds()
        waited = {w: timedelta(seconds=now - last[p]) for p in packed.packs for w in p}
        turn = packed.most_in_want(waited)
        ages = ages_of(chance, rates[turn], now - last[turn])
        shown = [age for age in ages if age <= REACH.total_seconds()][:PAGE_ITEMS]
        waits += shown
        waits += [chance.uniform(0, own.total_seconds()) for _ in ages[len(shown) :]]
        last[turn] = now
    return sum(waits) / len(waits)


def ages_of(chance: Random, rate: float, seconds: float) -> list[float]:
    """How old the videos of a stretch are at its end, the newest first."""
    ages = [chance.expovariate(rate)]
    while ages[-1] <= seconds:
        ages.append(ages[-1] + chance.expovariate(rate))
    return ages[:-1]


def test_a_watch_that_shares_with_nobody_has_these_calls_for_itself() -> None:
    alone, plans, packed = shared(loads_of([2.0] * (MAX_TERMS + 1)))
    assert packed is not None
    assert [len(pack) for pack in packed.packs] == [MAX_TERMS]
    (single,) = plans.keys() - set(packed.packs[0])
    assert plans[single].packed_interval is None
    assert seconds(plans[single]) < seconds(alone[single])


def test_terms_that_fit_no_packed_query_share_nothing() -> None:
    long = [Load(n, 15 / 86_400, f"{n}ก" * 90) for n in range(20)]
    alone, plans, packed = shared(long)
    assert packed is None
    assert plans == alone


def test_watches_that_need_every_call_to_read_what_they_bring_share_none() -> None:
    """Each page holds 40; a day has 90 pages, and two readings of 1,000 or more take over 45."""
    for videos in (1900.0, 3500.0):
        alone, plans, packed = shared(loads_of([videos / (n + 1) / 2.2833 for n in range(5)]))
        assert (plans, packed) == (alone, None)
    _, _, packed = shared(loads_of([900.0 / 20] * 20))
    assert packed is not None


def test_a_hardly_measurable_rest_of_calls_is_none() -> None:
    released = timedelta(hours=2.7) - timedelta(microseconds=1)
    rest = Budget(left=9, limit=100, resets_at=MORNING + released)
    assert 0 < rest.supply(MORNING) < LEAST_SUPPLY
    alone, plans, packed = shared(loads_of([15.0] * 20), rest)
    assert {one.interval for one in alone.values()} == {None}
    assert (plans, packed) == (alone, None)
    rare = dict.fromkeys(range(20), Plan(timedelta(days=9 * 10**8), 1.0, plenty=False))
    assert share_calls(loads_of([15.0] * 20), rare, LOOKBACK) == (rare, None)


@pytest.mark.parametrize("per_day", [[20.0] * 300 + [0.5] * 700, [15.0] * 1000])
def test_more_videos_than_pages_can_show_are_still_shared(per_day: list[float]) -> None:
    """Ever smaller packs would have their turns ever later, and show no more."""
    _, _, packed = shared(loads_of(per_day), Budget(300, 300, MORNING + DAY))
    assert packed is not None
    assert len(packed.packs) < 200


def test_a_thousand_watches_are_shared_in_a_moment() -> None:
    chance = Random(1)
    loads = loads_of([chance.lognormvariate(1, 1.5) for _ in range(1000)])
    alone = plan(loads, FULL, now=MORNING, tick=timedelta(seconds=10), lookback=LOOKBACK)

    def cpu_seconds() -> float:
        begun = process_time()
        share_calls(loads, alone, LOOKBACK)
        return process_time() - begun

    assert min(cpu_seconds() for _ in range(3)) < 0.2


@given(st.lists(st.floats(0.1, 500), min_size=2, max_size=80), st.integers(20, 2_000))
def test_sharing_spends_no_more_calls_and_brings_videos_earlier(
    rates: list[float], limit: int
) -> None:
    loads = loads_of(rates)
    alone, plans, packed = shared(loads, Budget(limit, limit, MORNING + DAY))
    if packed is None:
        assert plans == alone
        return
    polls = 1 / packed.interval.total_seconds()
    assert calls_a_second(plans) + polls <= calls_a_second(alone) * 1.001
    members = [w for pack in packed.packs for w in pack]
    assert sorted(members) == sorted(w for w in plans if plans[w].packed_interval is not None)
    own = calls_a_second({w: plans[w] for w in members})
    freed = calls_a_second({w: alone[w] for w in alone if plans[w] != alone[w]})
    assert own <= OWN_SHARE * freed * 1.001
    assert all(2 <= len(pack) <= MAX_TERMS for pack in packed.packs)
    weights = {load.watch_id: max(load.rate, LEAST_RATE) for load in loads}
    slow = {w: weights[w] for w in weights if seconds(alone[w]) > LOOKBACK.total_seconds()}
    assert mean_delay(slow, plans, packed) <= GAIN * mean_delay(slow, alone, None) * 1.001


def calls_a_second(plans: dict[int, Plan]) -> float:
    return sum(one.calls / seconds(one) for one in plans.values())


LOCALES = st.sampled_from([(None, None), ("NZ", None), ("NZ", "en"), (None, "en")])
VARIED = st.lists(
    st.builds(
        Load,
        watch_id=st.integers(0, 10**6),
        rate=st.floats(0.1, 60).map(lambda a_day: a_day / 86_400),
        term=st.integers(0, 10**6).map(lambda n: f"term{n}"),
        weight=st.sampled_from([0.1, 1.0, 1.0, 9.0]),
        least=st.sampled_from([0, 0, 60, 7_200, 86_400]).map(lambda s: timedelta(seconds=s)),
        locale=LOCALES,
    ),
    min_size=2,
    max_size=40,
    unique_by=(lambda load: load.watch_id, lambda load: load.term),
)


@given(VARIED)
def test_only_watches_of_one_region_and_language_share_and_none_is_polled_more_than_it_wants(
    loads: list[Load],
) -> None:
    _, plans, packed = shared(loads)
    locales = {load.watch_id: load.locale for load in loads}
    for pack in packed.packs if packed else ():
        assert len({locales[watch_id] for watch_id in pack}) == 1
    for load in loads:
        assert seconds(plans[load.watch_id]) >= max(load.least.total_seconds(), 10)


def test_who_wants_to_be_polled_seldom_does_not_share_for_want_of_calls() -> None:
    day = timedelta(days=1)
    modest = [Load(n, 15 / 86_400, f"modest{n}", least=day) for n in range(20, 25)]
    _, plans, packed = shared([*loads_of([15.0] * 20), *modest])
    assert packed is not None
    assert {watch_id for pack in packed.packs for watch_id in pack} == set(range(20))
    assert {plans[n].interval for n in range(20, 25)} == {day}


def test_a_pack_of_weight_has_its_turns_more_often() -> None:
    regions = [("NZ", None)] * 10 + [("FR", None)] * 10
    weights = [4.0] * 10 + [1.0] * 10
    loads = [
        Load(n, 15 / 86_400, f"term{n}", weight=weight, locale=locale)
        for n, (weight, locale) in enumerate(zip(weights, regions, strict=True))
    ]
    packed = shared(loads)[2]
    assert packed is not None
    heavy, usual = packed.turns().values()
    assert 2 * heavy.total_seconds() == pytest.approx(usual.total_seconds(), rel=1e-3)
