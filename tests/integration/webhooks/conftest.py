"""A store on SQLite, a clock that is set, and a receiver on loopback."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from app.domain.targets import parse_allowance
from app.sources.outgoing import Outgoing
from app.store.database import Database
from app.store.store import Store
from app.webhooks.delivering import Deliverer
from app.webhooks.keeping import Webhooks
from tests.contract.store.tellings import NOW
from tests.integration.webhooks.receiver import receiver
from tests.unit.simulator.worlds import SettableClock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.webhooks.receiver import Receiver


@pytest.fixture
def store(sqlite_url: str) -> Iterator[Store]:
    opened = Store(Database(sqlite_url))
    opened.migrate()
    yield opened
    opened.dispose()


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock(NOW)


@pytest.fixture
def outgoing() -> Outgoing:
    return Outgoing(parse_allowance("127.0.0.1"), timeout_seconds=2)


@pytest.fixture
def webhooks(store: Store, outgoing: Outgoing, clock: SettableClock) -> Webhooks:
    return Webhooks(store, outgoing, clock)


@pytest.fixture
def deliverer(store: Store, outgoing: Outgoing, clock: SettableClock) -> Deliverer:
    return Deliverer(store, outgoing, clock)


@pytest.fixture
def target() -> Iterator[Receiver]:
    with receiver() as running:
        yield running
