"""What grows is seen, and what comes and goes is not taken for growth."""

from dataclasses import replace

import pytest

from tests.proofs.endurance import BOUNDED, check, levels
from tests.proofs.soak import NUMBERED, Sample

ROWS = {**dict.fromkeys([*BOUNDED, *NUMBERED], 100), "watches": 3}


def _samples() -> list[Sample]:
    """A hundred: nothing but what is kept for ever comes, and that within the first fifth."""
    return [
        Sample(
            tick=500 * number,
            day="2026-01-02",
            cpu_seconds=number,
            rss_kib=100_000 + 1_000 * min(number, 20) + number % 7,
            threads=7 + number % 3,
            files=40,
            connections=12,
            redis_keys=30 + number % 2,
            rows=ROWS,
            first=dict.fromkeys(NUMBERED, 101),
            last=dict.fromkeys(NUMBERED, 200),
        )
        for number in range(101)
    ]


def test_what_stays_level_is_let_through() -> None:
    check(_samples())
    assert levels(_samples())[0].growth < 0.01


@pytest.mark.parametrize("name", ["threads", "files", "connections", "redis_keys", "rss_kib"])
def test_a_leak_is_seen(name: str) -> None:
    def leaking(number: int, sample: Sample) -> Sample:
        much = getattr(sample, name)
        return replace(sample, **{name: int(much * (1 + number / 100))})  # type: ignore[arg-type] # any of them

    with pytest.raises(AssertionError, match="when warm"):
        check([leaking(number, sample) for number, sample in enumerate(_samples())])


def test_a_table_that_is_not_pruned_is_seen() -> None:
    grown = [replace(it, rows={**ROWS, "fetches": it.tick}) for it in _samples()]
    with pytest.raises(AssertionError, match=r"fetches: .* rows, later"):
        check(grown)


def test_what_waits_for_a_reading_may_grow_up_to_what_a_week_needs() -> None:
    def grown(most: int) -> list[Sample]:
        return [replace(it, rows={**ROWS, "ranges": most * it.tick // 50_000}) for it in _samples()]

    check(grown(126))
    with pytest.raises(AssertionError, match=r"ranges: .* rows, later 127"):
        check(grown(127))


def test_numbers_given_out_to_no_row_are_seen() -> None:
    burned = [replace(it, last={**it.last, "video_texts": 5_000}) for it in _samples()]
    with pytest.raises(AssertionError, match="video_texts: 4900 numbers for 100 rows"):
        check(burned)
