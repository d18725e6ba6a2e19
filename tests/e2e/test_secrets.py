"""The secrets of clients, feed readers, webhooks and operators, sent and stored in every wrong way:
none of them appears in any log, reply, table or list of processes."""

from __future__ import annotations

import re
import socket
from base64 import b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx
import pytest
import sqlalchemy

from app.auth.scopes import GRANTABLE
from app.bootstrap import build_services
from app.domain.feeds import ALL
from app.settings import Settings
from tests.contract.sources.wire_server import reply
from tests.e2e.site import Simulated, Site, living_in, serve, started
from tests.integration.webhooks.receiver import receiver
from tests.waiting import wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.processes import ChildProcess, Processes
    from tests.servers.postgresql import PostgreSQL

OPERATORS = {
    "SECRET_KEY": "canary-key-0123456789-abcdefghijklmnop",
    "ADMIN_PASSWORD": "canary-admin-k7Ww2q",
    "ALERT_URLS": "json://canary-user:canary-word@127.0.0.1:1/canary-path",
    "REDIS_URL": "redis://:canary-redis-k7Ww2q@127.0.0.1:1/0",
    "CELERY_BROKER_URL": "",
    "YOUTUBE_API_KEYS": "canary-youtube-key",
}
WRONG_PLACES = [
    *("/videos?cursor={}", "/videos/{}", "/watches/{}", "/feed.atom?token={}x"),
    *("/feed.atom?watch=9&token={}", "/feed.atom?token={0}&token={0}", "/websub/{}", "/{}"),
    *("/feed.json?token=%FF{}", "/assets/x/{}", "/channels/{}/videos", "/oauth/token?secret={}"),
]


@dataclass(frozen=True)
class Service:
    """The embedded service over PostgreSQL, and the secrets that it gave out."""

    process: ChildProcess
    site: Site
    secrets: dict[str, str]

    def found_in(self, text: str) -> list[str]:
        """Whose secrets can be heard."""
        given = [name for name, secret in self.secrets.items() if secret in text]
        return given + re.findall(r"(?i)canary\S*", text)

    def say_wrongly(self) -> str:
        """Send every secret where it does not belong; return all that was answered."""
        told = []
        with httpx.Client(base_url=self.site.url, timeout=20) as client:
            for secret in self.secrets.values():
                told += [client.get(place.format(secret)) for place in WRONG_PLACES]
                headers = {"Authorization": f"Bearer {secret}x"}
                told.append(client.get("/quota", headers=headers))
                for wrong in (f"Basic {secret}", f"Basic {_encoded(f'nrc_x:{secret}')}"):
                    form, headers = {"client_secret": secret}, {"Authorization": wrong}
                    told.append(client.post("/oauth/token", data=form, headers=headers))
                told.append(client.post("/watches", json={"keyword": f"\0{secret}"}))
                told.append(client.post("/webhooks", json={"url": f"https://u:{secret}@a.example"}))
                told.append(client.request("DELETE", f"/webhooks/{secret}", params={"key": secret}))
        heads = [f"{it.status_code} {it.headers} {it.text}" for it in told]
        return "".join(heads) + "".join(map(self._say_unreadably, self.secrets.values()))

    def _say_unreadably(self, secret: str) -> str:
        address = urlsplit(self.site.url)
        answers = []
        for request in (f"{secret}\r\n\r\n", f"GET /?token={secret} HTTP/9.9\r\n\r\n"):
            with socket.create_connection((address.hostname, address.port), 15) as connection:
                connection.sendall(request.encode())
                answers.append(b"".join(iter(lambda: connection.recv(65536), b"")).decode())
        return "".join(answers)


def _encoded(text: str) -> str:
    return b64encode(text.encode()).decode()


def given_out(database_url: str) -> dict[str, str]:
    """Make a client and a feed reader's token in a new database."""
    services = build_services(Settings(database_url=database_url))
    services.store.migrate()
    client, secret = services.access.clients.add("canary-free", frozenset(GRANTABLE))
    _, token = services.access.feed_tokens.add(ALL)
    services.close()
    return {"client_id": client.client_id, "client": secret, "feed": token}


def with_password(database_url: str) -> str:
    """Name a password; the server takes any."""
    return database_url.replace("@", ":canary-database-k7@", 1)


@pytest.fixture
def service(processes: Processes, own_postgresql: PostgreSQL) -> Service:
    url = with_password(own_postgresql.url)
    given = given_out(url)
    youtube = Simulated.start(processes, "--rate", "60", "--history-seconds", "600")
    process, site = serve(
        processes,
        **OPERATORS,
        DATABASE_URL=url,
        YOUTUBE_API_ENDPOINT=youtube.url,
        KEYWORDS="music",
        OUTGOING_ALLOW="127.0.0.1",
        LOG_LEVEL="debug",
    )
    started(process, site)
    credentials = given.pop("client_id"), given["client"]
    form = {"grant_type": "client_credentials"}
    granted = httpx.post(f"{site.url}/oauth/token", data=form, auth=credentials).json()
    return Service(process, site, {**given, "token": granted["access_token"]})


def add_webhook(service: Service, url: str) -> str:
    """Let all videos be sent there; return what they are signed with."""
    may = {"Authorization": f"Bearer {service.secrets['token']}"}
    with httpx.Client(base_url=service.site.url, headers=may) as client:
        made = client.post("/webhooks", json={"url": url}).json()
        wait_until(lambda: client.get("/videos").json()["total"], 30, claim="videos come")
        again = client.post(f"/webhooks/{made['webhook_id']}/replay", json={"after": 0})
        assert again.status_code == 202
    secret: str = made["secret"]
    return secret


def tables_without_signing_secrets(database_url: str) -> str:
    """Everything stored, but for what deliveries are signed with: that has to be known."""
    engine, metadata = sqlalchemy.create_engine(database_url), sqlalchemy.MetaData()
    metadata.reflect(engine)
    with engine.connect() as connection:
        rows = [
            connection.execute(
                sqlalchemy.select(
                    *(it for it in table.c if (table.name, it.name) != ("webhooks", "secret"))
                )
            ).all()
            for table in metadata.sorted_tables
        ]
    engine.dispose()
    assert "canary-free" in repr(rows)
    return repr(rows).replace("canary-free", "")


def test_no_secret_appears_anywhere_whatever_goes_wrong(
    service: Service, processes: Processes, own_postgresql: PostgreSQL, tmp_path: Path
) -> None:
    with receiver() as refusing:
        refusing.answers += [reply(b"", status=status) for status in (500, 302, 404, 429)] * 9
        service.secrets["webhook"] = add_webhook(service, f"{refusing.url}?canary-free")
        said = service.say_wrongly()
        wait_until(lambda: refusing.server.requests, 30, claim="the webhook is told")
        alerts = processes.python("app", "alerts", "test", env=OPERATORS)
        assert alerts.wait(30) == 1
        listed = "".join(living_in(tmp_path).values())
    own_postgresql.kill()
    said += service.say_wrongly() + service.site.get("/ready").body.decode()
    unreachable = {**OPERATORS, "DATABASE_URL": with_password(own_postgresql.url)}
    client = processes.python("app", "client", "list", env=unreachable)
    assert client.wait(30) == 1
    own_postgresql.start()
    service.process.stop()
    heard = {
        "replies": said,
        "logs": service.process.output(),
        "commands": alerts.output() + client.output(),
        "processes": listed,
        "tables": tables_without_signing_secrets(own_postgresql.url),
    }
    assert "request_failed" not in heard["logs"]
    for place, text in heard.items():
        assert text, place
        assert not service.found_in(text), place
