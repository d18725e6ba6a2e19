"""Sharing calls: who shares, what it brings, and that nobody's own readings are given up for it."""

from datetime import UTC, datetime, timedelta
from math import isclose

from hypothesis import given
from hypothesis import strategies as st

from app.ingest.pacing import LEAST_RATE, Budget, Load, Plan, plan
from app.ingest.packed_pacing import GAIN, OWN_SHARE, PackedPolls, share_calls
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
    packed = PackedPolls(timedelta(minutes=10), ((1,), (2,)), (4.0, 1.0))
    often, seldom = packed.intervals()
    assert (often, seldom) == (timedelta(minutes=15), timedelta(minutes=30))
    assert isclose(packed.mean_delay().total_seconds(), (4 * 450 + 900) / 5)


@given(st.lists(st.floats(0.1, 500), min_size=2, max_size=80), st.integers(20, 2_000))
def test_sharing_spends_no_more_calls_and_brings_videos_earlier(
    rates: list[float], limit: int
) -> None:
    loads = loads_of(rates)
    alone, plans, packed = shared(loads, Budget(limit, limit, MORNING + DAY))
    if packed is None:
        assert plans == alone
        return
    spent = sum(one.calls / seconds(one) for one in alone.values())
    sharing = [one for one in plans.values() if one.packed_interval is not None]
    own = sum(one.calls / seconds(one) for one in sharing)
    others = sum(one.calls / seconds(one) for one in plans.values() if one not in sharing)
    polls = 1 / packed.interval.total_seconds()
    assert own + others + polls <= spent * 1.001
    assert own <= OWN_SHARE * (own + polls) * 1.001
    slow = [load for load in loads if plans[load.watch_id].packed_interval is not None]
    assert sorted(w for pack in packed.packs for w in pack) == [load.watch_id for load in slow]
    assert all(len(pack) <= MAX_TERMS for pack in packed.packs)
    weights = [max(load.rate, LEAST_RATE) for load in slow]
    before = sum(w * seconds(alone[s.watch_id]) / 2 for w, s in zip(weights, slow, strict=True))
    assert packed.mean_delay().total_seconds() <= GAIN * before / sum(weights) * 1.001
