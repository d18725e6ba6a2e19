"""Python imports this first, where the chaos proof put it on the path: a clock that can be set.

What `system_clock` tells is moved by the seconds that stand in the file CHAOS_CLOCK names.
"""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from app.domain import clock

_file = Path(os.environ["CHAOS_CLOCK"])


def _offset() -> timedelta:
    try:
        return timedelta(seconds=float(_file.read_text(encoding="ascii") or 0))
    except (OSError, ValueError):
        return timedelta(0)


def _shifted() -> datetime:
    return datetime.now(UTC) + _chaos_offset()  # type: ignore[name-defined, no-any-return]  # noqa: F821  # below


vars(clock)["_chaos_offset"] = _offset
clock.system_clock.__code__ = _shifted.__code__  # the function stays the one that others hold
