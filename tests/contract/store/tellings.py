"""Videos, findings and small acts on a store, for the tests of everything that stores."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, insert, select

from app.cache.memory import MemoryFeedCache
from app.domain.changes import Bookmark
from app.domain.feeds import ALL
from app.domain.intake import Finding
from app.domain.videos import CanonicalJson, Detail, LiveState, Source, Video
from app.domain.watches import Watch, WatchKind
from app.feed.head_reader import HeadReader
from app.feed.reader import FeedReader
from app.store.channel_models import GlanceRow
from app.store.models import Base, FeedVersionRow
from app.telemetry import Incidents, get_logger

if TYPE_CHECKING:
    from collections.abc import Iterable

    from app.domain.feeds import Feed, Page, PageRequest
    from app.domain.intake import Recorded
    from app.domain.videos import StoredVideo
    from app.store.database import Database
    from app.store.store import Store

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=1)
"""When a watch was removed that nobody can bring back any more."""
CHANNEL = "UC0123456789012345678901"

VIDEO = Video(
    video_id="video-00001",
    title="A title",
    description="A description",
    published_at=NOW,
    channel_id=CHANNEL,
    channel_title="A channel",
    detail=Detail.FULL,
    thumbnails=CanonicalJson('{"default":{"url":"https://i.ytimg.com/1.jpg"}}'),
    live=LiveState.NONE,
    duration_seconds=61,
    category_id="10",
    language="en",
    tags=CanonicalJson('["a","b"]'),
    view_count=7,
    like_count=1,
)


def video(number: int) -> Video:
    return replace(VIDEO, video_id=f"video-{number:05}", title=f"Title {number}")


def found(videos: Iterable[Video], watch_id: int | None = None) -> list[Finding]:
    return [Finding(each, Source.SEARCH, watch_id) for each in videos]


def record(
    store: Store, videos: Iterable[Video], watch_id: int | None = None, now: datetime = NOW
) -> Recorded:
    findings = found(videos, watch_id)
    return store.write(lambda transaction: transaction.record(findings, now))


def add_watch(store: Store, term: str = "news", now: datetime = NOW) -> Watch:
    kind = WatchKind.KEYWORD
    watch, _ = store.write(lambda t: t.watches.add(kind, term, now=now, read_until=now))
    return watch


def get_watch(store: Store, watch_id: int) -> Watch:
    return store.read(lambda transaction: transaction.watches.get(watch_id))


def get_video(store: Store, video_id: str) -> StoredVideo:
    stored = store.read(lambda transaction: transaction.feed.find_video(video_id))
    assert stored is not None, f"{video_id} is not stored"
    return stored


def list_feed(store: Store, feed: Feed) -> list[StoredVideo]:
    return store.read(lambda transaction: transaction.feed.list_from_row(feed, 0, 10_000))


def get_total(store: Store, feed: Feed) -> int:
    return store.read(lambda transaction: transaction.feed.total(feed))


def get_page(store: Store, request: PageRequest) -> Page:
    """Read a page as the web does, with nothing kept from before."""
    incidents = Incidents(get_logger("test"))
    heads = HeadReader(store, MemoryFeedCache(), lambda: NOW, 0, incidents)
    return FeedReader(store, heads, lambda: NOW, incidents).page(request)


def get_version(store: Store, feed: Feed) -> int:
    return store.read(lambda transaction: transaction.feed.version(feed))


def changes_after(store: Store, seq: int) -> dict[str, str]:
    """What readers are told since then: by video, whether it is put or deleted."""
    changes = store.read(lambda t: t.changes.list_after(Bookmark(seq), t.feed.version(ALL), 1_000))
    told = {each.video_id: "delete" if each.video is None else "put" for each in changes}
    assert len(told) == len(changes)
    return told


def count_glances(store: Store) -> int:
    query = select(func.count()).select_from(GlanceRow)
    return store.read(lambda transaction: transaction._connection.execute(query).scalar_one())


def hide(store: Store, video_id: str, now: datetime = NOW) -> None:
    store.write(lambda t: t.set_hidden(video_id, hidden=True, now=now))


def settle(store: Store, limit: int = 100, now: datetime = NOW) -> list[Recorded]:
    """Applies changed filters and takes out removed watches, batch by batch to the end."""
    done = []
    while (recorded := store.write(lambda t: t.refilter(limit, now))) is not None:
        done.append(recorded)
    while (recorded := store.write(lambda t: t.withdraw(limit, now))) is not None:
        done.append(recorded)
    return done


def wipe(database: Database) -> None:
    """Brings a migrated database back to how the migrations left it."""
    with database.connection() as connection:
        for table in reversed(Base.metadata.sorted_tables):
            connection.execute(delete(table))
        connection.execute(insert(FeedVersionRow).values(feed_version_id=1, seq=0))
