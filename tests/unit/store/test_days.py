from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from app.store.days import SIZES, block_of, day_tokens

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
INSTANTS = st.timedeltas(-timedelta(days=20_000), timedelta(days=20_000)).map(NOW.__add__)
ALMOST_A_DAY = timedelta(hours=23, minutes=59, seconds=59, microseconds=999_999)


@given(INSTANTS, st.sampled_from(SIZES))
def test_a_block_has_the_days_between_its_ends_and_no_other(at: datetime, size: int) -> None:
    block = block_of(at, size)
    assert block.begins_at <= at <= block.ends_at
    assert block.ends_at - block.begins_at == timedelta(days=size - 1) + ALMOST_A_DAY
    inside = {block.begins_at, at, block.ends_at}
    assert {block_of(each, size) for each in inside} == {block}
    step = timedelta(microseconds=1)
    outside = {block.begins_at - step, block.ends_at + step}
    assert all(block.token not in day_tokens(each).split() for each in outside)
    assert all(block.token in day_tokens(each).split() for each in inside)


def test_a_day_is_one_of_utc() -> None:
    at = datetime(2026, 5, 1, 1, tzinfo=timezone(timedelta(hours=2)))
    assert day_tokens(at) == day_tokens(datetime(2026, 4, 30, 23, tzinfo=UTC))
