"""The one way into the store: findings become rows, links, counts and a new feed version.

The row of `feed_version` is locked first, so content transactions stand in a line: the order of
`seq` is the order of commit, what is read after the lock is not changed by anyone else, and plain
INSERT and UPDATE do without a dialect's upsert.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, select, update

from app.domain.intake import Finding, Recorded, Rejection
from app.domain.refreshing import DEFAULT_REFRESH, next_refresh_at
from app.store.batch import Link, by_video, change_of, is_for_nobody
from app.store.bulk import insert_rows
from app.store.counts import Counts
from app.store.executing import execute_each
from app.store.feed_version import lock_version, move_feeds, store_version
from app.store.hidden import list_hidden
from app.store.models import NEVER_TOLD, REMOVED, Base, VideoRow, WatchRow, WatchVideoRow
from app.store.rows import columns_of, select_videos
from app.store.video_texts import put_texts
from app.store.watch_rows import read_filters

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime, timedelta

    from sqlalchemy import Connection

    from app.domain.filters import Filters
    from app.domain.videos import Video
    from app.store.batch import Change, Stored
    from app.store.rows import Columns

_VIDEOS = Base.metadata.tables["videos"]
_LINKS = Base.metadata.tables["watch_videos"]
_STORED = select_videos().where(VideoRow.video_id.in_(bindparam("video_ids", expanding=True)))
_LINKED = select(
    WatchVideoRow.video_id,
    WatchVideoRow.watch_id,
    WatchVideoRow.uncertain,
    WatchVideoRow.excluded_by,
).where(WatchVideoRow.video_id.in_(bindparam("video_ids", expanding=True)))
_LINK = update(WatchVideoRow).where(
    WatchVideoRow.video_id == bindparam("video"), WatchVideoRow.watch_id == bindparam("of")
)
_CONFIRM_LINK = _LINK.values(
    uncertain=bindparam("doubt"),
    excluded_by=bindparam("exclusion"),
    reason=bindparam("why"),
    delay_seconds=bindparam("delay"),
)
_JUDGE_LINK = _LINK.values(excluded_by=bindparam("exclusion"))
_ENTER_LINK = _LINK.values(entered_seq=bindparam("entered"))
_FILTERS = select(WatchRow.watch_id, WatchRow.filters).where(
    WatchRow.watch_id.in_(bindparam("watch_ids", expanding=True)), WatchRow.kind != REMOVED
)
_UPDATE_VIDEO = update(VideoRow).where(VideoRow.video_id == bindparam("key"))
"""Made once: what SQLAlchemy derives from a statement is kept with it."""


class Intake:
    """Records findings; made for one transaction and used once."""

    def __init__(
        self, connection: Connection, now: datetime, refresh_after: timedelta = DEFAULT_REFRESH
    ) -> None:
        self._connection = connection
        self._now = now
        self._refresh_after = refresh_after
        self._before = self._seq = lock_version(connection)
        self._seqs: dict[str, int] = {}

    def record(self, findings: Iterable[Finding]) -> Recorded:
        """Store findings; the same video may be found several times and for several watches.

        A video the database refuses costs that video alone and is told in `rejected`. A new one
        that was found only for watches that were removed meanwhile is not stored.
        """
        changes = self._plan(by_video(findings))
        new = [change for change in changes if change.stored is None]
        known = [change for change in changes if change.stored is not None]
        refused = self._insert(new) | self._update([c for c in known if not c.needless])
        kept = [change for change in changes if change.after.video_id not in refused]
        put_texts(self._connection, kept)
        self._link(kept)
        seen = [change for change in kept if change.seen_by_readers]
        self._count(seen)
        watches = frozenset(w for change in seen for w in change.watches | change.lost)
        return Recorded(
            version=self._finish(watches) if seen else self._before,
            added=tuple(c.after.video_id for c in kept if c.stored is None),
            updated=tuple(c.after.video_id for c in seen if c.stored is not None),
            watches=watches,
            rejected=tuple(Rejection(i, detail) for i, detail in refused.items()),
        )

    def _plan(self, told: dict[str, list[Finding]]) -> list[Change]:
        rows = self._connection.execute(_STORED, {"video_ids": list(told)})
        stored: dict[str, Stored] = {row.video_id: row for row in rows}
        linked = self._linked(list(stored))
        involved = {watch_id for links in linked.values() for watch_id in links}
        finders = {f.watch_id for findings in told.values() for f in findings if f.watch_id}
        wanted = self._filters(involved | finders)
        hidden = list_hidden(self._connection, list(told))
        return [
            change_of(
                told[video_id],
                stored.get(video_id),
                linked[video_id],
                wanted,
                hidden.get(video_id),
            )
            for video_id in sorted(told)
            if video_id in stored or not is_for_nobody(told[video_id], wanted)
        ]

    def _linked(self, video_ids: list[str]) -> dict[str, dict[int, Link]]:
        """Return the links of each video, by watch."""
        linked: dict[str, dict[int, Link]] = defaultdict(dict)
        links = self._connection.execute(_LINKED, {"video_ids": video_ids}) if video_ids else ()
        for video_id, watch_id, uncertain, excluded_by in links:
            linked[video_id][watch_id] = Link(uncertain, excluded_by)
        return linked

    def _filters(self, watch_ids: set[int]) -> dict[int, Filters]:
        """Return what those of these watches want that still exist.

        Nobody removes one, or changes what it wants, while the version is locked.
        """
        if not watch_ids:
            return {}
        rows = self._connection.execute(_FILTERS, {"watch_ids": sorted(watch_ids)})
        return {watch_id: read_filters(filters) for watch_id, filters in rows}

    def _insert(self, changes: list[Change]) -> dict[str, str]:
        rows = [
            {
                **columns_of(change.after),
                "source": change.first.source.value,
                "fetched_at": self._now,
                "updated_at": self._now,
                "refreshed_at": self._now,
                "completed_at": self._now if change.complete else None,
                "refresh_due_at": self._refresh_due_at(change.after),
                "hidden_at": change.hidden_at,
                "visible": change.visible,
                "seq": (seq := self._next_seq(change) if change.visible else NEVER_TOLD),
                "first_seq": seq or None,
            }
            for change in changes
        ]
        return execute_each(self._connection, _insert_videos, rows, key="video_id")

    def _update(self, changes: list[Change]) -> dict[str, str]:
        """Write the columns that changed; rows that change in the same ones go together."""
        alike: dict[tuple[str, ...], list[Columns]] = defaultdict(list)
        for change in changes:
            if columns := self._changed_columns(change):
                alike[tuple(columns)].append({"key": change.after.video_id, **columns})
        refused: dict[str, str] = {}
        for rows in alike.values():
            refused |= execute_each(self._connection, _update_videos, rows, key="key")
        return refused

    def _changed_columns(self, change: Change) -> Columns:
        stored = change.stored
        if stored is None:
            raise ValueError("only a stored video can be updated")
        columns = columns_of(change.after)
        if change.complete:
            columns["refreshed_at"] = self._now
            columns["completed_at"] = stored.completed_at or self._now
            columns["missing_since"] = None
            columns["refresh_due_at"] = self._refresh_due_at(change.after)
        columns["visible"] = change.visible
        if change.seen_by_readers:
            columns["updated_at"] = self._now
            columns["seq"] = seq = self._next_seq(change)
            if stored.seq == NEVER_TOLD:
                columns["first_seq"] = seq
        return {name: new for name, new in columns.items() if new != getattr(stored, name)}

    def _link(self, changes: list[Change]) -> None:
        rows: list[Columns] = [
            {
                "watch_id": watch_id,
                "video_id": change.after.video_id,
                "published_at": change.after.published_at,
                "reason": change.findings[watch_id].reason.value,
                "uncertain": link.uncertain,
                "excluded_by": link.excluded_by,
                "delay_seconds": self._delay(change.after, change.findings[watch_id]),
                "entered_seq": self._entered_seq(change, watch_id),
            }
            for change in changes
            for watch_id, link in sorted(change.links.items())
            if watch_id not in change.linked
        ]
        insert_rows(self._connection, _LINKS, rows)
        self._relink(changes)
        for change in changes:
            if (
                change.before is not None
                and change.before.published_at != change.after.published_at
            ):
                self._redate_links(change.after)

    def _relink(self, changes: list[Change]) -> None:
        """Write the links that are certain by now, or pass other filters than they did."""
        confirmed: list[Columns] = []
        judged: list[Columns] = []
        for change in changes:
            for watch_id, before in sorted(change.linked.items()):
                link, finding = change.links[watch_id], change.findings.get(watch_id)
                row: Columns = {
                    "video": change.after.video_id,
                    "of": watch_id,
                    "exclusion": link.excluded_by,
                }
                if finding is not None:
                    why, delay = finding.reason.value, self._delay(change.after, finding)
                    doubt = link.uncertain
                    confirmed.append({**row, "doubt": doubt, "why": why, "delay": delay})
                elif link != before:
                    judged.append(row)
        entered: list[Columns] = [
            {
                "video": change.after.video_id,
                "of": watch_id,
                "entered": self._entered_seq(change, watch_id),
            }
            for change in changes
            for watch_id in sorted(change.gained & change.linked.keys())
        ]
        batches = (_CONFIRM_LINK, confirmed), (_JUDGE_LINK, judged), (_ENTER_LINK, entered)
        for statement, rows in batches:
            if rows:
                self._connection.execute(statement, rows)

    def _refresh_due_at(self, video: Video) -> datetime:
        return next_refresh_at(video, self._now, self._refresh_after)

    def _delay(self, video: Video, finding: Finding) -> int | None:
        """Return how late the watch's own search showed a video; None if it was not late."""
        if not finding.late:
            return None
        return max(0, int((self._now - video.published_at).total_seconds()))

    def _redate_links(self, video: Video) -> None:
        self._connection.execute(
            update(WatchVideoRow)
            .where(WatchVideoRow.video_id == video.video_id)
            .values(published_at=video.published_at)
        )

    def _count(self, seen: list[Change]) -> None:
        counts = Counts()
        for change in seen:
            before, after = change.before, change.after
            if before is not None and change.visible_before:
                counts.add(before.channel_id, before.published_at, change.watches_before, -1)
            if change.visible:
                counts.add(after.channel_id, after.published_at, change.watches, 1)
        counts.flush(self._connection)

    def _finish(self, watches: frozenset[int]) -> int:
        store_version(self._connection, self._seq)
        move_feeds(self._connection, watches, self._seq)
        return self._seq

    def _next_seq(self, change: Change) -> int:
        self._seq += 1
        self._seqs[change.after.video_id] = self._seq
        return self._seq

    def _entered_seq(self, change: Change, watch_id: int) -> int | None:
        """Return the seq at which a video comes into a watch's feed; None if it does not."""
        return self._seqs.get(change.after.video_id) if watch_id in change.gained else None


def _insert_videos(connection: Connection, rows: Sequence[Columns]) -> None:
    insert_rows(connection, _VIDEOS, rows)


def _update_videos(connection: Connection, rows: Sequence[Columns]) -> None:
    connection.execute(_UPDATE_VIDEO, list(rows))
