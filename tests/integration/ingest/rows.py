"""What stands in the database, read past the code under test. Seconds count from 1970."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from app.domain.watches import Claim

_COUNTED = """
SELECT 0, strftime('%Y-%m-%d %H', published_at), count(*) FROM videos
    WHERE visible GROUP BY 1, 2
UNION ALL
SELECT l.watch_id, strftime('%Y-%m-%d %H', v.published_at), count(*) FROM watch_videos l
    JOIN videos v USING (video_id)
    WHERE v.hidden_at IS NULL AND NOT l.uncertain AND l.excluded_by IS NULL GROUP BY 1, 2
"""
_COUNTS = "SELECT scope, strftime('%Y-%m-%d %H', hour_at), videos FROM hour_counts WHERE videos"
_DAYS = "SELECT scope, day, videos FROM day_counts WHERE videos"
_DAYS_OF_HOURS = """
SELECT scope, strftime('%Y-%m-%d', hour_at), sum(videos) FROM hour_counts GROUP BY 1, 2
    HAVING sum(videos)
"""
_MONTHS = "SELECT channel_id, month, videos FROM channel_counts WHERE videos"
_VIDEOS_BY_MONTH = """
SELECT channel_id, strftime('%Y-%m-01', published_at), count(*) FROM videos
    WHERE visible GROUP BY 1, 2
"""
_WRONGLY_VISIBLE_OR_NOT = """
SELECT video_id FROM videos LEFT JOIN watch_videos l USING (video_id) GROUP BY video_id
    HAVING visible != (hidden_at IS NULL AND (count(l.watch_id) = 0
        OR count(l.excluded_by) < count(l.watch_id)))
"""
_STRAY_LINKS = """
SELECT l.video_id FROM watch_videos l LEFT JOIN videos v USING (video_id)
    WHERE v.published_at IS NULL OR v.published_at != l.published_at
"""
_SEQS = """
SELECT count(*), count(DISTINCT v.seq), coalesce(max(v.seq), 0) <= (SELECT seq FROM feed_version)
    FROM videos v WHERE v.seq OR v.visible
"""
_RANGES = """
SELECT CAST(strftime('%s', starts_at) AS INTEGER), CAST(strftime('%s', ends_at) AS INTEGER),
    reading, due_at IS NULL FROM ranges WHERE watch_id = ? ORDER BY starts_at
"""
_WATCHES = """
SELECT watch_id, term, CAST(strftime('%s', read_until) AS INTEGER), error_code FROM watches
"""
_CLAIMED_WATCHES = """
SELECT watch_id, fence, leased_until, read_until, next_due_at, error_code FROM watches
"""
_CLAIMED_RANGES = "SELECT watch_id, starts_at, ends_at, reading, due_at, reason FROM ranges"
_DATES = "SELECT video_id, CAST(strftime('%s', published_at) AS INTEGER) FROM videos"


@dataclass(frozen=True, slots=True)
class Open:
    """A stretch to be read for the `reading`-th time; never, if it is capped."""

    start: int
    end: int
    reading: int
    capped: bool


@dataclass(frozen=True, slots=True)
class WatchState:
    """How far a watch is said to have been read."""

    watch_id: int
    term: str
    read_until: int
    error_code: str | None
    ranges: tuple[Open, ...]

    def readings_claimed(self, start: int) -> list[tuple[int, int, int]]:
        """Cut the seconds from `start` to before `read_until` by how often they count as read."""
        cuts = {start, self.read_until}
        for r in self.ranges:
            cuts |= {r.start, r.end + 1}
        edges = sorted(cut for cut in cuts if start <= cut <= self.read_until)
        return [(low, high - 1, self.readings_of(low)) for low, high in pairwise(edges)]

    def awaits(self, second: int) -> bool:
        """Whether that second is still to be read (again)."""
        return second >= self.read_until or any(
            r.start <= second <= r.end and not r.capped for r in self.ranges
        )

    def readings_of(self, second: int) -> int:
        """How often a second counts as read; 4 times is the most."""
        if second >= self.read_until:
            return 0
        waiting = [r.reading for r in self.ranges if r.start <= second <= r.end and not r.capped]
        return min(waiting, default=5) - 1


class Rows:
    """The tables of a SQLite file."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)

    def close(self) -> None:
        self._connection.close()

    def assert_sound(self) -> None:
        """Counters equal rows; links have the date of their video; no seq is given twice.

        Visible is what is not hidden and not excluded by each of its links.
        """
        assert sorted(self._all(_COUNTS)) == sorted(self._all(_COUNTED))
        assert sorted(self._all(_DAYS)) == sorted(self._all(_DAYS_OF_HOURS))
        assert sorted(self._all(_MONTHS)) == sorted(self._all(_VIDEOS_BY_MONTH))
        assert self._all(_STRAY_LINKS) == []
        assert self._all(_WRONGLY_VISIBLE_OR_NOT) == []
        ((videos, seqs, below_version),) = self._all(_SEQS)
        assert (videos, below_version) == (seqs, 1)

    def watches(self) -> list[WatchState]:
        return [
            WatchState(
                watch_id,
                term,
                read_until,
                error_code,
                tuple(
                    Open(start, end, reading, bool(capped))
                    for start, end, reading, capped in self._all(_RANGES, watch_id)
                ),
            )
            for watch_id, term, read_until, error_code in self._all(_WATCHES)
        ]

    def linked(self, watch_id: int) -> set[str]:
        """The videos in its feed."""
        links = "SELECT video_id FROM watch_videos WHERE watch_id = ? AND NOT uncertain"
        found = self._all(links, watch_id)
        return {video_id for (video_id,) in found}

    def dates(self) -> dict[str, int]:
        """The publish second of every stored video."""
        return dict(self._all(_DATES))

    def next_due_at(self) -> int:
        """When the next poll is due, or was, if it is claimed."""
        return min(self._due())

    def last_due_at(self) -> int:
        """When every watch is due."""
        return max(self._due())

    def overtook(self, claims: Sequence[Claim]) -> bool:
        """Whether someone else has taken the watches of all these claims since."""
        fences = dict(self._all("SELECT watch_id, fence FROM watches"))
        return all(fences[claim.watch_id] > claim.fence for claim in claims)

    def claimed(self) -> object:
        """All that may be written under a claim alone."""
        return self._all(_CLAIMED_WATCHES), self._all(_CLAIMED_RANGES)

    def used(self) -> dict[tuple[str, str, str], int]:
        """What the ledger says was spent, by bucket, project and day."""
        found = self._all("SELECT bucket, project, day, used FROM quota_usage")
        return {(bucket, project, day): used for bucket, project, day, used in found}

    def _due(self) -> list[int]:
        found = self._all("SELECT CAST(strftime('%s', next_due_at) AS INTEGER) FROM watches")
        return [int(second) for (second,) in found]

    def _all(self, query: str, *values: object) -> list[tuple]:  # type: ignore[type-arg]  # any row
        return self._connection.execute(query, values).fetchall()
