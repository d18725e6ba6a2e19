from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from app.bootstrap import Services, build_services
from app.domain.intake import Finding
from app.domain.videos import CanonicalJson, Detail, LiveState, Source, Video
from app.settings import Settings
from app.web.factory import create_app
from tests.unit.web.documented import DocumentedClient

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask.testing import FlaskClient

NOW = datetime(2026, 1, 2, 18, tzinfo=UTC)
CHANNEL = "UC0123456789012345678901"
VIDEOS = 130
"""More than the page-1 cache holds, so walks cross from the cache into the database."""


def clock() -> datetime:
    return NOW


def video(number: int) -> Video:
    """Three a second; every second one of the same channel; text that JSON and HTML must escape."""
    return Video(
        video_id=f"{'aB'[number % 2]}video-{number:04}",
        title=f'Née "{number}" </script> 🔥\u2028',
        description="one\ntwo\ttab \\ back",
        published_at=NOW - timedelta(seconds=number // 3),
        channel_id=CHANNEL if number % 2 else "UC1123456789012345678901",
        channel_title="Café",
        detail=Detail.FULL,
        thumbnails=CanonicalJson('{"default":{"height":90,"url":"https://i.ytimg.com/x.jpg"}}'),
        live=(*LiveState, None)[number % 5],
        duration_seconds=None if number == 0 else number,
        tags=CanonicalJson('["a","ü"]'),
        view_count=2**40,
    )


def newest_first() -> list[str]:
    videos = sorted(
        map(video, range(VIDEOS)), key=lambda it: (it.published_at, it.video_id), reverse=True
    )
    return [it.video_id for it in videos]


def seeded(database_url: str) -> Services:
    """Real services over a database with VIDEOS videos; every third one found by `news`."""
    services = build_services(Settings(database_url=database_url), clock)
    services.store.migrate()
    watch, _ = services.watching.add_keyword("news")
    findings = [
        Finding(video(number), Source.SEARCH, watch.watch_id if number % 3 == 0 else None)
        for number in range(VIDEOS)
    ]
    services.store.write(lambda transaction: transaction.record(findings, NOW))
    return services


@pytest.fixture
def services(sqlite_url: str) -> Iterator[Services]:
    opened = seeded(sqlite_url)
    yield opened
    opened.close()


@pytest.fixture
def client(services: Services) -> FlaskClient:
    app = create_app(services, trusts_this_machine=True)
    app.test_client_class = DocumentedClient
    opened: FlaskClient = app.test_client()
    return opened
