"""What `doctor` thinks of what it finds, without servers."""

from collections.abc import Iterator
from threading import Event

import pytest

from app import bootstrap
from app.cli.checkup import ingest, quota
from app.cli.checkup.bounded import examine
from app.cli.checkup.contradictions import check_keys_are_there, check_settings
from app.cli.checkup.databases import OLDEST, clock_finding, version_finding
from app.cli.checkup.findings import Finding, Level, well
from app.cli.doctor import _findings_of_services
from app.domain.errors import StoreUnavailableError
from app.settings import Settings

MYSQL = "mysql+pymysql://u:a-password@db/news"
FULL = {
    "database_url": MYSQL,
    "redis_url": "redis://redis:6379/0",
    "secret_key": "0123456789abcdef0123456789abcdef",
    "youtube_api_keys": "some-key",
}


def _worst(settings: dict[str, object]) -> tuple[Level, str]:
    found = list(check_settings(Settings.model_validate(settings)))
    assert len(found) == 1
    return found[0].level, found[0].detail


@pytest.mark.parametrize("settings", [{}, FULL, {"youtube_api_keys": "a", "keywords": "news"}])
def test_what_goes_together_is_well(settings: dict[str, object]) -> None:
    assert _worst(settings)[0] is Level.OK


@pytest.mark.parametrize(
    ("changed", "level", "words"),
    [
        ({"database_url": "sqlite:///var/newsreel.db"}, Level.ERROR, "a file"),
        ({"secret_key": ""}, Level.ERROR, "no SECRET_KEY"),
        ({"redis_url": "", "celery_broker_url": "redis://b/0"}, Level.WARNING, "without REDIS_URL"),
        ({"database_replica_url": MYSQL}, Level.WARNING, "itself"),
        ({"database_replica_url": "postgresql+psycopg://u@db/n"}, Level.ERROR, "another kind"),
        ({"demo": True}, Level.WARNING, "DEMO"),
        ({"public_url": "http://news.example/", "proxy_hops": 1}, Level.WARNING, "not https"),
        ({"public_url": "https://news.example/"}, Level.WARNING, "without PROXY_HOPS"),
        (
            {"keywords": "news", "youtube_search_calls_per_day": 0},
            Level.WARNING,
            "no search calls",
        ),
    ],
)
def test_what_contradicts_is_told(changed: dict[str, object], level: Level, words: str) -> None:
    found_level, detail = _worst(FULL | changed)
    assert found_level is level
    assert words in detail


def test_a_demo_needs_no_key_and_a_full_stack_does() -> None:
    [finding] = check_keys_are_there(Settings())
    assert finding.level is Level.OK
    [finding] = check_keys_are_there(Settings.model_validate(FULL | {"youtube_api_keys": ""}))
    assert finding.level is Level.ERROR


def test_the_oldest_versions_are_taken_and_older_ones_are_not() -> None:
    assert OLDEST["MariaDB"] == (10, 11)
    assert version_finding("v", "MariaDB", (10, 11), (10, 11)).level is Level.OK
    assert version_finding("v", "MariaDB", (11, 4), (10, 11)).level is Level.OK
    assert version_finding("v", "MariaDB", (10, 6), (10, 11)).level is Level.ERROR
    assert version_finding("v", "MySQL", (5, 7), OLDEST["MySQL"]).level is Level.ERROR


@pytest.mark.parametrize(
    ("seconds", "level"),
    [(0.2, Level.OK), (-4.9, Level.OK), (6, Level.WARNING), (-90, Level.WARNING)],
)
def test_clocks_may_be_a_little_apart(seconds: float, level: Level) -> None:
    assert clock_finding("clock", seconds).level is level


def test_a_check_that_hangs_is_a_finding() -> None:
    never = Event()

    def hang() -> Iterator[Finding]:
        never.wait()
        yield well("it", "answers")

    [finding] = examine("it", hang, seconds=0.05)
    never.set()
    assert (finding.code, finding.level) == ("it", Level.ERROR)
    assert finding.detail.startswith("no answer in")


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        (StoreUnavailableError("lost mysql+pymysql://u:hunter2@db/x"), "database_unavailable"),
        (RuntimeError("hunter2"), "RuntimeError"),
    ],
)
def test_a_check_that_fails_is_a_finding_without_secrets(trouble: Exception, words: str) -> None:
    def fail() -> Iterator[Finding]:
        raise trouble

    [finding] = examine("it", fail)
    assert finding.level is Level.ERROR
    assert words in finding.detail
    assert "hunter2" not in finding.detail


def test_connections_are_let_go_of_whatever_a_check_meets(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        closed = False

        @property
        def keys(self) -> None:
            raise StoreUnavailableError("away")

        def close(self) -> None:
            self.closed = True

    broken = Broken()
    monkeypatch.setattr(bootstrap, "build_services", lambda *_, **__: broken)
    monkeypatch.setattr(ingest, "check_ingest", lambda *_: [])
    monkeypatch.setattr(quota, "check_quota", lambda _: [])
    with pytest.raises(StoreUnavailableError):
        list(_findings_of_services(Settings.model_validate(FULL), calls=True))
    assert broken.closed
