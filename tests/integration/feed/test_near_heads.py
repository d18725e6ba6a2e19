"""Readers beside a replica of Redis: it relieves the master, and is never believed too far."""

from __future__ import annotations

from contextlib import closing, contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from app.bootstrap import build_services
from app.cache.redis import RedisFeedCache, connect
from app.cache.redis_replica import RedisReplica
from app.domain.clock import system_clock
from app.domain.errors import (
    CacheReplicaUnavailableError,
    NothingToServeError,
    StoreUnavailableError,
)
from app.domain.feeds import ALL, CacheState, Feed
from app.feed.head_reader import HeadReader
from app.feed.near_heads import NearHeads
from app.telemetry import Incidents, get_logger
from app.web.factory import create_app
from tests.contract.cache.test_cache import head
from tests.servers.redis import Redis
from tests.servers.redis_pair import RedisPair, running_pair
from tests.servers.server import HOST, running
from tests.unit.feed.backends import PlannedStore
from tests.unit.ingest.rig import settings
from tests.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

NEWS, BOATS = Feed(watch_id=1), Feed(watch_id=2)


class Node:
    """A web process beside the replica: its readers, and a clock that can be put forward."""

    def __init__(self, pair: RedisPair, near_url: str) -> None:
        self.clients = connect(pair.master.url), connect(near_url)
        self.cache = RedisFeedCache(self.clients[0])
        self.ahead = timedelta(0)
        self.stopped_at: datetime | None = None
        self.store = PlannedStore()
        self.store.failure = StoreUnavailableError("away")  # so that nobody answers in its place
        self.near = NearHeads(RedisReplica(self.clients[1], self.clients[0]), self.clock, told())
        self.reader = self.new_reader()

    def new_reader(self) -> HeadReader:
        return HeadReader(self.store, self.cache, self.clock, 0.9, told(), near=self.near)

    def clock(self) -> datetime:
        return self.stopped_at or system_clock() + self.ahead

    def later(self) -> None:
        """Let every rest end and every mark grow old."""
        self.ahead += timedelta(seconds=6)

    @contextmanager
    def at_one_instant(self) -> Iterator[list[object]]:
        """Let no rest end meanwhile; gives what the master is asked, a line for each."""
        asked: list[object] = []
        pool = self.clients[0].connection_pool
        connect_as_usual = pool.get_connection

        def noted(*given: object, **named: object) -> object:
            asked.append(given)
            return connect_as_usual(*given, **named)

        self.stopped_at = self.clock()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(pool, "get_connection", noted)
            yield asked
        self.stopped_at = None

    def close(self) -> None:
        for client in self.clients:
            client.close()


def told() -> Incidents:
    return Incidents(get_logger("test"))


@pytest.fixture(scope="module")
def servers() -> Iterator[RedisPair]:
    with running_pair() as pair:
        yield pair


@pytest.fixture
def pair(servers: RedisPair) -> RedisPair:
    servers.of_master.flushall()
    servers.follow()
    return servers


@pytest.fixture
def node(pair: RedisPair) -> Iterator[Node]:
    with closing(Node(pair, pair.replica.url)) as made:
        yield made


def test_heads_are_read_from_the_replica_alone(pair: RedisPair, node: Node) -> None:
    node.cache.put(ALL, head(1))
    pair.wait_until_level()
    before = pair.reads_of_heads()
    for _ in range(3):
        read = node.reader.read(ALL)
        assert (read.head, read.state) == (head(1), CacheState.HIT)
        node.later()
    after = pair.reads_of_heads()
    assert after[0] == before[0], "the master is relieved"
    assert after[1] > before[1]
    node.near.check()


def test_a_head_that_the_replica_lacks_is_asked_of_the_master(pair: RedisPair, node: Node) -> None:
    pair.of_replica.config_set("replica-read-only", "no")
    node.cache.put(ALL, head(3))
    pair.wait_until_level()
    pair.of_replica.flushall()
    assert node.reader.read(ALL).head == head(3)


def test_a_replica_that_lags_is_passed_over(pair: RedisPair, node: Node) -> None:
    node.cache.put(ALL, head(1))
    pair.wait_until_level()
    pair.between.hold()
    node.cache.put(ALL, head(2))
    following, version = RedisReplica(node.clients[1], node.clients[0]).look(ALL)
    assert (following.is_linked, version) == (True, 1), "it does not know that it lags"
    for reader in (node.reader, node.new_reader()):
        assert reader.read(ALL).head == head(2)
    pair.between.release()
    pair.wait_until_level()
    node.later()
    before = pair.reads_of_heads()[0]
    assert node.new_reader().read(ALL).head == head(2)
    assert pair.reads_of_heads()[0] == before, "now it is believed again"


def test_a_process_never_goes_back_to_what_its_replica_has(pair: RedisPair, node: Node) -> None:
    node.cache.put(ALL, head(5))
    pair.wait_until_level()
    assert node.reader.read(ALL).head == head(5)
    pair.of_replica.config_set("replica-read-only", "no")
    theirs = RedisFeedCache(node.clients[1])
    theirs.drop(ALL)
    theirs.put(ALL, head(4))
    for _ in range(2):
        node.later()
        assert node.reader.read(ALL).head == head(5)


def test_a_version_that_a_client_has_seen_is_looked_for_in_the_master(
    pair: RedisPair, node: Node
) -> None:
    node.cache.put(ALL, head(1))
    pair.wait_until_level()
    assert node.reader.read(ALL).head == head(1)
    pair.between.hold()
    node.cache.put(ALL, head(2))
    assert node.reader.read(ALL).head == head(1), "it is held"
    assert node.reader.read(ALL, at_least=2).head == head(2)


def _promoted(pair: RedisPair) -> None:
    pair.promote()


def _of_another_master(pair: RedisPair) -> None:
    with running(Redis) as stranger:
        stranger_client = connect(stranger.url)
        with closing(stranger_client):
            stranger_client.config_set("repl-diskless-sync-delay", 0)
            RedisFeedCache(stranger_client).put(ALL, head(1))
            pair.of_replica.replicaof(HOST, str(stranger.port))
            wait_until(lambda: pair.of_replica.info("replication")["master_link_status"] == "up")
            _look_on(pair)


def _cut_off(pair: RedisPair) -> None:
    pair.of_replica.replicaof(HOST, "1")


def _look_on(pair: RedisPair) -> None:
    """What holds while the replica is not to be believed."""
    with closing(Node(pair, pair.replica.url)) as node, capture_logs() as logs:
        node.cache.put(ALL, head(2))
        for _ in range(2):
            assert node.reader.read(ALL).head == head(2)
            node.later()
        with pytest.raises(CacheReplicaUnavailableError):
            node.near.check()
        assert ("incident_began", "cache_replica_unavailable") in [
            (log["event"], log.get("code")) for log in logs
        ]


@pytest.mark.parametrize("change", [_promoted, _of_another_master, _cut_off])
def test_a_server_that_follows_no_more_is_not_believed_and_is_again_when_it_does(
    pair: RedisPair, node: Node, change: Callable[[RedisPair], None]
) -> None:
    node.cache.put(ALL, head(1))
    pair.wait_until_level()
    assert node.reader.read(ALL).head == head(1)
    change(pair)
    if change is not _of_another_master:  # which looks on while that other one is there
        _look_on(pair)
    pair.follow()
    node.later()
    node.near.check()
    before = pair.reads_of_heads()[0]
    assert node.reader.read(ALL).head == head(2)
    assert pair.reads_of_heads()[0] == before


def test_the_master_itself_is_no_replica_and_does_no_harm(pair: RedisPair) -> None:
    with closing(Node(pair, pair.master.url)) as node:
        node.cache.put(ALL, head(1))
        assert node.reader.read(ALL).head == head(1)
        node.cache.put(ALL, head(2))
        node.later()
        assert node.reader.read(ALL).head == head(2)
        with pytest.raises(CacheReplicaUnavailableError, match="no replica"):
            node.near.check()


def test_a_replica_that_is_away_is_left_alone_and_missed_by_nobody(pair: RedisPair) -> None:
    with running(Redis) as gone, closing(Node(pair, gone.url)) as node:
        gone.kill()
        node.cache.put(ALL, head(1))
        assert node.reader.read(ALL).head == head(1)
        with pytest.raises(CacheReplicaUnavailableError):
            node.near.check()


def test_a_zone_cut_off_goes_on_with_what_its_replica_last_heard(
    pair: RedisPair, node: Node
) -> None:
    for feed in (ALL, NEWS):
        node.cache.put(feed, head(1))
    pair.wait_until_level()
    assert node.reader.read(ALL).state is CacheState.HIT
    node.cache.put(ALL, head(2))
    pair.wait_until_level()
    pair.between.hold()
    with pair.master.paused():
        wait_until(lambda: _heard_seconds(pair) > 2, claim="the replica hears nothing")
        node.later()
        with node.at_one_instant() as asked:
            for feed, newest in ((ALL, head(2)), (NEWS, head(1))):  # the process did not know these
                read = node.reader.read(feed)
                assert (read.head, read.state) == (newest, CacheState.STALE)
                assert read.age_seconds >= 2
            with pytest.raises(NothingToServeError):
                node.reader.read(BOATS)
            assert len(asked) == 2, "one waits for its mark and one for a head, and nobody again"
        for feed in (ALL, NEWS):
            assert node.new_reader().has(feed)
        pair.promote()  # somebody takes the zone for the rest of the world
        with pytest.raises(NothingToServeError):
            node.new_reader().read(ALL)
        assert node.reader.read(ALL).head == head(2), "what was shown is shown"
    pair.follow()
    node.later()
    node.cache.put(ALL, head(3))
    assert (node.reader.read(ALL).head, node.reader.read(ALL).state) == (head(3), CacheState.HIT)


def _heard_seconds(pair: RedisPair) -> int:
    heard: int = pair.of_replica.info("replication")["master_last_io_seconds_ago"]
    return heard


def test_ready_tells_of_a_replica_that_does_not_follow(pair: RedisPair, sqlite_url: str) -> None:
    own = settings(
        database_url=sqlite_url, redis_url=pair.master.url, redis_read_url=pair.replica.url
    )
    services = build_services(own)
    services.store.migrate()
    client = create_app(services).test_client()

    def codes() -> set[str]:
        return {problem["code"] for problem in client.get("/ready").get_json()["problems"]}

    assert "cache_replica_unavailable" not in codes()
    pair.promote()
    assert "cache_replica_unavailable" in codes()
    assert client.get("/ready").status_code == 200, "reads do not need it"
    pair.follow()
    wait_until(lambda: "cache_replica_unavailable" not in codes())
    services.close()
