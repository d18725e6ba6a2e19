from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import insert, inspect, select, update

from app.domain.errors import StoreUnavailableError
from app.domain.feeds import ALL, Feed
from app.store.database import Database
from app.store.models import (
    ALL_VIDEOS,
    Base,
    ChannelCountRow,
    FeedVersionRow,
    HourCountRow,
    VideoRow,
    WatchVideoRow,
)
from app.store.row_numbers import RowNumbers, Seek
from app.store.rows import columns_of
from app.store.schema import downgrade, migrate
from app.store.store import Store
from tests.contract.store.tellings import (
    CHANNEL,
    NOW,
    VIDEO,
    add_watch,
    changes_after,
    get_total,
    get_version,
    get_video,
    list_feed,
    record,
    video,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from app.domain.videos import Video
    from app.store.rows import Columns


@pytest.fixture
def empty_database(database_url: str) -> Iterator[Database]:
    database = Database(database_url)
    yield database
    database.dispose()


def _tables(database: Database) -> set[str]:
    with database.connection() as connection:
        names = inspect(connection).get_table_names()
    return {name for name in names if not name.startswith("ft_")}  # SQLite's index of texts


def test_the_schema_goes_up_down_and_up_again(empty_database: Database) -> None:
    migrate(empty_database)
    assert _tables(empty_database) == {*Base.metadata.tables, "alembic_version"}
    record(Store(empty_database), [VIDEO])

    downgrade(empty_database)
    assert _tables(empty_database) == {"alembic_version"}

    migrate(empty_database)
    assert record(Store(empty_database), [VIDEO]).added == (VIDEO.video_id,)


def test_migrating_again_changes_nothing(empty_database: Database) -> None:
    store = Store(empty_database)
    store.migrate()
    record(store, [VIDEO])
    store.migrate()
    assert get_video(store, VIDEO.video_id).video == VIDEO


def test_days_are_summed_from_the_hours_counted_before(empty_database: Database) -> None:
    migrate(empty_database, "0006")
    hours = [
        {"scope": scope, "hour_at": NOW.replace(hour=0) + timedelta(hours=hour), "videos": 2}
        for scope in (ALL_VIDEOS, 7)
        for hour in (0, 23, 24, 47, 48)
    ]
    with empty_database.connection() as connection:
        connection.execute(insert(HourCountRow), hours)
    migrate(empty_database, "0007")
    with empty_database.connection() as connection:
        for feed in (ALL, Feed(watch_id=7)):
            numbers = RowNumbers(connection, feed, select(VideoRow.published_at, VideoRow.video_id))
            assert numbers.total() == 10
            assert numbers.seek(3) == Seek(NOW.replace(hour=0) + timedelta(hours=48), 1)
            assert numbers.seek(10) is None


def test_channels_are_counted_from_the_videos_stored_before(empty_database: Database) -> None:
    migrate(empty_database, "0006")
    new_year = datetime(2026, 1, 1, tzinfo=UTC)
    ages = (0, 1, 2, 86_400 * 31, 86_400 * 31 + 1)  # seconds before the year: December, November
    videos = [
        replace(video(n), published_at=new_year - timedelta(seconds=age))
        for n, age in enumerate(ages)
    ]
    with empty_database.connection() as connection:
        connection.execute(insert(VideoRow), [_row(each, n) for n, each in enumerate(videos)])
        connection.execute(
            update(VideoRow).where(VideoRow.video_id == videos[1].video_id).values(hidden_at=NOW)
        )
    migrate(empty_database)
    with empty_database.connection() as connection:
        counted = connection.execute(select(ChannelCountRow.__table__).order_by("month")).all()
    assert [tuple(row) for row in counted] == [
        (CHANNEL, date(2025, 11, 1), 1),
        (CHANNEL, date(2025, 12, 1), 2),
        (CHANNEL, date(2026, 1, 1), 1),
    ]


def test_what_every_watch_excluded_before_leaves_the_feeds_and_readers_are_told(
    empty_database: Database,
) -> None:
    migrate(empty_database, "0012")
    store = Store(empty_database)
    picky, other = (add_watch(store, term).watch_id for term in ("picky", "other"))
    unlinked, hidden, excluded, shared, unsure = videos = [
        replace(video(n), published_at=NOW - timedelta(minutes=25 * n)) for n in range(5)
    ]
    links = [
        _link(excluded, picky, excluded_by="shorts"),
        _link(hidden, picky, excluded_by="shorts"),
        _link(shared, picky, excluded_by="shorts"),
        _link(shared, other),
        _link(unsure, other, uncertain=True),
    ]
    with empty_database.connection() as connection:
        rows = [_row(each, n) for n, each in enumerate(videos, start=1)]
        connection.execute(insert(VideoRow), rows)
        connection.execute(
            update(VideoRow).where(VideoRow.video_id == hidden.video_id).values(hidden_at=NOW)
        )
        connection.execute(insert(WatchVideoRow), links)
        connection.execute(update(FeedVersionRow).values(seq=5))
    for _ in range(2):
        migrate(empty_database)
        assert [row.video for row in list_feed(store, ALL)] == [unlinked, shared, unsure]
        for feed in (ALL, Feed(channel_id=CHANNEL)):
            assert get_total(store, feed) == 3
        assert _videos_by_hour(empty_database) == {NOW: 1, NOW - timedelta(hours=2): 2}
        assert changes_after(store, 5) == {excluded.video_id: "delete"}
        downgrade(empty_database, "0012")
        assert sum(_videos_by_hour(empty_database).values()) == 4
    migrate(empty_database)
    assert get_version(store, ALL) == 10
    marks = store.read(lambda t: t.hidden.list_all())  # what was hidden stays so, removed or not
    assert [(mark.video_id, mark.hidden_at) for mark in marks] == [(hidden.video_id, NOW)]


def test_a_database_that_was_never_migrated_counts_as_away(empty_database: Database) -> None:
    with pytest.raises(StoreUnavailableError):
        record(Store(empty_database), [VIDEO])


def _videos_by_hour(database: Database) -> dict[datetime, int]:
    hours = select(HourCountRow.hour_at, HourCountRow.videos)
    with database.connection() as connection:
        rows = connection.execute(hours.where(HourCountRow.scope == ALL_VIDEOS))
        return {row.hour_at: row.videos for row in rows}


def _link(
    told: Video, watch_id: int, *, uncertain: bool = False, excluded_by: str | None = None
) -> Columns:
    return {
        "watch_id": watch_id,
        "video_id": told.video_id,
        "published_at": told.published_at,
        "reason": "own_search",
        "uncertain": uncertain,
        "excluded_by": excluded_by,
    }


def _row(told: Video, seq: int) -> Columns:
    history = dict.fromkeys(("fetched_at", "updated_at", "refreshed_at"), NOW)
    return {**columns_of(told), **history, "source": "search", "seq": seq}


def test_a_folder_made_for_a_database_is_for_its_owner(tmp_path: Path) -> None:
    folder = tmp_path / "var"
    Store(Database(f"sqlite:///{folder}/newsreel.db")).dispose()
    assert folder.stat().st_mode & 0o777 == 0o700
