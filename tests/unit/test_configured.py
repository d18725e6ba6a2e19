"""What is shown of settings: all of them, and of secrets nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError

from app.configured import alert_channels, configured
from app.domain.quota import parse_keys
from app.settings import Settings

if TYPE_CHECKING:
    from app.domain.configured import Configured

CANARY = "Kanarie-9f8e7d6c5b4a-0123456789"
TEXTS = [name for name, field in Settings.model_fields.items() if "str" in str(field.annotation)]
SECRET = [name for name in TEXTS if not Settings.model_fields[name].repr]
LISTS = {"keywords", "channels", "outgoing_allow"}
CARRIERS = (
    CANARY,
    f"project:{CANARY},{CANARY}2",
    f"{CANARY}-{CANARY}",
    f"https://user:{CANARY}@host.example/path?token={CANARY}#{CANARY}",
    f"https://{CANARY}@host.example/",
    f"mysql+pymysql://user:{CANARY}@host.example:3306/news",
    f"postgresql+psycopg://{CANARY}@host.example/news",
    f"redis://:{CANARY}@host.example/0",
    f"rediss://{CANARY}@host.example/0",
    f"slack://{CANARY}/{CANARY},mailto://user:{CANARY}@host.example",
)


def shown(settings: Settings) -> dict[str, Configured]:
    return {it.name: it for it in configured(settings)}


def taken(name: str, value: str) -> Settings | None:
    """Settings with this value; None if it is refused, so that nobody ever sees it."""
    try:
        return Settings.model_validate({name: value})
    except ValidationError:
        return None


def test_every_setting_appears_by_its_variable() -> None:
    assert list(shown(Settings())) == [name.upper() for name in Settings.model_fields]


def test_what_is_as_it_is_without_being_set_is_marked() -> None:
    changed = shown(Settings(port=80, keywords="news, sport"))
    assert [it.name for it in changed.values() if not it.is_default] == ["KEYWORDS", "PORT"]
    assert (changed["PORT"].shown, changed["KEYWORDS"].shown) == ("80", "news, sport")
    assert changed["SHARE_SEARCHES"].shown == "true"


@pytest.mark.parametrize("name", SECRET)
def test_no_part_of_a_secret_is_shown(name: str) -> None:
    # What stands before the last colon of a key is a project, which is no secret.
    carriers = CARRIERS[:2] if name == "youtube_api_keys" else CARRIERS
    accepted = [it for it in (taken(name, value) for value in carriers) if it is not None]
    assert accepted, "a value with a canary in it has to be possible"
    for settings in accepted:
        assert CANARY not in repr(configured(settings))
        assert shown(settings)[name.upper()].shown, "that it is set is told"


@pytest.mark.parametrize("name", sorted({*TEXTS} - {*SECRET} - LISTS))
def test_of_a_url_only_where_it_leads_is_shown(name: str) -> None:
    for value in CARRIERS[3:-1]:
        settings = taken(name, value)
        assert settings is None or CANARY not in repr(configured(settings))


def test_of_databases_and_redis_the_place_is_shown() -> None:
    told = shown(
        Settings(
            database_url="mysql+pymysql://newsreel:secret@db.example:3307/news?ssl_key=/k",
            redis_url="redis://:secret@cache.example:6379/2",
        )
    )
    assert told["DATABASE_URL"].shown == "mysql+pymysql://***@db.example:3307/news"
    assert told["REDIS_URL"].shown == "redis://***@cache.example:6379/2"
    assert shown(Settings())["DATABASE_URL"].shown == "sqlite:///var/newsreel.db"


def test_keys_are_shown_by_their_fingerprints() -> None:
    keys = f"mine:{CANARY},{CANARY}2"
    one, other = parse_keys(keys)
    told = shown(Settings(youtube_api_keys=keys))["YOUTUBE_API_KEYS"].shown
    assert told == f"mine: {one.fingerprint}, {other.fingerprint}"


def test_the_ways_to_the_operator_are_shown_by_their_schemes() -> None:
    settings = Settings(alert_urls=CARRIERS[-1])
    assert shown(settings)["ALERT_URLS"].shown == "slack, mailto"
    assert alert_channels(settings) == ("slack", "mailto")


def test_what_is_unset_is_shown_as_nothing() -> None:
    told = shown(Settings())
    assert {it.shown for it in told.values() if it.name in ("SECRET_KEY", "CELERY_BROKER_URL")} == {
        ""
    }
    assert shown(Settings(secret_key="0123456789abcdef" * 4))["SECRET_KEY"].shown == "set"
