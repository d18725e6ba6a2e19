"""One bad row costs one row; a database in trouble costs the whole transaction, and no row."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from app.domain.errors import StoreUnavailableError
from app.domain.feeds import ALL, Feed
from app.store.store import Store
from tests.contract.store.tellings import (
    LONG_AGO,
    NOW,
    VIDEO,
    add_watch,
    found,
    get_total,
    get_version,
    get_video,
    get_watch,
    list_feed,
    record,
    video,
)

if TYPE_CHECKING:
    from app.domain.videos import Video
    from tests.servers.mariadb import MariaDB
    from tests.servers.postgresql import PostgreSQL

BAD = {
    "a lone surrogate": {"title": "\ud83d"},
    "a count beyond 64 bits": {"view_count": 2**63},
    "an instant without an offset": {"published_at": NOW.replace(tzinfo=None)},
}
BAD_VIDEOS = pytest.mark.parametrize("bad", BAD.values(), ids=BAD)


def _with_one_bad(bad: dict[str, object]) -> tuple[list[Video], Video]:
    videos = [video(number) for number in range(50)]
    videos[25] = replace(videos[25], **bad)  # type: ignore[arg-type] # wrong on purpose
    return videos, videos[25]


@BAD_VIDEOS
def test_a_bad_row_in_a_batch_of_fifty_costs_that_row(store: Store, bad: dict[str, object]) -> None:
    watch = add_watch(store)
    videos, refused = _with_one_bad(bad)
    recorded = record(store, videos, watch.watch_id)
    assert [rejection.video_id for rejection in recorded.rejected] == [refused.video_id]
    assert len(recorded.added) == 49
    for feed in (ALL, Feed(watch_id=watch.watch_id)):
        stored = [row.video.video_id for row in list_feed(store, feed)]
        assert stored == sorted(recorded.added, reverse=True)
        assert get_total(store, feed) == 49


@BAD_VIDEOS
def test_a_bad_change_in_a_batch_of_fifty_leaves_that_row_as_it_was(
    store: Store, bad: dict[str, object]
) -> None:
    watch = add_watch(store)
    record(store, [video(number) for number in range(50)])
    videos, refused = _with_one_bad({**bad, "description": "edited"})
    edited = [replace(each, description="edited") for each in videos]
    recorded = record(store, edited, watch.watch_id)
    assert [rejection.video_id for rejection in recorded.rejected] == [refused.video_id]
    assert len(recorded.updated) == 49
    assert get_video(store, refused.video_id).video == video(25)
    assert get_video(store, refused.video_id).watches == ()
    assert get_total(store, ALL) == 50
    assert get_total(store, Feed(watch_id=watch.watch_id)) == 49


def test_a_batch_of_nothing_but_bad_rows_does_not_move_the_feed(store: Store) -> None:
    watch = add_watch(store)
    record(store, [VIDEO], watch.watch_id)
    before = get_version(store, ALL), get_watch(store, watch.watch_id)
    recorded = record(store, [replace(video(2), title="\ud83d")], watch.watch_id)
    assert (recorded.version, recorded.watches) == (before[0], frozenset())
    assert (get_version(store, ALL), get_watch(store, watch.watch_id)) == before


def test_a_watch_removed_meanwhile_costs_its_links_and_what_is_new_for_it_alone(
    store: Store,
) -> None:
    kept, removed = add_watch(store, "kept"), add_watch(store, "removed")
    store.write(lambda transaction: transaction.watches.remove(removed.watch_id, LONG_AGO))
    findings = [
        *found([VIDEO], kept.watch_id),
        *found([VIDEO, video(2)], removed.watch_id),
        *found([video(2), video(3)]),
    ]
    recorded = store.write(lambda transaction: transaction.record(findings, NOW))
    assert recorded.added == (VIDEO.video_id, video(3).video_id)
    assert recorded.watches == {kept.watch_id}
    assert get_video(store, VIDEO.video_id).watches == (kept.watch_id,)


def test_a_full_disk_refuses_the_batch_and_not_its_rows(sqlite_store: Store) -> None:
    database = sqlite_store._primary
    with database.connection() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages + 5}")
    big = [replace(video(number), description="x" * 5_000) for number in range(50)]
    with pytest.raises(StoreUnavailableError, match="full"):
        record(sqlite_store, big)
    assert list_feed(sqlite_store, ALL) == []
    with database.connection() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count=1000000")
    assert len(record(sqlite_store, big).added) == 50


def test_a_read_only_mariadb_refuses_the_batch_and_not_its_rows(
    mariadb_store: Store, mariadb: MariaDB
) -> None:
    mariadb.execute("SET GLOBAL read_only=1")
    try:
        with pytest.raises(StoreUnavailableError):
            record(mariadb_store, [video(1), video(2)])
    finally:
        mariadb.execute("SET GLOBAL read_only=0")
    assert len(record(mariadb_store, [video(1), video(2)]).added) == 2


def test_a_cancelled_statement_refuses_the_batch_and_not_its_rows(
    postgresql_store: Store, postgresql: PostgreSQL
) -> None:
    """A lock that is not given in time ends a statement with an error of its own class."""
    locker = postgresql_store._primary
    with locker.connection() as connection:
        connection.exec_driver_sql("LOCK TABLE videos IN SHARE MODE")
        postgresql.execute("ALTER ROLE newsreel SET lock_timeout = '100ms'")
        impatient = Store(type(locker)(locker._url.render_as_string(hide_password=False)))
        try:
            with pytest.raises(StoreUnavailableError):
                record(impatient, [video(1), video(2)])
        finally:
            postgresql.execute("ALTER ROLE newsreel RESET lock_timeout")
            impatient.dispose()
    assert len(record(postgresql_store, [video(1), video(2)]).added) == 2
