"""Every way to run answers alike: SQLite alone, and servers with Redis, filled by one ingest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.bootstrap import Services, build_services
from app.web.factory import create_app
from simulator.api import DataApi
from simulator.faults import Faults
from simulator.generated import GeneratedSource, publishers
from simulator.quota import Quota
from simulator.server import make_simulator
from simulator.words import TOPICS
from simulator.world import World
from tests.unit.ingest.rig import PLENTY, WiredFeeds, WiredYouTube
from tests.unit.ingest.rig import settings as rig_settings
from tests.unit.simulator.worlds import NOON, SettableClock

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from flask.testing import FlaskClient
    from hypothesis.strategies import SearchStrategy

    from tests.servers.mariadb import MariaDB
    from tests.servers.postgresql import PostgreSQL
    from tests.servers.redis import Redis

SEED = 15
MAY_DIFFER = {"X-Cache", "Age", "X-Request-ID"}
"""Where a page came from, and for how long it lay there."""

CHANNELS = [each.channel.channel_id for each in publishers(SEED)[:3]]
NOBODY = "UC" + "x" * 22


@dataclass(frozen=True)
class Way:
    """A way to run: its services, and a client of its web."""

    name: str
    services: Services
    client: FlaskClient

    def fetch_all(self) -> None:
        """What a tick gives out, until nothing is due."""
        while claims := self.services.ingest.tick():
            for claim in claims:
                self.services.ingest.run(claim)
        for batch in self.services.refresher.due():
            self.services.refresher.run(batch)


@pytest.fixture(scope="module")
def ways(
    tmp_path_factory: pytest.TempPathFactory,
    mariadb: MariaDB,
    postgresql: PostgreSQL,
    redis_server: Redis,
) -> Iterator[list[Way]]:
    """Each has polled what happened on one YouTube within nine hours, at the same instants."""
    clock = SettableClock()
    source = GeneratedSource(seed=SEED, rate=0.3, start=NOON - timedelta(hours=2))
    world = World(source, clock)
    quota = Quota(clock, search_calls_per_day=PLENTY, units_per_day=PLENTY)
    youtube = WiredYouTube(make_simulator(DataApi(world), quota, Faults()))
    feeds = WiredFeeds(youtube.wire._simulator)

    def way(name: str, database_url: str, redis_url: str = "") -> Way:
        own = rig_settings(
            database_url=database_url,
            redis_url=redis_url,
            keywords="music,news",
            channels=",".join(CHANNELS[:2]),
            follow_channels=0,
        )
        services = build_services(own, clock, youtube, channels=youtube, feeds=feeds)
        services.store.migrate()
        web = create_app(services, trusts_this_machine=True)
        return Way(name, services, web.test_client())

    redis_server.empty()
    redis = redis_server.url.removesuffix("0")
    with mariadb.fresh_database() as of_mariadb, postgresql.fresh_database() as of_postgresql:
        every = [
            way("SQLite", f"sqlite:///{tmp_path_factory.mktemp('same')}/newsreel.db"),
            way("MariaDB and Redis", of_mariadb, f"{redis}1"),
            way("PostgreSQL and Redis", of_postgresql, f"{redis}2"),
        ]
        for minutes in (1, 5, 60, 420, 60):
            clock.move(60 * minutes)
            for each in every:
                each.fetch_all()
        clock.move(60)  # what a process holds of another's is over
        yield every
        for each in every:
            each.services.close()


def _queries() -> SearchStrategy[dict[str, str]]:
    """Parameters of a page of videos; now and then one that is refused."""
    instants = st.integers(-3, 10).map(
        lambda hour: (NOON + timedelta(hours=hour)).isoformat().replace("+00:00", "Z")
    )
    words = st.sampled_from(
        [
            "music",
            "news",
            "the",
            "mus*",
            "music -news",
            '"the news"',
            "café",
            "新闻",
            "é",
            "-",
            "x" * 60,
        ]
    )
    return st.fixed_dictionaries(
        {},
        optional={
            "limit": st.sampled_from(["1", "3", "10", "37", "100", "0", "101", "1.5"]),
            "page": st.sampled_from(["1", "2", "3", "9", "1000000", "0"]),
            "sort": st.sampled_from(["newest", "oldest", "views"]),
            "q": words,
            "published_after": instants,
            "published_before": instants,
            "min_duration": st.sampled_from(["0", "60", "600", "-1"]),
            "max_duration": st.sampled_from(["60", "600", str(2**63 - 1)]),
            "live": st.sampled_from(["none", "upcoming", "live", "completed"]),
        },
    )


def _one_of_feeds() -> SearchStrategy[dict[str, str]]:
    return st.one_of(
        st.just({}),
        st.sampled_from([*TOPICS, "News", "new"]).map(lambda word: {"keyword": word}),
        st.integers(0, 5).map(lambda number: {"watch": str(number)}),
        st.sampled_from([*CHANNELS, NOBODY]).map(lambda channel: {"channel_id": channel}),
    )


def _paths() -> SearchStrategy[str]:
    """Everything that readers are answered out of what ingest stored."""
    videos = st.builds(
        lambda feed, query: f"/videos?{urlencode(feed | query)}", _one_of_feeds(), _queries()
    )
    of_watch = st.builds(
        lambda number, query: f"/watches/{number}/videos?{urlencode(query)}",
        st.integers(0, 5),
        _queries(),
    )
    feeds = st.builds(
        lambda kind, feed, limit: f"/feed.{kind}?{urlencode(feed | {'limit': limit})}",
        st.sampled_from(["atom", "json"]),
        _one_of_feeds(),
        st.sampled_from(["5", "100"]),
    )
    stats = st.builds(
        lambda by, watch: f"/stats?{urlencode({'by': by} | watch)}",
        st.sampled_from(["hour", "day", "year"]),
        st.sampled_from([{}, {"watch": "1"}, {"watch": "9"}]),
    )
    changes = st.builds(
        lambda after, limit: f"/changes?after={after}&limit={limit}",
        st.sampled_from(["0", "1", "99999999", "x"]),
        st.sampled_from([1, 50, 1000]),
    )
    channels = st.sampled_from([f"/channels/{each}/videos?limit=50" for each in (*CHANNELS, "UC")])
    others = st.sampled_from(
        ["/watches", "/watches/1", "/watches/3", "/coverage", "/fetches?limit=100", "/quota"]
    )
    return st.one_of(videos, videos, of_watch, feeds, stats, changes, channels, others)


def _same(ways: list[Way], path: str, headers: Mapping[str, str]) -> tuple[str | None, str | None]:
    """Ask each; return the ETag that all gave and the next page that all lead to."""
    answers = {way.name: way.client.get(path, headers=dict(headers)) for way in ways}
    first, *others = answers
    kept = [(name, told) for name, told in answers[first].headers if name not in MAY_DIFFER]
    for other in others:
        answer = answers[other]
        assert answer.status == answers[first].status, (path, first, other)
        assert answer.data == answers[first].data, (path, first, other)
        theirs = [(name, told) for name, told in answer.headers if name not in MAY_DIFFER]
        assert theirs == kept, (path, first, other)
    told = answers[first].get_json(silent=True)
    cursor = told.get("next_cursor") if isinstance(told, dict) else None
    return answers[first].headers.get("ETag"), cursor


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(path=_paths(), encoding=st.sampled_from(["identity", "gzip"]))
def test_every_way_to_run_gives_the_same_bytes_and_headers(
    ways: list[Way], path: str, encoding: str
) -> None:
    accepted = {"Accept-Encoding": encoding}
    etag, cursor = _same(ways, path, accepted)
    if etag is not None:
        _same(ways, path, {**accepted, "If-None-Match": etag})
    if cursor is not None and path.startswith("/videos"):
        _same(ways, f"/videos?limit=20&cursor={cursor}", accepted)


def test_a_video_and_its_absence_are_the_same_everywhere(ways: list[Way]) -> None:
    items = ways[0].client.get("/videos?limit=100").get_json()["items"]
    assert len(items) == 100  # there is something to compare
    for video_id in (items[0]["video_id"], items[99]["video_id"], "a" * 11, "short"):
        _same(ways, f"/videos/{video_id}", {})
