"""When a stored video is asked about again, and how long it may be kept without an answer.

YouTube's developer policies (III.E.4.d) allow 30 days: what is not refreshed by then is deleted.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from app.domain.videos import LiveState

if TYPE_CHECKING:
    from app.domain.videos import Video

DEFAULT_REFRESH = timedelta(days=20)
"""How long a video that has come to rest is left alone."""

LATE_AFTER = timedelta(days=25)
"""From this age on the operator is warned."""

DELETED_AFTER = timedelta(days=30) - timedelta(hours=1)
"""An hour early: no tick that comes late makes it 30 days."""

ABSENCE_CONFIRMED_AFTER = timedelta(hours=24)
"""Two readings at least so far apart must miss a video before it is taken for gone."""

_DAY, _WEEK = timedelta(days=1), timedelta(days=7)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ROUNDED_TO = timedelta(minutes=5)


def next_refresh_at(video: Video, now: datetime, at_rest: timedelta) -> datetime:
    """Return when a video that was told in full just now is to be asked about again.

    | age | upcoming or live | else |
    |---|---|---|
    | under a day | 15 minutes | 6 hours |
    | under a week | an hour | a day |
    | older | 6 hours | `at_rest` |

    Rounded up to five minutes, so that videos fall due together and share a call.
    """
    # Not now - published_at: the store refuses an instant without an offset, and only its row.
    age = timedelta(seconds=now.timestamp() - video.published_at.timestamp())
    moving = video.live in (LiveState.UPCOMING, LiveState.LIVE)
    if age < _DAY:
        wait = timedelta(minutes=15) if moving else timedelta(hours=6)
    elif age < _WEEK:
        wait = timedelta(hours=1) if moving else _DAY
    else:
        wait = timedelta(hours=6) if moving else at_rest
    return _rounded_up(now + min(wait, at_rest))


def _rounded_up(at: datetime) -> datetime:
    return at + (_EPOCH - at) % _ROUNDED_TO
