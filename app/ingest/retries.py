"""When a poll that failed is tried again, as a pure function of the error and how long it goes on.

Nothing is tried again within a poll: every attempt costs a call, and trouble that another key can
help has already been passed on to it by the key ring.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from math import sqrt

from app.domain.errors import (
    BadRequestError,
    GoneError,
    NewsreelError,
    NoUsableKeyError,
    SourceError,
    UnreachableError,
    UpstreamError,
)

SOONEST = timedelta(seconds=60)
SOONEST_UNREACHED = timedelta(seconds=5)
"""Where nobody answered YouTube counted no call, and it matters to be back soon: within half a
minute, of which a call that hangs takes ten seconds and the next tick as many.
We count each, before it is made: only for what has a pace that does not spend a day's calls."""

_LONGEST: tuple[tuple[type[NewsreelError], timedelta], ...] = (
    # Looking costs no call, and sees at once what the operator mended or midnight brought.
    (NoUsableKeyError, timedelta()),
    # YouTube will say the same tomorrow, unless it was a slip of its own.
    (BadRequestError, timedelta(days=1)),
    (GoneError, timedelta(days=1)),
    (UnreachableError, timedelta(seconds=6)),
    # 5xx, broken bodies.
    (NewsreelError, timedelta(minutes=15)),
)
_SPREAD = 0.25
_GOLDEN = (sqrt(5) - 1) / 2


def retry_at(
    error: NewsreelError, *, failing_since: datetime, now: datetime, turn: int, paced: bool = True
) -> datetime:
    """Return when to try again: after as long as it has been failing, so the waits double.

    Args:
        error: what went wrong now.
        failing_since: when it went wrong first since a poll last left less to read; `now` if it
            just did, or if this is the first time.
        now: the present.
        turn: a number that differs between watches, so that those that fail together are not
            tried again together.
        paced: whether something else keeps it from being tried more often than there are calls.

    Returns:
        At least a minute later (where nobody answered what is paced, five seconds and at most 8),
        and not before the source asked for.
    """
    if isinstance(error, UnreachableError) and not paced:
        error = UpstreamError(str(error))
    longest = next(wait for kind, wait in _LONGEST if isinstance(error, kind))
    spread = 1 + _SPREAD * (turn * _GOLDEN % 1)
    doubled = min(longest, now - failing_since) * spread
    asked = error.retry_after if isinstance(error, SourceError) else None
    soonest = SOONEST_UNREACHED if isinstance(error, UnreachableError) else SOONEST
    return now + max(soonest, doubled, timedelta(seconds=asked or 0))
