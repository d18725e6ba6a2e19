"""gunicorn with this project's configuration, as an operator starts it."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.processes import PROJECT, SECRET_KEY, ChildProcess, Processes, free_port
from tests.waiting import wait_until

if TYPE_CHECKING:
    from pathlib import Path

PASSWORD = "canary-password"  # must appear in no output
NOBODY = "127.0.0.1:1"


def gunicorn(processes: Processes, *options: str, **env: str) -> ChildProcess:
    given = ("-c", str(PROJECT / "gunicorn.conf.py"), *options)
    env = {"SECRET_KEY": SECRET_KEY, **env}
    return processes.python("gunicorn", *given, "app.wsgi:app", env=env)


def answers(base: str) -> bool:
    try:
        return httpx.get(f"{base}/health").status_code == 200
    except httpx.TransportError:
        return False


@pytest.fixture
def stranded(processes: Processes) -> tuple[ChildProcess, str]:
    """A service whose database and Redis are not there."""
    port = free_port()
    process = gunicorn(
        processes,
        PORT=str(port),
        DATABASE_URL=f"mysql+pymysql://news:{PASSWORD}@{NOBODY}/news",
        REDIS_URL=f"redis://:{PASSWORD}@{NOBODY}/0",
    )
    base = f"http://127.0.0.1:{port}"
    wait_until(lambda: answers(base), 30, claim="the service starts")
    return process, base


def test_it_starts_without_backends_and_says_what_is_missing(
    stranded: tuple[ChildProcess, str],
) -> None:
    process, base = stranded
    ready = httpx.get(f"{base}/ready", timeout=20)
    assert ready.status_code == 503
    codes = {problem["code"] for problem in ready.json()["problems"]}
    assert {"database_unavailable", "cache_unavailable"} <= codes
    videos = httpx.get(f"{base}/videos", timeout=20)
    assert (videos.status_code, "Retry-After" in videos.headers) == (503, True)
    assert PASSWORD not in ready.text + videos.text + process.output()


def test_it_ends_when_asked_and_leaves_nothing_but_json_lines(
    stranded: tuple[ChildProcess, str], tmp_path: Path
) -> None:
    process, base = stranded
    httpx.get(f"{base}/videos", timeout=20)
    assert process.stop() == 0
    assert all(json.loads(line)["event"] for line in process.output().splitlines())
    assert list(tmp_path.iterdir()) == [process.log]


def test_a_wrong_setting_stops_the_start_with_one_line(processes: Processes) -> None:
    process = gunicorn(processes, PORT="http")
    assert process.wait() == 2
    assert process.output().startswith("newsreel: PORT: ")
    assert process.output().count("\n") == 1


def test_importing_the_web_layer_builds_nothing(processes: Processes) -> None:
    code = "import app.web.factory, sys; sys.exit('sqlalchemy' in sys.modules)"
    assert processes.start(sys.executable, "-c", code).wait() == 0


def test_no_header_renames_the_embedded_service(processes: Processes) -> None:
    port = free_port()
    env = {
        "PORT": str(port),
        "YOUTUBE_API_KEYS": "key",
        "YOUTUBE_API_ENDPOINT": f"http://{NOBODY}/",
        "DATABASE_URL": "sqlite:///news.db",
    }
    assert processes.python("app", "migrate", env=env).wait(30) == 0
    processes.python("app", "serve", env=env)
    base = f"http://127.0.0.1:{port}"
    wait_until(lambda: answers(base), 30, claim="the service starts")
    renamed = {"SCRIPT_NAME": "/videos", "PATH_INFO": "/health", "X-Forwarded-Proto": "https"}
    videos = httpx.get(f"{base}/videos", headers=renamed, timeout=20)
    assert (videos.status_code, videos.json()["page"]) == (200, 1)
    assert "<http" not in videos.headers["Link"]
    assert "/videos/videos" not in videos.headers["Link"]
    assert httpx.get(f"{base}/other", headers={"SCRIPT_NAME": "/other"}).status_code == 404
