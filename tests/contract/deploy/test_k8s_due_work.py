"""What KEDA counts is what a tick would give out, and what is under way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import create_engine, text

from app.store.database import Database
from app.store.store import Store
from tests.contract.deploy.kustomization import at
from tests.contract.store.tellings import add_watch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.contract.deploy.kustomization import Built

HOUR = timedelta(hours=1)


@pytest.fixture
def database(mariadb_url: str) -> Iterator[Database]:
    database = Database(mariadb_url)
    try:
        yield database
    finally:
        database.dispose()


def test_keda_counts_what_is_due_and_what_is_under_way(
    production: Built, database: Database, mariadb_url: str
) -> None:
    [scaler] = production.of_kind("ScaledObject")
    query = str(at(scaler, "/spec/triggers/0/metadata/query"))
    now = datetime.now(UTC)  # the query asks the server's clock
    store = Store(database)
    store.migrate()
    for term, due_at in (("due", now - HOUR), ("under way", now - HOUR), ("later", now + HOUR)):
        add_watch(store, term, due_at)
    paused = add_watch(store, "paused", now - HOUR)
    store.write(lambda t: t.watches.change(paused.watch_id, {"paused": True}))
    [_] = store.write(lambda t: t.watches.claim_due(now, now + HOUR, limit=1))

    engine = create_engine(mariadb_url)
    with engine.connect() as connection:
        assert connection.execute(text(query)).scalar_one() == 2
    engine.dispose()
