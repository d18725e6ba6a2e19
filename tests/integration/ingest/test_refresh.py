"""Refreshing against the simulator over HTTP: by hand, embedded, and by Celery's processes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from app.bootstrap import Services, build_services
from app.domain.clock import format_instant
from app.settings import load_settings
from app.web.factory import create_app
from tests.processes import free_port
from tests.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask.testing import FlaskClient

    from tests.processes import Processes

Json = dict[str, Any]  # JSON, walked freely
VIDEOS = 60
NO_POLLS = {"YOUTUBE_SEARCH_CALLS_PER_DAY": "0"}  # which would take over edits, too


@dataclass
class Stage:
    """A simulator with videos, a database that holds them all, and how processes reach both."""

    processes: Processes
    youtube: str
    env: dict[str, str]
    http: httpx.Client

    def services(self, *, later: timedelta = timedelta(0)) -> Services:
        """Services of this process, whose clock may run ahead."""
        return build_services(load_settings(self.env), lambda: datetime.now(UTC) + later)

    def control(self, **command: object) -> None:
        self.http.post(f"{self.youtube}/_control", json=command).raise_for_status()

    def command(self, *arguments: str) -> str:
        process = self.processes.python("app", "refresh", *arguments, env=self.env)
        assert process.wait(60) == 0, process.output()
        return process.output()


@pytest.fixture
def http() -> Iterator[httpx.Client]:
    with httpx.Client() as client:
        yield client


@pytest.fixture
def stage(processes: Processes, http: httpx.Client, request: pytest.FixtureRequest) -> Stage:
    """Everything that is published has been polled; the database is SQLite unless parametrized."""
    database = request.getfixturevalue(getattr(request, "param", "sqlite_url"))
    plenty = ("--search-calls-per-day", "100000")
    process = processes.python("simulator", "--port", "0", "--match-all", "--rate", "0", *plenty)
    line = wait_until(lambda: process.output().partition("\n")[0], 30, claim="it listens")
    youtube = line.split()[-1]
    env = {
        "DATABASE_URL": database,
        "YOUTUBE_API_ENDPOINT": youtube,
        "YOUTUBE_API_KEYS": "some-key",
        "YOUTUBE_SEARCH_CALLS_PER_DAY": "100000",
    }
    stage = Stage(processes, youtube, env, http)
    published_at = datetime.now(UTC) - timedelta(minutes=5)
    for number in range(VIDEOS):
        at = format_instant(published_at - timedelta(seconds=number))
        name = f"video{number:06d}"
        stage.control(do="publish", title=f"Title {number}", video_id=name, published_at=at)
    services = stage.services()
    services.store.migrate()
    services.watching.add_keyword("everything")
    for claim in services.ingest.tick():
        services.ingest.run(claim)
    services.close()
    return stage


@pytest.fixture
def client(stage: Stage) -> Iterator[FlaskClient]:
    services = stage.services()
    yield create_app(services, trusts_this_machine=True).test_client()
    services.close()


def feed(client: FlaskClient) -> dict[str, Json]:
    """The whole feed in its order; the second page always comes from the database."""
    paths = ("/videos?limit=50&page=2", "/videos?limit=50&page=1")
    pages = [client.get(path).get_json()["items"] for path in paths]
    return {item["video_id"]: item for page in reversed(pages) for item in page}


def changes(client: FlaskClient, after: str) -> tuple[dict[str, str], str]:
    body = client.get(f"/changes?after={after}&limit=1000").get_json()
    told = {it.get("video_id") or it["video"]["video_id"]: it["op"] for it in body["changes"]}
    return told, body["next_after"]


@pytest.mark.parametrize("stage", ["sqlite_url", "mariadb_url", "postgresql_url"], indirect=True)
def test_the_command_takes_over_what_happened_and_says_so(
    stage: Stage, client: FlaskClient
) -> None:
    assert len(feed(client)) == VIDEOS
    _, after = changes(client, "0")
    moved_to = datetime.now(UTC).replace(microsecond=0)
    stage.control(do="edit", video_id="video000003", title="Corrected & <new>")
    stage.control(do="delete", video_id="video000005")
    stage.control(do="redate", video_id="video000059", published_at=format_instant(moved_to))

    said = stage.command("--all")
    assert "asked about 60 videos: 59 told, 2 changed, 1 missing, 0 of them deleted" in said
    told, after = changes(client, after)
    assert told == {"video000003": "put", "video000059": "put"}

    services = stage.services()  # of a process that has not read the first page yet
    items = feed(create_app(services, trusts_this_machine=True).test_client())
    services.close()
    assert next(iter(items)) == "video000059"
    assert items["video000059"]["published_at"] == format_instant(moved_to)
    assert items["video000003"]["title"] == "Corrected & <new>"

    tomorrow = stage.services(later=timedelta(hours=25))
    for batch in tomorrow.refresher.everything():
        tomorrow.refresher.refresh(batch)
    tomorrow.close()
    assert changes(client, after)[0] == {"video000005": "delete"}


def test_the_command_alone_asks_about_what_is_due(stage: Stage) -> None:
    assert "asked about 0 videos" in stage.command()


def test_the_command_says_what_keeps_it_from_asking(stage: Stage) -> None:
    env = {**stage.env, "YOUTUBE_API_KEYS": ""}
    process = stage.processes.python("app", "refresh", "--all", env=env)
    assert process.wait(60) == 1
    assert re.search(r"no YouTube API key is configured", process.output())


def make_due(stage: Stage) -> None:
    """As if a day had passed since the videos were asked about."""
    services = stage.services()
    past = datetime.now(UTC) - timedelta(hours=1)
    ids = services.store.read(lambda t: t.videos.list_ids("", 1000))
    later = datetime.now(UTC) + timedelta(days=99)
    services.store.write(lambda t: t.videos.postpone_refresh(dict.fromkeys(ids, past), later))
    services.close()


def test_the_embedded_server_refreshes_what_is_due(stage: Stage) -> None:
    stage.control(do="edit", video_id="video000003", title="Corrected")
    make_due(stage)
    port = str(free_port())
    env = {**stage.env, "PORT": port, "FETCH_INTERVAL_SECONDS": "1", **NO_POLLS}
    stage.processes.python("app", "serve", env=env)
    url = f"http://127.0.0.1:{port}/videos/video000003"
    wait_until(lambda: _title(stage, url) == "Corrected", 30, claim="the edit is taken over")


def _title(stage: Stage, url: str) -> object:
    try:
        return stage.http.get(url).json().get("title")
    except httpx.TransportError:
        return None


@pytest.mark.parametrize("stage", ["mariadb_url"], indirect=True)
def test_celery_refreshes_what_is_due(stage: Stage, redis_url: str) -> None:
    stage.control(do="edit", video_id="video000003", title="Corrected")
    make_due(stage)
    env = {**stage.env, "REDIS_URL": redis_url, "FETCH_INTERVAL_SECONDS": "1", **NO_POLLS}
    celery = ("-A", "workers.celery_app")
    stage.processes.python("celery", *celery, "worker", "--concurrency", "2", env=env)
    stage.processes.python("celery", *celery, "beat", env=env)
    services = stage.services()

    def title() -> str:
        told = services.store.read(lambda t: t.videos.list_told(["video000003"]))
        return told["video000003"].title

    wait_until(lambda: title() == "Corrected", 60, claim="the edit is taken over")
    services.close()
