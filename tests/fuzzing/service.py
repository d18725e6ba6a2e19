"""The web service as a process over a database with something in it, and a client that may all."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx

from app.auth.scopes import GRANTABLE
from app.bootstrap import build_services
from app.domain.intake import Finding
from app.domain.videos import Source
from app.settings import Settings
from tests.contract.web.conftest import VIDEOS, video
from tests.processes import PROJECT, SECRET_KEY, Processes, free_port
from tests.waiting import wait_until

_START_SECONDS = 40.0


@dataclass(frozen=True)
class Service:
    """Where it is, and the client's id and secret."""

    url: str
    client_id: str
    secret: str

    @property
    def credentials(self) -> str:
        """The client's id and secret as HTTP Basic has them."""
        return b64encode(f"{self.client_id}:{self.secret}".encode()).decode()

    def token(self) -> str:
        """Return a fresh token with every scope."""
        reply = httpx.post(
            f"{self.url}/oauth/token",
            data={"grant_type": "client_credentials"},
            auth=(self.client_id, self.secret),
        )
        token: str = reply.json()["access_token"]
        return token


def start_service(processes: Processes, database_url: str) -> Service:
    """Fill an empty database and start gunicorn over it; nothing is fetched or sent."""
    client_id, secret = _fill(database_url)
    port = free_port()
    env = {
        "PORT": str(port),
        "SECRET_KEY": SECRET_KEY,
        "DATABASE_URL": database_url,
        "FETCH_INTERVAL_SECONDS": "1",
        "RATE_LIMIT_PER_MINUTE": "0",  # all come from one client at one address
        "CLIENT_RATE_LIMIT_PER_MINUTE": "0",
    }
    configuration = str(PROJECT / "gunicorn.conf.py")
    process = processes.python("gunicorn", "-c", configuration, "app.wsgi:app", env=env)
    service = Service(f"http://127.0.0.1:{port}", client_id, secret)
    wait_until(lambda: _answers(service.url), _START_SECONDS, claim=f"{process} answers")
    return service


def _fill(database_url: str) -> tuple[str, str]:
    services = build_services(Settings(database_url=database_url, secret_key=SECRET_KEY))
    services.store.migrate()
    watch, _ = services.watching.add_keyword("news")
    findings = [
        Finding(video(number), Source.SEARCH, watch.watch_id if number % 3 == 0 else None)
        for number in range(VIDEOS)
    ]
    now = datetime.now(UTC)
    services.store.write(lambda transaction: transaction.record(findings, now))
    services.webhooks.add("https://93.184.216.34/newsreel", None)
    client, secret = services.access.clients.add("tests", frozenset(GRANTABLE))
    services.close()
    return client.client_id, secret


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health").status_code == 200
    except httpx.TransportError:
        return False
