import json
import os
import signal
import sys
import urllib.request
from contextlib import suppress
from pathlib import Path

import pytest

from app.embedded import demo
from app.settings import Settings
from tests.waiting import wait_until


def _settings(**values: object) -> Settings:
    return Settings.model_validate(values)


def _answers(endpoint: str) -> bool:
    with (
        suppress(OSError),
        urllib.request.urlopen(f"{endpoint}_truth?limit=1", timeout=30) as reply,
    ):
        return bool(json.load(reply)["limits"])
    return False


def test_a_demo_is_for_those_without_a_key_who_name_no_other_youtube() -> None:
    assert demo.is_wanted(_settings())
    assert demo.is_wanted(_settings(keywords="chess", database_url="sqlite:///x.db"))
    assert not demo.is_wanted(_settings(youtube_api_keys="k"))
    assert not demo.is_wanted(_settings(youtube_api_endpoint="http://127.0.0.1:8800"))
    assert not demo.is_wanted(_settings(redis_url="redis://cache"))
    assert demo.is_wanted(_settings(redis_url="redis://cache", celery_broker_url=""))


def test_a_demo_has_a_database_of_its_own_whatever_is_configured() -> None:
    given = _settings(
        database_url="mysql+pymysql://db/real",
        database_replica_url="mysql+pymysql://db/copy",
        redis_url="redis://cache",
    )
    own = demo.with_own_database(given)
    assert (own.database_url, own.database_replica_url) == ("sqlite:///var/demo.db", "")
    assert own.demo


def test_commands_beside_a_full_stack_work_on_its_database() -> None:
    full = _settings(redis_url="redis://cache", database_url="mysql+pymysql://db/real")
    assert demo.settings_beside(full) == full


def test_the_simulator_runs_as_long_as_the_demo() -> None:
    with demo.running(_settings(keywords="chess")) as settings:
        endpoint = settings.youtube_api_endpoint
        assert _answers(endpoint)
        assert settings.keywords == "chess"
        assert settings.redis_url == settings.broker_url == ""
    assert not _answers(endpoint)


def test_a_demo_without_keywords_watches_music_and_news() -> None:
    with demo.running(_settings()) as settings:
        assert settings.keyword_list == ("music", "news")


def test_a_demo_asks_nobody_but_the_simulator() -> None:
    with demo.running(_settings(invidious_url="http://invidious.internal")) as settings:
        assert settings.invidious_url == ""


def test_a_simulator_that_does_not_start_is_one_clear_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with (
        pytest.raises(demo.DemoError, match="the simulator did not start"),
        demo.running(_settings()),
    ):
        pass


def test_the_simulator_ends_with_a_process_that_is_killed(tmp_path: Path) -> None:
    told = tmp_path / "endpoint"
    child = os.fork()
    if child == 0:  # pragma: no cover - in the child
        with demo.running(_settings()) as settings:
            told.write_text(settings.youtube_api_endpoint)
            signal.pause()
    endpoint = wait_until(lambda: told.exists() and told.read_text(), 20)
    assert _answers(str(endpoint))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    wait_until(lambda: not _answers(str(endpoint)), 5, claim="the simulator is gone")
