"""What is known of the parts beside what is wrong, on every kind of database."""

from __future__ import annotations

from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING

import pytest

from app.bootstrap import build_services
from app.domain.alerts import Alert
from app.domain.fetches import FetchRecord, FetchSource, Purpose
from app.domain.quota import KeyState, KeyStatus
from app.ingest.health import HealthCheck
from app.settings import Settings
from app.store.revisions import newest_revision
from tests.contract.store.tellings import NOW

if TYPE_CHECKING:
    from app.bootstrap import Services
    from app.store.store import Transaction

HOUR = timedelta(hours=1)
FETCH = FetchRecord(FetchSource.RSS, Purpose.POLL, (), None, NOW - HOUR, NOW - HOUR / 2)


def tell(transaction: Transaction) -> None:
    for record in (FETCH, FETCH):
        transaction.fetches.add(record)
    watch = transaction.watches.list_all()[0]
    transaction.webhooks.add(watch.watch_id, "https://example.org/", "nws_x", 0, NOW)
    transaction.alerts.put(Alert("data_stale", "none", NOW, NOW))
    transaction.keys.put(KeyStatus("1" * 12, "1" * 12, KeyState.HELD, "", NOW, None))


def opened(url: str) -> Services:
    settings = Settings(database_url=url, youtube_api_keys="a-key,another", alert_urls="json://x/")
    return build_services(settings, lambda: NOW)


@pytest.mark.usefixtures("database")  # wipes it
def test_the_health_of_a_service_that_runs(module_url: str) -> None:
    services = opened(module_url)
    services.store.migrate()
    services.watching.add_keyword("news")
    services.store.write(tell)
    health = services.health.report()
    services.close()
    assert health.database == module_url.partition("+")[0].partition(":")[0]
    assert health.database_took is not None
    assert health.cache_took is not None
    assert (health.has_replica, health.cache_is_shared) == (False, False)
    assert health.channels == ("json",)
    assert health.stored is not None
    assert health.stored.revision == health.newest_revision == newest_revision()
    assert health.stored.last_fetch_at == FETCH.finished_at
    assert health.stored.last_success_at is None
    assert health.stored.next_due_at == NOW
    assert health.stored.keys == {KeyState.USABLE: 2}
    assert [it.url for it in health.stored.webhooks] == ["https://example.org/"]
    assert [it.code for it in health.stored.alerts] == ["data_stale"]


def test_how_long_the_database_took_is_measured(sqlite_url: str) -> None:
    services = opened(sqlite_url)
    services.store.migrate()
    seconds = count(step=2)
    health = HealthCheck(
        readiness=services.readiness,
        store=services.store,
        cache=services.health._cache,
        ring=services.health._ring,
        cache_is_shared=False,
        channels=(),
        timer=lambda: float(next(seconds)),
    ).report()
    services.close()
    assert health.database_took == timedelta(seconds=2)


def test_of_a_database_that_is_away_nothing_is_made_up() -> None:
    services = opened("mysql+pymysql://root:x@127.0.0.1:1/news")
    health = services.health.report()
    services.close()
    assert (health.database_took, health.stored) == (None, None)
    assert [problem.code for problem in health.problems] == ["database_unavailable"]
    assert health.cache_took is not None
