"""Cache and queue in a Redis each: either may be away, and the other's part goes on."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from app.bootstrap import build_services
from app.cache.redis import RedisFeedCache, connect
from app.domain.feeds import ALL, CacheState, PageRequest
from tests.e2e.site import Simulated
from tests.processes import SECRET_KEY
from tests.servers.redis import Redis
from tests.servers.server import running
from tests.unit.ingest.rig import settings
from tests.waiting import wait_until

if TYPE_CHECKING:
    from tests.processes import Processes

PLENTY = ("--search-calls-per-day", "1000000", "--units-per-day", "1000000")
WITHIN_SECONDS = 60


def test_cache_and_queue_do_not_need_each_other(processes: Processes, sqlite_url: str) -> None:
    with running(Redis) as cache, running(Redis) as queue:
        youtube = Simulated.start(processes, *PLENTY)
        env = {
            "DATABASE_URL": sqlite_url,
            "REDIS_URL": cache.url,
            "CELERY_BROKER_URL": queue.url,
            "SECRET_KEY": SECRET_KEY,
            "YOUTUBE_API_KEYS": "some-key",
            "YOUTUBE_API_ENDPOINT": youtube.url,
            "YOUTUBE_SEARCH_CALLS_PER_DAY": "1000000",
            "KEYWORDS": "boats",
            "FETCH_INTERVAL_SECONDS": "1",
        }
        assert processes.python("app", "migrate", env=env).wait(30) == 0
        web = build_services(settings(database_url=sqlite_url, redis_url=cache.url))
        for command in (("worker", "--concurrency", "1"), ("beat",)):
            processes.python("celery", "-A", "workers.celery_app", *command, env=env)

        def arrives(title: str) -> None:
            video_id = youtube.publish(title)
            wait_until(
                lambda: web.store.read(lambda t: t.feed.find_video(video_id)), WITHIN_SECONDS
            )

        arrives("boats")
        with closing(connect(queue.url)) as told:
            assert not list(told.scan_iter("newsreel:*")), "no page is where the queue is"

        first = PageRequest(ALL, limit=10)
        cache.kill()
        arrives("boats without the cache")
        assert web.feed.page(first).total == 2
        cache.start()
        with closing(connect(cache.url)) as client:
            head = RedisFeedCache(client)
            wait_until(lambda: head.version(ALL), WITHIN_SECONDS, claim="a tick publishes")

            queue.kill()
            assert web.feed.page(first).cache is not CacheState.STALE
            queue.start()
            arrives("boats after the queue came back")
            wait_until(lambda: (kept := head.get(ALL)) and kept.total == 3, WITHIN_SECONDS)
            assert not list(client.scan_iter("_kombu*")), "nothing of the queue is in the cache"
        web.close()
