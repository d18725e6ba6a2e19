"""What must hold when the kill proof is over: served = shown, counts = rows, calls <= limits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import text

from app.domain.clock import pacific_day, system_clock
from app.domain.quota import Bucket
from app.domain.ranges import Reading
from app.store.database import Database
from app.store.store import Store, Transaction
from tests.proofs.replay import compare
from tests.proofs.traffic import KEYWORDS, PLENTY, keywords_of
from tests.proofs.victims import PROJECTS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from sqlalchemy import Connection

    from tests.e2e.site import Site
    from tests.proofs.traffic import Item, Traffic

ALLOWED: Mapping[str, int] = {"first": 40, "second": 80}
"""Search calls that two of the projects have left when the proof begins."""

_ROWS_PER_SCOPE = """
    SELECT 0 AS scope, COUNT(*) AS videos FROM videos WHERE visible
    UNION ALL SELECT watch_id, COUNT(*) FROM watch_videos GROUP BY watch_id
"""
_LINKS = "SELECT term, video_id FROM watch_videos JOIN watches USING (watch_id)"
_COUNTS_PER_SCOPE = "SELECT scope, SUM(videos) AS videos FROM hour_counts GROUP BY scope"
_COUNTS_PER_CHANNEL = "SELECT channel_id, SUM(videos) FROM channel_counts GROUP BY channel_id"
_ROWS_PER_CHANNEL = "SELECT channel_id, COUNT(*) FROM videos WHERE visible GROUP BY channel_id"


@dataclass(frozen=True, slots=True)
class Books:
    """The database as a checker reads it, beside the processes that write it."""

    database: Database
    day: date

    @classmethod
    def opened(cls, database_url: str) -> Books:
        """Migrate an empty database and spend most of what two projects have of today."""
        books = cls(Database(database_url), pacific_day(system_clock()))
        store = Store(books.database)
        store.migrate()
        for project, left in ALLOWED.items():
            books.spend(project, PLENTY - left)
        return books

    def spend(self, project: str, calls: int) -> None:
        """As if a project had made so many searches today."""
        store = Store(self.database)
        store.write(lambda t: t.quota.charge(project, Bucket.SEARCH, self.day, PLENTY, calls))

    def close(self) -> None:
        """Let go of the connections."""
        self.database.dispose()

    def make_refresh_due(self, videos: int) -> None:
        """As if hours had passed since so many videos were asked about."""
        statement = (
            "UPDATE videos SET refresh_due_at = refreshed_at WHERE video_id IN (SELECT video_id"
            f" FROM (SELECT video_id FROM videos ORDER BY video_id LIMIT {videos}) AS some)"
        )
        self.database.write(lambda connection: connection.execute(text(statement)))

    def incomplete(self) -> int:
        """How many videos still wait for their full telling."""
        return len(Store(self.database).read(lambda t: t.videos.list_incomplete(1)))

    def used(self, bucket: Bucket) -> dict[str, int]:
        """What the ledger says was charged during the proof, by project."""
        usage = Store(self.database).read(lambda t: t.quota.list_usage(self.day))
        spent = {u.project: u.used for u in usage if u.bucket is bucket}
        if bucket is Bucket.SEARCH:
            spent |= {p: spent[p] - PLENTY + left for p, left in ALLOWED.items()}
        return spent

    def state(self) -> str:
        """What each watch waits for, for whoever has to find out why something is missing."""
        watches = self._query(
            "SELECT term, next_due_at, leased_until, error_since, error_code FROM watches"
        )
        unread = self._query(
            "SELECT term, starts_at, ends_at FROM ranges JOIN watches USING (watch_id)"
            " WHERE reading = 1"
        )
        rows = [*watches, *unread, (f"{self.incomplete()} incomplete",)]
        return "\n".join(" ".join(map(str, row)) for row in rows)

    def check_coverage(self, shown: Sequence[Item]) -> None:
        """See that nothing counts as read that was not: the second reading would hide it.

        Args:
            shown: videos that search showed before anything was read.

        Raises:
            AssertionError: a watch lacks one of them and does not know that it has it to read.
        """
        self.database.read(lambda connection: _check_coverage(connection, shown))

    def check_rows(self, truth: Sequence[Item]) -> None:
        """Hold links against the truth and counts against rows.

        Raises:
            AssertionError: a watch misses a video or has a wrong one, a count is off, or two rows
                share a seq.
        """
        links = self._query(_LINKS)
        for keyword in KEYWORDS:
            linked = sorted(str(video_id) for term, video_id in links if term == keyword)
            wanted = sorted(str(v["video_id"]) for v in truth if keyword in keywords_of(v))
            assert linked == wanted, f"{keyword}: {len(linked)} of {len(wanted)} videos"
        counts, rows = (
            {int(str(scope)): int(str(n)) for scope, n in self._query(query)}
            for query in (_COUNTS_PER_SCOPE, _ROWS_PER_SCOPE)
        )
        assert counts == rows, f"counts {counts}, rows {rows}"
        counts_of_channels, rows_of_channels = (
            {str(channel_id): int(str(n)) for channel_id, n in self._query(query)}
            for query in (_COUNTS_PER_CHANNEL, _ROWS_PER_CHANNEL)
        )
        assert counts_of_channels == rows_of_channels, "channels are counted wrong"
        [(seqs,)] = self._query("SELECT COUNT(DISTINCT seq) FROM videos WHERE visible")
        assert seqs == rows[0], "two videos share a seq"

    def _query(self, sql: str) -> list[tuple[object, ...]]:
        return self.database.read(
            lambda connection: [tuple(row) for row in connection.execute(text(sql))]
        )


def _check_coverage(connection: Connection, shown: Sequence[Item]) -> None:
    transaction = Transaction(connection)
    linked = {tuple(row) for row in connection.execute(text(_LINKS))}
    for watch in transaction.watches.list_all():
        unread = [
            pending.stretch
            for pending in transaction.ranges.list_pending(watch.watch_id)
            if pending.reading is Reading.FIRST
        ]
        for video in shown:
            at = datetime.fromisoformat(str(video["published_at"]))
            if (watch.term, video["video_id"]) in linked or watch.term not in keywords_of(video):
                continue
            known = at > watch.read_until or any(stretch.holds(at) for stretch in unread)
            assert known, f"{watch.term} counts {video['video_id']} of {at} as read"


@dataclass(frozen=True, slots=True)
class Calls:
    """Calls of a bucket: what the ledger charged and what the simulator counted."""

    charged: int
    made: int


def check_feed(site: Site, truth: list[Item]) -> int:
    """Walk the feed and hold it against the truth; return its total.

    Raises:
        AssertionError: a video is missing, doubled, misplaced or not as YouTube told it.
    """
    compare(site.items(), truth)
    total = site.total()
    assert total == len(truth), f"the feed says {total} of {len(truth)}"
    return total


def check_calls(books: Books, traffic: Traffic, bucket: Bucket) -> Calls:
    """Hold the calls that were made against the ledger, project by project.

    Raises:
        AssertionError: one was made that was not charged, or a project's limit was passed, or a
            project that had few was not used up, so that its limit was never tried.
    """
    made, used = traffic.charged(str(bucket)), books.used(bucket)
    for project in PROJECTS:
        assert made[project] <= used[project], (project, bucket, made, used)
    if bucket is Bucket.SEARCH:
        for project, allowed in ALLOWED.items():
            assert used[project] == allowed, f"{project}: {used[project]} of {allowed} calls"
    return Calls(charged=sum(used.values()), made=sum(made.values()))
