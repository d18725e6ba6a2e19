"""What stops the start of the full stack, and of nothing else."""

from __future__ import annotations

import pytest

from app.settings import SettingsError
from app.startup import WRONG_SETTINGS, checked_settings, settings_or_exit
from app.web.factory import create_app
from tests.processes import SECRET_KEY
from tests.unit.web.fakes import MemoryFeed, MemoryServices

WEAK = {
    "SECRET_KEY": "",
    "DATABASE_URL": "mysql+pymysql://newsreel:s3cret@db/newsreel",
    "DATABASE_REPLICA_URL": "mysql+pymysql://newsreel@replica/newsreel",
    "REDIS_URL": "redis://redis:6379/0",
    "REDIS_READ_URL": "redis://near:6379/0",
    "CELERY_BROKER_URL": "redis://:s3cret@queue:6379/0",
}


@pytest.fixture
def full_stack(environment: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The settings of a full stack that starts."""
    for name, value in {
        "SECRET_KEY": SECRET_KEY,
        "DATABASE_URL": "mysql+pymysql://newsreel:k7-Ww2q_Zp9x@db/newsreel",
        "REDIS_URL": "redis://:k7-Ww2q_Zp9x@redis:6379/0",
    }.items():
        environment.setenv(name, value)
    return environment


def test_a_full_stack_with_good_secrets_starts(full_stack: pytest.MonkeyPatch) -> None:
    del full_stack
    assert checked_settings(needs_secret=True, needs_broker=True).secret_key == SECRET_KEY


@pytest.mark.parametrize("name", WEAK)
def test_a_missing_short_or_sample_secret_stops_the_full_stack(
    full_stack: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    full_stack.setenv(name, WEAK[name])
    with pytest.raises(SystemExit) as ended:
        settings_or_exit(needs_secret=True, needs_broker=True)
    assert ended.value.code == WRONG_SETTINGS
    told = capsys.readouterr().err
    assert told.startswith(f"newsreel: {name}: ")
    assert told.count("\n") == 1
    assert "s3cret" not in told


def test_workers_look_at_the_passwords_they_use(full_stack: pytest.MonkeyPatch) -> None:
    full_stack.setenv("SECRET_KEY", "")  # they sign nothing
    checked_settings(needs_broker=True)
    full_stack.setenv("REDIS_URL", WEAK["REDIS_URL"])
    with pytest.raises(SettingsError, match=r"^REDIS_URL: "):
        checked_settings(needs_broker=True)


def test_the_embedded_mode_and_commands_ask_for_none_of_it(
    environment: pytest.MonkeyPatch,
) -> None:
    for name, value in WEAK.items():
        environment.setenv(name, value)
    checked_settings()


def test_a_password_for_people_is_looked_at_by_whatever_starts(
    environment: pytest.MonkeyPatch,
) -> None:
    environment.setenv("ADMIN_PASSWORD", "change-me-s3cret")
    with pytest.raises(SettingsError, match=r"^ADMIN_PASSWORD: ") as refusal:
        checked_settings()
    assert "s3cret" not in str(refusal.value)
    environment.setenv("ADMIN_PASSWORD", "Wiesenweg-42-grün")
    settings = checked_settings()
    assert settings.admin_password == "Wiesenweg-42-grün"
    assert "Wiesenweg" not in repr(settings)


def test_nothing_turns_debugging_on(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("FLASK_DEBUG", "1")
    assert create_app(MemoryServices(MemoryFeed())).debug is False
