"""Tokens and secrets across real processes: what one gives out holds in the other, and no secret
of a client is heard of again, whatever goes wrong."""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx
import pytest

from app.auth.scopes import Scope
from app.bootstrap import build_services
from app.domain.feeds import ALL
from app.settings import Settings
from tests.processes import PROJECT, SECRET_KEY, ChildProcess, Processes, free_port
from tests.waiting import wait_until

if TYPE_CHECKING:
    from pathlib import Path

OTHER_KEY = "another-one-for-tests-0123456789abcdef"
GRANT = {"grant_type": "client_credentials"}


@dataclass(frozen=True)
class Web:
    """A process and its address."""

    process: ChildProcess
    base: str

    def get(self, path: str, token: str = "") -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.get(self.base + path, headers=headers, timeout=20)

    def post(self, path: str, credentials: tuple[str, str], **form: str) -> httpx.Response:
        return httpx.post(self.base + path, auth=credentials, data=form, timeout=20)

    def token(self, credentials: tuple[str, str]) -> str:
        token: str = self.post("/oauth/token", credentials, **GRANT).json()["access_token"]
        return token

    def answers(self) -> bool:
        try:
            return self.get("/health").status_code == 200
        except httpx.TransportError:
            return False


@dataclass(frozen=True)
class Scene:
    """A database with a client and a feed token, and processes over it."""

    processes: Processes
    database: Path
    credentials: tuple[str, str]
    feed_token: str

    def start(self, keys: str = SECRET_KEY, *options: str, **env: str) -> Web:
        port = free_port()
        settings = {
            "PORT": str(port),
            "DATABASE_URL": f"sqlite:///{self.database}",
            "READ_AUTH": "required",
            "SECRET_KEY": keys,
            "LOG_LEVEL": "debug",
            **env,
        }
        configuration = ("-c", str(PROJECT / "gunicorn.conf.py"), *options)
        started = self.processes.python("gunicorn", *configuration, "app.wsgi:app", env=settings)
        web = Web(started, f"http://127.0.0.1:{port}")
        wait_until(web.answers, 30, claim="the service starts")
        return web

    def tables(self) -> str:
        with closing(sqlite3.connect(self.database)) as connection:
            return "\n".join(connection.iterdump())


@pytest.fixture
def scene(processes: Processes, tmp_path: Path) -> Scene:
    database = tmp_path / "news.db"
    services = build_services(Settings(database_url=f"sqlite:///{database}"))
    services.store.migrate()
    scopes = frozenset({Scope.VIDEOS_READ, Scope.ADMIN})
    client, secret = services.access.clients.add("canary", scopes)
    _, feed_token = services.access.feed_tokens.add(ALL)
    services.close()
    return Scene(processes, database, (client.client_id, secret), feed_token)


def test_a_token_holds_in_both_processes_and_ends_in_both_within_seconds(scene: Scene) -> None:
    one, two = scene.start(), scene.start()
    token, kept = one.token(scene.credentials), two.token(scene.credentials)
    for web in (one, two):
        for held in (token, kept):
            assert [web.get("/videos", held).status_code for _ in range(3)] == [200] * 3
        assert web.get("/videos").status_code == 401
    assert one.post("/oauth/revoke", scene.credentials, token=token).status_code == 200
    for web in (one, two):
        wait_until(lambda web=web: web.get("/videos", token).status_code == 401, 10)  # type: ignore[misc]  # a default, to bind it now
        assert web.get("/videos", kept).status_code == 200


def test_keys_are_replaced_while_both_processes_serve(scene: Scene) -> None:
    old, between = scene.start(OTHER_KEY), scene.start(f"{SECRET_KEY},{OTHER_KEY}")
    before, after = old.token(scene.credentials), between.token(scene.credentials)
    assert between.get("/videos", before).status_code == 200
    assert between.get("/videos", after).status_code == 200
    assert old.get("/videos", after).status_code == 401


@pytest.mark.parametrize("keys", ["", "short", "change-me-change-me-change-me-change-me", ","])
def test_the_service_does_not_start_without_a_good_key(processes: Processes, keys: str) -> None:
    configuration = str(PROJECT / "gunicorn.conf.py")
    command = (sys.executable, "-m", "gunicorn", "-c", configuration, "app.wsgi:app")
    process = processes.start(*command, env={"SECRET_KEY": keys, "PORT": str(free_port())})
    assert process.wait() == 2
    [line] = process.output().splitlines()
    assert line.startswith("newsreel: SECRET_KEY: ")
    assert not keys or keys == "," or keys not in line


def test_no_secret_is_heard_of_again(scene: Scene) -> None:
    client_id, secret = scene.credentials
    web = scene.start(SECRET_KEY, "--access-logfile", "-", PUBLIC_URL="https://news.example.org")
    token = web.token(scene.credentials)
    said = []
    for credentials in (
        (client_id, secret),
        (client_id, secret[:-1]),
        (secret, secret),
        ("", secret),
    ):
        for form in ({}, {"grant_type": secret}, {**GRANT, "scope": secret}, {"token": secret}):
            paths = "/oauth/token", "/oauth/revoke"
            said += [web.post(path, credentials, **form) for path in paths]
        said.append(httpx.post(f"{web.base}/oauth/token", data={**GRANT, "client_secret": secret}))
    for path in ("/videos", "/feed.atom", "/quota", "/nothing", "/oauth/token"):
        for value in (secret, token, scene.feed_token):
            said += [web.get(f"{path}?token={value}&limit=x"), web.get(path, value)]
            said.append(web.get(f"{path}?token={value}"))
    assert (
        {200, 400, 401, 403, 404, 405} >= {reply.status_code for reply in said} >= {200, 400, 401}
    )
    issued = [it for it in said if it.status_code == 200 and "access_token" in it.text]
    assert len(issued) == 0
    web.process.stop()
    replies = "".join(f"{reply.headers} {reply.text}" for reply in said)
    log = web.process.output()
    assert '"GET /videos"' in log
    for place, text in {"replies": replies, "log": log, "tables": scene.tables()}.items():
        for canary in (secret, scene.feed_token, token, SECRET_KEY):
            assert canary not in text, place


def test_the_embedded_service_keeps_a_key_of_its_own_and_its_own_machine_needs_no_token(
    processes: Processes, tmp_path: Path
) -> None:
    port = free_port()
    env = {
        "PORT": str(port),
        "YOUTUBE_API_KEYS": "key",
        "YOUTUBE_API_ENDPOINT": "http://127.0.0.1:1/",
        "READ_AUTH": "required",
    }
    added = processes.python("app", "client", "add", "app", "--scope", "videos:read", env=env)
    assert added.wait(30) == 0
    words = added.output().split()
    credentials = tuple(words[words.index(it) + 1] for it in ("client_id", "client_secret"))
    tokens = []
    for _ in range(2):  # the key outlives the process
        web = Web(processes.python("app", "serve", env=env), f"http://127.0.0.1:{port}")
        wait_until(web.answers, 30, claim="the service starts")
        assert web.get("/quota").status_code == 200
        rebound = httpx.get(f"{web.base}/quota", headers={"Host": "rebound.example"}, timeout=20)
        assert rebound.status_code == 421
        tokens.append(web.token((credentials[0], credentials[1])))
        assert [web.get("/videos", token).status_code for token in tokens] == [200] * len(tokens)
        assert [web.get("/quota", token).status_code for token in tokens] == [403] * len(tokens)
        assert web.process.stop() == 0
    assert (tmp_path / "var" / "secret_key").stat().st_mode & 0o777 == 0o600
