"""Waiting for what another process does. A test of pure code has no need of it."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
POLL_SECONDS = 0.02


def wait_until(
    condition: Callable[[], T], deadline_seconds: float = 10.0, *, claim: str = "it happens"
) -> T:
    """Polls `condition` and returns its first truthy value; fails the test past the deadline."""
    ends_at = time.monotonic() + deadline_seconds
    while not (value := condition()):
        if time.monotonic() > ends_at:
            raise AssertionError(f"waited {deadline_seconds} s until {claim}; last seen: {value!r}")
        time.sleep(POLL_SECONDS)
    return value


def until_it_holds(check: Callable[[], T], deadline_seconds: float) -> T:
    """Makes a check again until it holds; past the deadline its last AssertionError stands."""
    ends_at = time.monotonic() + deadline_seconds
    while True:
        try:
            return check()
        except AssertionError:
            if time.monotonic() > ends_at:
                raise
        time.sleep(POLL_SECONDS)
