from collections.abc import Callable
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from app.domain.errors import (
    CacheUnavailableError,
    KeyRejectedError,
    NoUsableKeyError,
    QuotaExhaustedError,
    SourceError,
    ThrottledError,
    UpstreamError,
)
from app.domain.quota import Bucket, KeyState, Spending
from app.quota.key_states import COOLING_SECONDS
from tests.unit.quota.benches import LIMIT, Bench

NewBench = Callable[..., Bench]
REJECTIONS = [
    KeyRejectedError("not valid", reason="invalid"),
    KeyRejectedError("has expired", reason="expired"),
    KeyRejectedError("is blocked", reason="blocked"),
]


class LostIndex:
    """The index of a Redis that is away."""

    def next(self) -> int:
        raise CacheUnavailableError("Redis: ConnectionError")


def _trouble(bench: Bench, bucket: Bucket = Bucket.SEARCH) -> str | None:
    trouble = bench.ring.trouble(bucket)
    return None if trouble is None else trouble.reason


def _why_refused(bench: Bench) -> str:
    with pytest.raises(NoUsableKeyError) as refused:
        bench.call()
    return refused.value.reason


def test_keys_take_turns(new_bench: NewBench) -> None:
    bench = new_bench("p:a,q:b,r:c")
    used = [bench.call() for _ in range(6)]
    assert sorted(used[:3]) == ["a", "b", "c"]
    assert used[3:] == used[:3]


def test_keys_take_turns_in_each_process_while_redis_is_away(new_bench: NewBench) -> None:
    bench = new_bench("p:a,q:b", index=LostIndex())
    assert sorted(bench.call() for _ in range(4)) == ["a", "a", "b", "b"]


@pytest.mark.parametrize("error", [*REJECTIONS, ThrottledError("slow down")])
def test_a_failing_key_is_passed_over_within_the_call(
    new_bench: NewBench, error: SourceError
) -> None:
    bench = new_bench("p:bad,q:good")
    bench.errors["bad"] = error
    assert [bench.call() for _ in range(4)] == ["good"] * 4
    assert bench.used.count("bad") == 1


@pytest.mark.parametrize("error", REJECTIONS)
def test_a_rejected_key_keeps_its_reason(new_bench: NewBench, error: KeyRejectedError) -> None:
    bench = new_bench("p:bad")
    bench.errors["bad"] = error
    assert _why_refused(bench) == "keys_disabled"
    status = bench.status("bad")
    assert status is not None
    assert status.state is KeyState.DISABLED
    assert status.reason == f"{error.reason}: {error}"


def test_a_disabled_key_is_tried_again_after_a_day(new_bench: NewBench) -> None:
    bench = new_bench("p:bad")
    bench.errors["bad"] = REJECTIONS[0]
    _why_refused(bench)
    bench.clock.move(86_399)
    assert _why_refused(bench) == "keys_disabled"
    assert len(bench.used) == 1
    bench.clock.move(1)
    bench.errors.clear()
    assert bench.call() == "bad"
    assert bench.status("bad") is None
    assert _trouble(bench) is None


def test_a_key_still_bad_after_a_day_keeps_the_instant_it_went_bad(new_bench: NewBench) -> None:
    bench = new_bench("p:bad")
    bench.errors["bad"] = REJECTIONS[0]
    went_bad_at = bench.clock()
    _why_refused(bench)
    bench.clock.move(86_400)
    _why_refused(bench)
    status = bench.status("bad")
    assert status is not None
    assert status.since == went_bad_at
    assert status.until == bench.clock() + timedelta(days=1)


def test_a_throttled_key_rests_a_minute(new_bench: NewBench) -> None:
    bench = new_bench("p:hasty")
    bench.errors["hasty"] = ThrottledError("slow down")
    assert _why_refused(bench) == "keys_cooling"
    bench.errors.clear()
    bench.clock.move(COOLING_SECONDS - 1)
    assert _why_refused(bench) == "keys_cooling"
    bench.clock.move(1)
    assert bench.call() == "hasty"


def test_a_throttled_key_rests_as_long_as_youtube_asks(new_bench: NewBench) -> None:
    bench = new_bench("p:hasty")
    bench.errors["hasty"] = ThrottledError("slow down", retry_after=300)
    _why_refused(bench)
    trouble = bench.ring.trouble(Bucket.SEARCH)
    assert trouble is not None
    assert trouble.retry_at == bench.clock() + timedelta(seconds=300)


def test_keys_of_one_project_share_its_quota(new_bench: NewBench) -> None:
    bench = new_bench("p:a,p:b")
    for _ in range(LIMIT):
        bench.call()
    assert _why_refused(bench) == "quota_exhausted"
    assert len(bench.used) == LIMIT


def test_bare_keys_are_projects_of_their_own(new_bench: NewBench) -> None:
    bench = new_bench("a,b")
    assert bench.ring.left(Bucket.SEARCH) == 2 * LIMIT
    for _ in range(2 * LIMIT):
        bench.call()
    assert _why_refused(bench) == "quota_exhausted"


def test_a_project_that_youtube_calls_used_up_is_not_asked_again_that_day(
    new_bench: NewBench,
) -> None:
    bench = new_bench("p:a,p:b,q:c")
    bench.errors |= dict.fromkeys("ab", QuotaExhaustedError("spent"))
    assert [bench.call() for _ in range(3)] == ["c"] * 3
    assert len(bench.used) - bench.used.count("c") <= 1
    assert bench.status("a") is None
    bench.errors.clear()
    bench.clock.at = bench.ledger.resets_at()
    assert {bench.call() for _ in range(3)} == {"a", "b", "c"}


def test_a_used_up_answer_near_midnight_rests_the_key_instead(new_bench: NewBench) -> None:
    bench = new_bench("p:a")
    bench.clock.at = bench.ledger.resets_at() - timedelta(seconds=60)
    bench.errors["a"] = QuotaExhaustedError("spent")
    assert _why_refused(bench) == "keys_cooling"
    bench.errors.clear()
    bench.clock.move(COOLING_SECONDS)
    assert bench.call() == "a"


def test_trouble_that_is_not_the_keys_does_not_burn_the_other_keys(new_bench: NewBench) -> None:
    bench = new_bench("p:a,q:b")
    bench.errors |= dict.fromkeys("ab", UpstreamError("HTTP 503"))
    with pytest.raises(UpstreamError):
        bench.call()
    assert len(bench.used) == 1
    assert bench.ring.statuses() == []


def test_no_key_is_a_reason_of_its_own(new_bench: NewBench) -> None:
    bench = new_bench("")
    assert _why_refused(bench) == "no_keys"
    assert bench.ring.left(Bucket.SEARCH) == 0


def test_one_key_that_cools_among_disabled_ones_counts_as_cooling(new_bench: NewBench) -> None:
    bench = new_bench("p:bad,q:hasty")
    bench.errors = {"bad": REJECTIONS[0], "hasty": ThrottledError("slow down")}
    assert _why_refused(bench) == "keys_cooling"


def test_why_no_key_is_accepted_names_fingerprints_and_never_the_key(new_bench: NewBench) -> None:
    bench = new_bench("p:very-secret")
    bench.errors["very-secret"] = REJECTIONS[0]
    with pytest.raises(NoUsableKeyError) as refused:
        bench.call()
    status = bench.status("very-secret")
    assert status is not None
    assert status.fingerprint in str(refused.value)
    assert "very-secret" not in f"{refused.value!r} {status}"


def test_the_log_tells_of_an_exhausted_project_on_each_day_it_happens(
    new_bench: NewBench,
) -> None:
    bench = new_bench("p:a")
    told = []
    for _ in range(2):
        bench.errors["a"] = QuotaExhaustedError("spent")
        with capture_logs() as logs:
            _why_refused(bench)
            _why_refused(bench)
        told.append([log["event"] for log in logs])
        bench.clock.at = bench.ledger.resets_at() + timedelta(hours=1)
        bench.errors.clear()
        bench.call()
    assert told == [["incident_began"], ["incident_began"]]


def test_every_charge_of_a_call_is_counted_for_its_caller(new_bench: NewBench) -> None:
    bench = new_bench("p:bad,q:good")
    bench.errors["bad"] = REJECTIONS[0]
    spending = Spending()
    for bucket in (Bucket.SEARCH, Bucket.SEARCH, Bucket.UNITS):
        bench.ring.call(bucket, bench._request, spending)
    assert len(bench.used) == 4
    assert (spending.search_calls, spending.units) == (3, 1)
    bench.errors["good"] = UpstreamError("HTTP 503")
    with pytest.raises(UpstreamError):
        bench.ring.call(Bucket.UNITS, bench._request, spending)
    assert spending.units == 2
