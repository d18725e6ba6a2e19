from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from app.domain.ranges import Stretch, union

START = datetime(2026, 5, 1, tzinfo=UTC)
SECONDS = st.integers(0, 30)
STRETCHES = st.lists(
    st.builds(lambda start, length: _stretch(start, start + length), SECONDS, st.integers(0, 8)),
    max_size=8,
)


def _at(second: int) -> datetime:
    return START + timedelta(seconds=second)


def _stretch(start: int, end: int) -> Stretch:
    return Stretch(_at(start), _at(end))


@given(STRETCHES)
def test_a_union_holds_the_same_seconds_newest_first_and_apart(stretches: list[Stretch]) -> None:
    joined = union(stretches)
    for second in range(40):
        held = any(stretch.holds(_at(second)) for stretch in stretches)
        assert held == any(stretch.holds(_at(second)) for stretch in joined)
    for newer, older in pairwise(joined):
        assert newer.starts_at > older.ends_at


@given(SECONDS, SECONDS, SECONDS)
def test_a_narrowed_stretch_keeps_its_start_and_never_grows(a: int, b: int, last: int) -> None:
    stretch = _stretch(min(a, b), max(a, b))
    narrowed = stretch.narrowed_to(_at(last))
    assert narrowed.starts_at == stretch.starts_at
    assert stretch.starts_at <= narrowed.ends_at <= stretch.ends_at
    if stretch.holds(_at(last)):
        assert narrowed.ends_at == _at(last)
