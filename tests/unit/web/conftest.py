from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from app.domain.feeds import Position
from app.web.factory import create_app
from tests.unit.web.documented import DocumentedClient
from tests.unit.web.fakes import MemoryFeed, MemoryServices

if TYPE_CHECKING:
    from apiflask import APIFlask
    from flask.testing import FlaskClient

NEWEST_AT = datetime(2026, 1, 2, 18, tzinfo=UTC)


@pytest.fixture
def services() -> MemoryServices:
    """25 videos, two of each second, from `vid00000099` (newest) down."""
    positions = [
        Position(NEWEST_AT - timedelta(seconds=number // 2), f"vid{99 - number:08}")
        for number in range(25)
    ]
    return MemoryServices(MemoryFeed(positions))


@pytest.fixture
def app(services: MemoryServices) -> APIFlask:
    app = create_app(services, trusts_this_machine=True)
    app.test_client_class = DocumentedClient
    return app


@pytest.fixture
def client(app: APIFlask) -> FlaskClient:
    opened: FlaskClient = app.test_client()
    return opened
