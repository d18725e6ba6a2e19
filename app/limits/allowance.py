"""The token bucket as a pure value: how much may be asked for, and what that leaves.

A bucket is kept as one number: the instant at which it will be full again. What is missing until
then is its backlog, in whole microseconds, so that every keeper reckons alike to the last digit.
"""

from __future__ import annotations

from dataclasses import dataclass

MICROS = 1_000_000


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a request goes through, and what a client may be told of its bucket.

    Args:
        allowance: by which it was judged.
        allowed: whether it goes through.
        remaining: whole units that are left now.
        reset_seconds: until there is a unit more than that; 1 or more.
        retry_after_seconds: until the request would go through; 0 if it does.
    """

    allowance: Allowance
    allowed: bool
    remaining: int
    reset_seconds: int
    retry_after_seconds: int


@dataclass(frozen=True, slots=True)
class Allowance:
    """A bucket's size and how fast it fills.

    Args:
        name: tells clients which one it is.
        units: it holds, from 1 up.
        seconds: in which it fills from empty.
    """

    name: str
    units: int
    seconds: int = 60

    @property
    def limit(self) -> int:
        """The most backlog there can be, in microseconds: an empty bucket's."""
        return self.seconds * MICROS

    def weigh(self, cost: float) -> int:
        """Return the backlog that a request leaves; one that costs more than all costs all."""
        return max(1, min(self.limit, round(cost * self.limit / self.units)))

    def verdict(self, cost: float, backlog: int, *, allowed: bool) -> Verdict:
        """Return what to tell of a bucket with this backlog, after a request of this cost."""
        left = self.limit - backlog
        remaining = left * self.units // self.limit
        reset = _seconds(-(-(remaining + 1) * self.limit // self.units) - left)
        retry = 0 if allowed else _seconds(self.weigh(cost) - left)
        return Verdict(self, allowed, remaining, min(reset, retry or reset), retry)


def pour(full_at: int, cost: int, limit: int, now: int) -> tuple[bool, int]:
    """Take from a bucket, if there is enough in it.

    Args:
        full_at: when it will be full, as it is known; a clock that was put back may have made it
            later than can be.
        cost: of the request; this and all others in microseconds.
        limit: the most backlog.
        now: the present.

    Returns:
        Whether it was taken, and the backlog then.
    """
    backlog = full_at - now
    if backlog < 0:
        backlog = 0
    elif backlog > limit:
        backlog = limit
    whole = backlog + cost
    return (True, whole) if whole <= limit else (False, backlog)


def _seconds(micros: int) -> int:
    return max(1, -(-micros // MICROS))
