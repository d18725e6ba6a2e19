from __future__ import annotations

import pytest

from app.limits.allowance import MICROS, Allowance
from app.limits.memory import MemoryBuckets

MINUTE = Allowance("address", 60)


def test_a_client_is_told_what_is_left_and_when_there_is_more() -> None:
    fresh = MINUTE.verdict(1, MINUTE.weigh(1), allowed=True)
    assert (fresh.remaining, fresh.reset_seconds, fresh.retry_after_seconds) == (59, 1, 0)
    spent = MINUTE.verdict(10, MINUTE.limit, allowed=False)
    assert (spent.remaining, spent.reset_seconds, spent.retry_after_seconds) == (0, 1, 10)


@pytest.mark.parametrize(("units", "cost"), [(60, 0.2), (60, 1), (7, 3), (1, 1), (1_000_000, 30)])
def test_who_waits_as_long_as_told_is_let_through(units: int, cost: float) -> None:
    now = [0]
    buckets, allowance = MemoryBuckets(clock=lambda: now[0]), Allowance("address", units)
    weight, limit = allowance.weigh(cost), allowance.limit
    allowed, backlog = True, 0
    while allowed:
        allowed, backlog = buckets.take("one", weight, limit)
    refused = allowance.verdict(cost, backlog, allowed=False)
    assert refused.retry_after_seconds >= refused.reset_seconds >= 1
    now[0] += refused.retry_after_seconds * MICROS
    assert buckets.take("one", weight, limit)[0]


def test_what_costs_more_than_there_can_be_takes_a_full_bucket() -> None:
    small = Allowance("address", 5)
    assert small.weigh(20) == small.limit
    assert small.weigh(1) * 5 == small.limit
    assert Allowance("address", 1_000_000).weigh(0.02) == 1, "nothing is free"
