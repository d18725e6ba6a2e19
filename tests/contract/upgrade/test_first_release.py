"""What the first release stored is served by this one, in the same order, and reading goes on.

`first_release.json` was written by the first release's own code (revision 0001) polling its own
simulator until its calls were used up: the rows of its tables, and what it served.
"""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import MetaData, insert

from app.bootstrap import build_services
from app.domain.feeds import ALL, Feed, PageRequest
from app.domain.ranges import Pending, RangeReason, Reading, Stretch
from app.domain.videos import Detail, Video
from app.settings import Settings
from app.sources.base import SearchPage, VideoBatch
from app.store.database import Database
from app.store.schema import migrate

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from app.bootstrap import Services
    from app.domain.quota import ApiKey
    from app.sources.base import SearchQuery

FIRST = json.loads(Path(__file__).with_name("first_release.json").read_text("utf-8"))
SERVED: dict[str, list[str]] = FIRST["served"]
DAY_AFTER = datetime(2026, 11, 26, 20, tzinfo=UTC)
"""Everything is due again, and quota is full."""

LATE_ID = "found-later"


class RestOfYouTube:
    """Shows one video more, in the stretch that the first release had still to read."""

    def __init__(self, found_at: datetime) -> None:
        self.queries: list[SearchQuery] = []
        self._late = Video(
            video_id=LATE_ID,
            title="Late news",
            description="",
            published_at=found_at,
            channel_id="UC" + "a" * 22,
            channel_title="Harbour Radio",
            detail=Detail.FULL,
        )

    def search(self, key: ApiKey, query: SearchQuery) -> SearchPage:
        del key
        self.queries.append(query)
        is_inside = query.stretch.starts_at <= self._late.published_at <= query.stretch.ends_at
        shown = (self._late,) if is_inside and "news" in query.term else ()
        return SearchPage(shown, None, listed=len(shown), ordered=True)

    def videos(self, key: ApiKey, video_ids: Sequence[str]) -> VideoBatch:
        del key
        return VideoBatch((self._late,) if LATE_ID in video_ids else ())


@pytest.fixture
def youtube() -> RestOfYouTube:
    return RestOfYouTube(_pending().stretch.starts_at + timedelta(hours=3))


@pytest.fixture
def upgraded(database_url: str, youtube: RestOfYouTube) -> Iterator[Services]:
    """This release on the first one's data."""
    database = Database(database_url)
    migrate(database, "0001")
    _fill(database)
    migrate(database)
    database.dispose()
    settings = Settings(
        database_url=database_url, youtube_api_keys="first:some-key", lookback_seconds=0
    )
    services = build_services(settings, lambda: DAY_AFTER, youtube)
    yield services
    services.close()


def _fill(database: Database) -> None:
    tables = MetaData()
    with database.connection() as connection:
        tables.reflect(connection)
        connection.execute(tables.tables["feed_version"].delete())
        for name, rows in FIRST["tables"].items():
            if rows:
                connection.execute(insert(tables.tables[name]), [_typed(row) for row in rows])


def _typed(row: dict[str, object]) -> dict[str, object]:
    """Instants and days, which JSON has as SQLite writes them, as drivers want them."""
    instants = ("_at", "_until", "_since", "since", "until")
    made: dict[str, object] = {}
    for name, value in row.items():
        if isinstance(value, str) and name.endswith(instants):
            made[name] = datetime.fromisoformat(value)
        elif isinstance(value, str) and name == "day":
            made[name] = datetime.fromisoformat(value).date()
        else:
            made[name] = value
    return made


def _pending() -> Pending:
    """What the first release had still to read, as it says so itself."""
    [row] = FIRST["tables"]["ranges"]
    stretch = Stretch(*(_instant(row[name]) for name in ("starts_at", "ends_at")))
    return Pending(stretch, Reading.FIRST, RangeReason(row["reason"]), stretch.ends_at)


def _instant(digits: str) -> datetime:
    return datetime.fromisoformat(digits).replace(tzinfo=UTC)


def _served(services: Services, feed: Feed) -> list[str]:
    """All pages of a feed, as a client walks them."""
    found: list[str] = []
    page = 1
    while ids := [json.loads(item)["video_id"] for item in _items(services, feed, page)]:
        found += ids
        page += 1
    return found


def _items(services: Services, feed: Feed, page: int) -> Sequence[bytes]:
    return services.feed.page(PageRequest(feed, limit=25, page=page)).items


def test_what_it_stored_is_served_in_its_order_and_reading_goes_on(
    upgraded: Services, youtube: RestOfYouTube
) -> None:
    # The same videos, in the same order, and nothing told wrong.
    for name, ids in SERVED.items():
        feed = ALL if name == "all" else Feed(watch_id=int(name))
        assert _served(upgraded, feed) == ids
        assert upgraded.feed.page(PageRequest(feed, limit=1)).total == len(ids)
    for row in FIRST["tables"]["videos"]:
        told = json.loads(upgraded.feed.video(row["video_id"]).body)
        assert told["title"] == row["title"]
        assert told["description"] == row["description"]
        assert told["view_count"] == row["view_count"]

    # How far each watch was read is as it was.
    watches = {w.watch_id: w for w in upgraded.watching.list_all()}
    for row in FIRST["tables"]["watches"]:
        watch = watches[row["watch_id"]]
        assert (watch.term, watch.read_until) == (row["term"], _instant(row["read_until"]))
    [owed] = FIRST["tables"]["ranges"]
    pending = upgraded.store.read(lambda t: t.ranges.list_pending(owed["watch_id"]))
    assert _pending() in pending

    # A poll goes on from there: what was owed is read, and nothing is lost or doubled.
    claims = upgraded.ingest.tick(limit=10)
    assert owed["watch_id"] in {claim.watch_id for claim in claims}
    for claim in claims:
        upgraded.ingest.run(claim)
    asked = [q.stretch for q in youtube.queries if "news" in q.term]
    assert any(s.starts_at <= _pending().stretch.starts_at <= s.ends_at for s in asked)
    after = _served(upgraded, ALL)
    assert [video_id for video_id in after if video_id != LATE_ID] == SERVED["all"]
    assert Counter(after)[LATE_ID] == 1
    assert LATE_ID in _served(upgraded, Feed(watch_id=owed["watch_id"]))
