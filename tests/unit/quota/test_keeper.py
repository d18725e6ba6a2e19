"""Keys in the hands of the operator."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest

from app.domain.errors import (
    KeyRejectedError,
    NewsreelError,
    NotFoundError,
    NoUsableKeyError,
    QuotaExhaustedError,
    ThrottledError,
    UpstreamError,
)
from app.domain.quota import ApiKey, Bucket, KeyState
from app.quota.keeper import KeyKeeper
from app.sources.base import SearchPage, SearchQuery, VideoBatch
from tests.unit.quota.benches import LIMIT, Bench

NewBench = Callable[..., Bench]
EXPIRED = KeyRejectedError("API key expired.", reason="expired")


@dataclass
class BenchSource:
    """A source that answers as the bench says."""

    bench: Bench

    def search(self, key: ApiKey, query: SearchQuery) -> SearchPage:
        raise NotImplementedError

    def videos(self, key: ApiKey, video_ids: Sequence[str]) -> VideoBatch:
        assert len(video_ids) == 1
        self.bench._request(key)
        return VideoBatch(())


def _keeper(bench: Bench) -> KeyKeeper:
    return KeyKeeper(bench.ring, BenchSource(bench))


def _print(secret: str) -> str:
    return ApiKey(secret, "").fingerprint


def _states(bench: Bench) -> list[KeyState]:
    return [key.state for key in _keeper(bench).list_all()]


def _used(bench: Bench, bucket: Bucket) -> int:
    [usage] = [u for u in bench.ledger.list_usage(["p"]) if u.bucket is bucket]
    return usage.used


def test_every_configured_key_is_listed_in_order_with_its_state(new_bench: NewBench) -> None:
    bench = new_bench("p:a,q:b,c")
    bench.errors["b"] = EXPIRED
    _keeper(bench).test(_print("b"))
    listed = _keeper(bench).list_all()
    assert [key.fingerprint for key in listed] == [_print("a"), _print("b"), _print("c")]
    assert [key.project for key in listed] == ["p", "q", _print("c")]
    assert _states(bench) == [KeyState.USABLE, KeyState.DISABLED, KeyState.USABLE]
    assert "'a'" not in repr(listed)


def test_a_key_that_has_rested_is_listed_as_usable(new_bench: NewBench) -> None:
    bench = new_bench("p:a")
    bench.errors["a"] = ThrottledError("slow down")
    _keeper(bench).test(_print("a"))
    assert _states(bench) == [KeyState.COOLING]
    bench.clock.move(60)
    assert _states(bench) == [KeyState.USABLE]


def test_a_refused_key_is_listed_as_such_until_it_works(new_bench: NewBench) -> None:
    bench = new_bench("p:a")
    bench.errors["a"] = EXPIRED
    _keeper(bench).test(_print("a"))
    bench.clock.move(2 * 86_400)
    assert _states(bench) == [KeyState.DISABLED]


def test_a_test_costs_one_unit_and_no_search(new_bench: NewBench) -> None:
    bench = new_bench("p:a")
    assert _keeper(bench).test(_print("a")) is None
    assert (_used(bench, Bucket.UNITS), _used(bench, Bucket.SEARCH)) == (1, 0)


def test_a_test_tries_the_key_that_was_named(new_bench: NewBench) -> None:
    bench = new_bench("p:a,p:b,p:c")
    for secret in "bbca":
        _keeper(bench).test(_print(secret))
    assert bench.used == ["b", "b", "c", "a"]


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (EXPIRED, KeyState.DISABLED),
        (ThrottledError("slow down"), KeyState.COOLING),
        (QuotaExhaustedError("spent"), KeyState.USABLE),
        (UpstreamError("HTTP 503"), KeyState.USABLE),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_a_test_shows_is_told_and_noted(
    new_bench: NewBench, error: NewsreelError, state: KeyState
) -> None:
    bench = new_bench("p:a")
    bench.errors["a"] = error  # type: ignore[assignment]  # all of them are source errors
    assert _keeper(bench).test(_print("a")) is error
    assert _states(bench) == [state]
    assert bench.ledger.left(Bucket.UNITS, ["p"])["p"] == (
        0 if isinstance(error, QuotaExhaustedError) else 10 * LIMIT - 1
    )


def test_a_key_that_was_mended_is_in_use_again_after_a_test(new_bench: NewBench) -> None:
    bench = new_bench("p:a")
    bench.errors["a"] = EXPIRED
    _keeper(bench).test(_print("a"))
    bench.errors.clear()
    assert _keeper(bench).test(_print("a")) is None
    assert bench.call() == "a"


def test_without_quota_a_key_is_not_tried(new_bench: NewBench) -> None:
    bench = new_bench("p:a")
    bench.ledger.exhaust("p", Bucket.UNITS, QuotaExhaustedError("spent"))
    trouble = _keeper(bench).test(_print("a"))
    assert isinstance(trouble, NoUsableKeyError)
    assert trouble.reason == "quota_exhausted"
    assert bench.used == []


def test_a_disabled_key_is_used_no_more_and_others_are(new_bench: NewBench) -> None:
    bench = new_bench("p:a,q:b")
    _keeper(bench).disable(_print("a"))
    bench.clock.move(7 * 86_400)
    assert [bench.call() for _ in range(3)] == ["b"] * 3
    assert _states(bench) == [KeyState.HELD, KeyState.USABLE]


def test_with_every_key_disabled_fetching_pauses_and_says_by_whom(new_bench: NewBench) -> None:
    bench = new_bench("p:a")
    _keeper(bench).disable(_print("a"))
    with pytest.raises(NoUsableKeyError) as refused:
        bench.call()
    assert (refused.value.reason, refused.value.retry_at) == ("keys_disabled", None)
    assert "by the operator" in str(refused.value)
    assert bench.used == []


@pytest.mark.parametrize("error", [None, EXPIRED, ThrottledError("slow down")])
def test_a_test_of_a_disabled_key_leaves_it_disabled(
    new_bench: NewBench, error: KeyRejectedError | None
) -> None:
    bench = new_bench("p:a")
    _keeper(bench).disable(_print("a"))
    if error is not None:
        bench.errors["a"] = error
    assert _keeper(bench).test(_print("a")) is error
    assert _states(bench) == [KeyState.HELD]


def test_a_key_disabled_during_a_call_stays_disabled_whatever_comes_of_it(
    new_bench: NewBench,
) -> None:
    bench = new_bench("p:a")
    bench.errors["a"] = ThrottledError("slow down")
    _keeper(bench).test(_print("a"))
    bench.clock.move(60)

    def disabled_meanwhile(key: ApiKey) -> str:
        _keeper(bench).disable(key.fingerprint)
        return "done"

    assert bench.ring.call(Bucket.SEARCH, disabled_meanwhile) == "done"
    assert _states(bench) == [KeyState.HELD]


@pytest.mark.parametrize("error", [EXPIRED, ThrottledError("slow down", retry_after=300)])
def test_an_enabled_key_is_used_at_once_whatever_took_it_out(
    new_bench: NewBench, error: KeyRejectedError | ThrottledError
) -> None:
    bench = new_bench("p:a")
    bench.errors["a"] = error
    _keeper(bench).test(_print("a"))
    _keeper(bench).disable(_print("a"))
    bench.errors.clear()
    _keeper(bench).enable(_print("a"))
    assert bench.call() == "a"
    assert _states(bench) == [KeyState.USABLE]


@pytest.mark.parametrize("act", ["test", "enable", "disable"])
def test_an_unknown_fingerprint_is_refused_and_not_repeated(new_bench: NewBench, act: str) -> None:
    bench = new_bench("p:a")
    with pytest.raises(NotFoundError) as refused:
        getattr(_keeper(bench), act)("a-key-by-mistake")
    assert "a-key-by-mistake" not in str(refused.value)
    assert bench.used == []
