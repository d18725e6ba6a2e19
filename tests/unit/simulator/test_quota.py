from datetime import UTC, datetime
from typing import Any

import pytest

from simulator.errors import ApiError
from simulator.quota import KEY_STATES, Key, Quota, parse_key
from tests.unit.simulator.worlds import SettableClock


def quota(clock: SettableClock | None = None, *keys: Key, limit: int = 2) -> Quota:
    clock = clock or SettableClock()
    return Quota(clock, search_calls_per_day=limit, units_per_day=limit, keys=keys)


def charge(to: Quota, key: str = "k", method: str = "search") -> dict[str, Any] | None:
    """The error body when refused."""
    try:
        to.charge(key, method, "192.0.2.7")
    except ApiError as error:
        body: dict[str, Any] = error.body["error"]  # type: ignore[assignment]  # JSON
        return {**body, "code": error.status}
    return None


def spend_day(limits: Quota, method: str = "search") -> dict[str, Any]:
    while (error := charge(limits, method=method)) is None:
        pass
    return error


def test_search_calls_and_units_are_two_buckets() -> None:
    limits = quota()
    assert spend_day(limits)["code"] == 429
    assert [charge(limits, method=name) for name in ("videos", "channels")] == [None, None]
    exhausted = charge(limits, method="playlistItems")
    assert exhausted is not None
    assert (exhausted["code"], exhausted["errors"][0]["reason"]) == (403, "quotaExceeded")


def test_keys_of_one_project_share_its_quota_and_others_do_not() -> None:
    limits = quota(None, Key("a", "p"), Key("b", "p"), Key("c", "q"))
    assert charge(limits, "a") is None
    assert charge(limits, "b") is None
    assert charge(limits, "a") is not None
    assert charge(limits, "c") is None


def test_a_bare_key_is_a_project_of_its_own() -> None:
    limits = quota()
    spend_day(limits)
    assert charge(limits, "another") is None


def test_the_exhausted_search_bucket_names_the_limit_and_the_start_of_the_day() -> None:
    clock = SettableClock(datetime(2026, 9, 25, 20, 0, tzinfo=UTC))
    error = spend_day(quota(clock))
    metadata = error["details"][0]["metadata"]
    assert metadata["window_start_time"] == "1790319600"  # as recorded on that day
    assert metadata["quota_limit"] == "defaultSearchListPerDayPerProject"
    assert metadata["quota_unit"] == "1/d/{project}"
    assert metadata["quota_limit_value"] == "2"
    number = metadata["consumer"].removeprefix("projects/")
    assert number.isdecimal()
    assert f"'project_number:{number}'" in error["message"]


@pytest.mark.parametrize(
    ("midnight", "hours"),
    [
        (datetime(2026, 1, 15, 8, tzinfo=UTC), 24),
        (datetime(2026, 3, 8, 8, tzinfo=UTC), 23),
        (datetime(2026, 7, 15, 7, tzinfo=UTC), 24),
        (datetime(2026, 11, 1, 7, tzinfo=UTC), 25),
    ],
)
def test_a_day_lasts_from_midnight_to_midnight_in_california(
    midnight: datetime, hours: int
) -> None:
    clock = SettableClock(midnight)
    limits = quota(clock)
    window = spend_day(limits)["details"][0]["metadata"]["window_start_time"]
    assert int(window) == midnight.timestamp()
    clock.move(hours * 3600 - 1)
    assert charge(limits) is not None
    clock.move(1)
    assert charge(limits) is None


def test_what_was_charged_and_refused_is_counted_apart() -> None:
    limits = quota()
    for _ in range(5):
        charge(limits)
    charge(limits, method="videos")
    assert [(row.bucket, row.charged, row.refused) for row in limits.usage()] == [
        ("search", 2, 3),
        ("units", 1, 0),
    ]


def test_a_refused_key_is_not_charged() -> None:
    limits = quota(None, Key("a", "p", "invalid"))
    charge(limits, "a")
    charge(limits, "stranger")
    charge(limits, "")
    assert limits.usage() == []


def test_changing_a_keys_state_does_not_reset_its_count() -> None:
    limits = quota()
    charge(limits)
    limits.set_state("k", "blocked")
    assert charge(limits) is not None
    limits.set_state("k", "ok")
    charge(limits)
    assert charge(limits) is not None
    assert [(row.charged, row.refused) for row in limits.usage()] == [(2, 1)]


def test_keys_are_read_from_their_notation() -> None:
    assert parse_key("a") == Key("a", "a")
    assert parse_key("a:p") == Key("a", "p")
    assert parse_key("a::expired") == Key("a", "a", "expired")
    with pytest.raises(ValueError, match="gone"):
        parse_key("a:p:gone")


@pytest.mark.parametrize("state", [state for state in KEY_STATES if state != "ok"])
def test_every_state_but_ok_refuses_every_method(state: str) -> None:
    limits = quota(None, parse_key(f"a:p:{state}"))
    for method in ("search", "videos", "channels", "playlistItems"):
        error = charge(limits, "a", method)
        assert error is not None
        assert error["code"] in (400, 403, 429)
