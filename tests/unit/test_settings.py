from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from app.settings import Settings, SettingsError, load_settings

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def dotenv(tmp_path: Path) -> Path:
    return tmp_path / ".env"


WRONG = [
    ("PORT", "http"),
    ("PORT", "65536"),
    ("PORT", "-1"),
    ("PORT", "\uff15\uff10\uff10\uff11"),
    ("YOUTUBE_SEARCH_CALLS_PER_DAY", "-1"),
    ("YOUTUBE_UNITS_PER_DAY", "many"),
    ("YOUTUBE_API_ENDPOINT", "youtube.googleapis.com"),
    ("YOUTUBE_API_ENDPOINT", "ftp://youtube.googleapis.com/"),
    ("YOUTUBE_API_ENDPOINT", "http://[::1/"),
    ("YOUTUBE_API_KEYS", "project:"),
    ("YOUTUBE_API_KEYS", ":s3cret"),
    ("YOUTUBE_API_KEYS", "good, s3cret with blanks"),
    ("YOUTUBE_API_KEYS", "s3cret\nX-Header: 1"),
    ("YOUTUBE_API_KEYS", "s3crét"),
    ("YOUTUBE_API_KEYS", f"{'p' * 101}:s3cret"),
    ("FETCH_INTERVAL_SECONDS", "0"),
    ("FETCH_INTERVAL_SECONDS", "ten"),
    ("FETCH_INTERVAL_SECONDS", "1.5"),
    ("LOOKBACK_SECONDS", "-1"),
    ("BACKFILL_SECONDS", "99999999999"),
    ("DATABASE_URL", "mongodb://u:s3cret@host/db"),
    ("DATABASE_URL", "mysql://u:s3cret@host/db"),
    ("DATABASE_URL", "mysql+pymysql://u:s3cret@host:port/db"),
    ("DATABASE_URL", "sqlite://"),
    ("DATABASE_URL", "sqlite:///:memory:"),
    ("DATABASE_URL", "mysql+pymysql://u:pa:1@h:s3cret@y/db"),
    ("DATABASE_URL", "mysql+pymysql://u:s3cret/pw@h/db"),
    ("DATABASE_URL", "mysql+pymysql://u:s3cret?pw@h/db"),
    ("DATABASE_URL", "mysql+pymysql://u:s3cret#pw@h/db"),
    ("DATABASE_URL", "mysql+pymysql://u:p[s3cret@h/db"),
    ("DATABASE_URL", "mysql+pymysql://u:s3cret@h:/db"),
    ("DATABASE_URL", "mysql+pymysql://u:s3cret@/db"),
    ("DATABASE_URL", "mysql+pymysql://u:s3cret@h/db?foo=bar"),
    ("DATABASE_URL", "postgresql+psycopg://u:s3cret@h/db?foo=s3cret"),
    ("DATABASE_URL", "postgresql+psycopg://u:s3cret@h/db?sslmode=require&sslmode=disable"),
    ("DATABASE_URL", "sqlite:///x.db?timeout=abc"),
    ("DATABASE_URL", "sqlite:///x.db?foo"),
    ("DATABASE_URL", "sqlite://host/x.db"),
    ("DATABASE_URL", "sqlite:///:memory:?cache=shared"),
    ("DATABASE_REPLICA_URL", "s3cret"),
    ("REDIS_URL", "redis://:s3cret/PW@h/0"),
    ("REDIS_URL", "redis://:s3cret@h:12x/0"),
    ("REDIS_URL", "redis://:s3cret@h/s3cret"),
    ("REDIS_URL", "redis:///0"),
    ("REDIS_URL", "redis://h/0?socket_timeout=abc"),
    ("YOUTUBE_SEARCH_CALLS_PER_DAY", str(10**9 + 1)),
    ("YOUTUBE_UNITS_PER_DAY", "9" * 30),
    ("YOUTUBE_API_ENDPOINT", "http://host:port/"),
    ("REDIS_URL", "http://:s3cret@host"),
    ("REDIS_URL", "redis://:s3cret@host:99999/0"),
    ("CELERY_BROKER_URL", "amqp://u:s3cret@host"),
    ("INVIDIOUS_URL", "invidious.internal:3000"),
    ("INVIDIOUS_URL", "ftp://invidious.internal"),
    ("INVIDIOUS_URL", "http://"),
    ("INVIDIOUS_URL", "http://u:s3cret@invidious.internal"),
    ("INVIDIOUS_URL", "http://invidious.internal/?token=s3cret"),
    ("INVIDIOUS_URL", "http://invidious.internal/#s3cret"),
    ("READ_AUTH", "s3cret"),
    ("PROXY_HOPS", "-1"),
    ("PROXY_HOPS", "6"),
    ("PROXY_HOPS", "s3cret"),
    ("RATE_LIMIT_PER_MINUTE", "-1"),
    ("RATE_LIMIT_PER_MINUTE", "1000001"),
    ("CLIENT_RATE_LIMIT_PER_MINUTE", "1e3"),
    ("SECRET_KEY", "s3cret"),
    ("SECRET_KEY", "s3cret-0123456789-abcdefghijklm"),
    ("SECRET_KEY", "0123456789abcdefghijklmnopqrstuvw, s3cret"),
    ("SECRET_KEY", "s3cr" * 20),
    ("SECRET_KEY", "s3crét-0123456789abcdefghijklmnopqrstuvw"),
    ("SECRET_KEY", "s3cret\n0123456789abcdefghijklmnopqrstuvw"),
    ("SECRET_KEY", " , ,"),
    ("METRICS_TOKEN", "s3cret"),
    ("METRICS_TOKEN", "s3cret with blanks 0123456789abcdefghijkl"),
    ("METRICS_TOKEN", "s3cr" * 20),
    ("LOG_LEVEL", "loud"),
    ("DEMO", "perhaps"),
]


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_a_wrong_value_is_told_in_one_line_that_names_the_variable_and_no_secret(
    dotenv: Path, name: str, value: str
) -> None:
    with pytest.raises(SettingsError) as told:
        load_settings({name: value}, dotenv)
    message = str(told.value)
    assert message.startswith(f"{name}: ")
    assert "\n" not in message
    assert "s3c" not in message
    assert told.value.__suppress_context__, "a traceback would show the value"


def test_nothing_set_is_the_embedded_default(dotenv: Path) -> None:
    settings = load_settings({}, dotenv)
    assert settings == Settings()
    assert (settings.host, settings.port, settings.broker_url) == ("127.0.0.1", 5001, "")
    assert settings.database_url == "sqlite:///var/newsreel.db"


def test_a_variable_set_to_nothing_is_unset(dotenv: Path) -> None:
    names = [name.upper() for name in Settings.model_fields if name != "celery_broker_url"]
    assert load_settings(dict.fromkeys(names, ""), dotenv) == Settings()


def test_the_environment_goes_before_the_file_dotenv(dotenv: Path) -> None:
    dotenv.write_text("PORT=1\nHOST=file\nKEYWORDS=file\n")
    settings = load_settings({"PORT": "2", "KEYWORDS": ""}, dotenv)
    assert (settings.port, settings.host, settings.keywords) == (2, "file", "")


def test_a_secret_may_stand_in_a_file_of_its_own(dotenv: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s3cret\n")
    by_file = {"YOUTUBE_API_KEYS_FILE": str(secret)}
    assert load_settings(by_file, dotenv).youtube_api_keys == "s3cret"
    assert load_settings({**by_file, "YOUTUBE_API_KEYS": ""}, dotenv).youtube_api_keys == "s3cret"
    assert load_settings({**by_file, "YOUTUBE_API_KEYS": "a"}, dotenv).youtube_api_keys == "a"
    dotenv.write_text("YOUTUBE_API_KEYS=dotenv\n")
    assert load_settings(by_file, dotenv).youtube_api_keys == "s3cret"
    dotenv.write_text(f"YOUTUBE_API_KEYS=\nYOUTUBE_API_KEYS_FILE={secret}\n")
    assert load_settings({}, dotenv).youtube_api_keys == "s3cret"


def test_an_empty_secret_file_is_unset_and_an_unreadable_one_is_told(
    dotenv: Path, tmp_path: Path
) -> None:
    empty, binary = tmp_path / "empty", tmp_path / "binary"
    empty.write_text("\n")
    binary.write_bytes(b"\xff\xfe")
    assert load_settings({"PORT_FILE": str(empty)}, dotenv).port == 5001
    for path in (binary, tmp_path / "absent", tmp_path):
        with pytest.raises(SettingsError, match=r"^REDIS_URL_FILE: cannot read"):
            load_settings({"REDIS_URL_FILE": str(path)}, dotenv)


def test_a_secret_file_after_a_dash_may_be_missing_but_not_unreadable(
    dotenv: Path, tmp_path: Path
) -> None:
    secret, binary = tmp_path / "secret", tmp_path / "binary"
    by_file = {"REDIS_READ_URL_FILE": f"-{secret}"}
    assert load_settings(by_file, dotenv).redis_read_url == ""
    secret.write_text("redis://near/0\n")
    assert load_settings(by_file, dotenv).redis_read_url == "redis://near/0"
    binary.write_bytes(b"\xff\xfe")
    for path in (binary, tmp_path):
        with pytest.raises(SettingsError, match=r"^REDIS_READ_URL_FILE: cannot read /"):
            load_settings({"REDIS_READ_URL_FILE": f"-{path}"}, dotenv)


def test_without_its_file_a_queue_of_its_own_is_that_of_redis(dotenv: Path, tmp_path: Path) -> None:
    given = {"REDIS_URL": "redis://host", "CELERY_BROKER_URL_FILE": f"-{tmp_path}/absent"}
    assert load_settings(given, dotenv).broker_url == "redis://host"


def test_a_dotenv_that_cannot_be_read_is_told(dotenv: Path) -> None:
    dotenv.write_bytes(b"PORT=\xff\n")
    with pytest.raises(SettingsError, match="cannot read"):
        load_settings({}, dotenv)


RANDOM = "s3cret-k7Ww2qZp9x-0123456789-abcdef"
SECRETS = {
    "ALERT_URLS": "slack://s3cret/B/C",
    "YOUTUBE_API_KEYS": "s3cret",
    "DATABASE_URL": "mysql+pymysql://u:s3cret@host/db",
    "DATABASE_REPLICA_URL": "postgresql+psycopg://u:s3cret@host/db",
    "REDIS_URL": "redis://:s3cret@host/0",
    "REDIS_READ_URL": "redis://:s3cret@near/0",
    "CELERY_BROKER_URL": "rediss://:s3cret@host/1",
}


IS_SECRET = {name.upper() for name, field in Settings.model_fields.items() if not field.repr}


def test_what_holds_a_secret_is_known_as_one() -> None:
    sounds_secret = re.compile(
        "KEY$|KEYS$|PASSWORD|SECRET|TOKEN|DATABASE_URL|REPLICA_URL|REDIS|ALERT_U"
    )
    named = {name.upper() for name in Settings.model_fields if sounds_secret.search(name.upper())}
    assert named <= IS_SECRET


@pytest.mark.parametrize("name", sorted(IS_SECRET))
def test_every_secret_may_stand_in_a_file_and_shows_in_no_repr(
    dotenv: Path, tmp_path: Path, name: str
) -> None:
    value = SECRETS.get(name, RANDOM)
    (tmp_path / "secret").write_text(f"{value}\n")
    settings = load_settings({f"{name}_FILE": str(tmp_path / "secret")}, dotenv)
    assert getattr(settings, name.lower()) == value
    assert "s3cret" not in f"{settings!r} {settings}"


@pytest.mark.parametrize(
    ("environ", "broker_url"),
    [
        ({}, ""),
        ({"REDIS_URL": "redis://host"}, "redis://host"),
        ({"REDIS_URL": "redis://host", "CELERY_BROKER_URL": ""}, ""),
        ({"REDIS_URL": "redis://host", "CELERY_BROKER_URL": "redis://queue"}, "redis://queue"),
    ],
)
def test_an_unset_broker_is_redis_and_an_empty_one_the_embedded_scheduler(
    dotenv: Path, environ: dict[str, str], broker_url: str
) -> None:
    assert load_settings(environ, dotenv).broker_url == broker_url


@pytest.mark.parametrize(
    "url",
    [
        "mysql+pymysql://u:p%40ss@host:3306/db?ssl_ca=/x",
        "postgresql+psycopg://u@[::1]:5432/db",
        "postgresql+psycopg://u:p:q@db/news?sslmode=verify-full&sslrootcert=/x",
        "postgresql+psycopg://user@/news",
        "sqlite:////var/lib/newsreel.db",
    ],
)
def test_good_database_urls_pass_unchanged(dotenv: Path, url: str) -> None:
    assert load_settings({"DATABASE_URL": url}, dotenv).database_url == url


@pytest.mark.parametrize(
    "url", ["redis://:a%2Fb@host:6379/0", "redis://[::1]", "rediss://h/1?ssl_cert_reqs=required"]
)
def test_good_redis_urls_pass_unchanged(dotenv: Path, url: str) -> None:
    assert load_settings({"REDIS_URL": url}, dotenv).redis_url == url


def test_keys_may_have_projects_and_blanks_around_them(dotenv: Path) -> None:
    keys = " AIza-one , my project:AIza_two,, other: AIzaThree ,"
    assert load_settings({"YOUTUBE_API_KEYS": keys}, dotenv).youtube_api_keys == keys


def test_keywords_are_a_list_without_blanks_and_repetitions(dotenv: Path) -> None:
    settings = load_settings({"KEYWORDS": " news, café ,, News,news,a|b "}, dotenv)
    assert settings.keyword_list == ("news", "café", "News", "a|b")


@pytest.mark.parametrize("url", ["http://invidious.internal:3000", "https://10.0.0.7/below/"])
def test_an_instance_of_invidious_may_be_anywhere_and_ends_with_a_slash(
    dotenv: Path, url: str
) -> None:
    assert load_settings({}, dotenv).invidious_url == ""
    assert load_settings({"INVIDIOUS_URL": url}, dotenv).invidious_url == url.rstrip("/") + "/"


def test_the_first_secret_signs_and_all_are_kept_out_of_sight(dotenv: Path) -> None:
    new, old = "n-0123456789abcdefghijklmnopqrstuvw", "o-0123456789abcdefghijklmnopqrstuvw"
    settings = load_settings({"SECRET_KEY": f" {new} ,{old},"}, dotenv)
    assert settings.secret_keys == (new.encode(), old.encode())
    assert new not in repr(settings)
    assert load_settings({}, dotenv).secret_keys == ()


def test_addresses_of_alerts_are_told_apart_and_kept_out_of_sight(tmp_path: Path) -> None:
    text = " mailto://me:canary@mail.example?to=a@b.example,c@d.example, slack://canary/B/C/#news\n"
    found = load_settings(environ={"ALERT_URLS": text}, dotenv=tmp_path / "none")
    assert found.alert_url_list == (
        "mailto://me:canary@mail.example?to=a@b.example,c@d.example",
        "slack://canary/B/C/#news",
    )
    assert "canary" not in repr(found)
    assert load_settings(environ={}, dotenv=tmp_path / "none").alert_url_list == ()


@pytest.mark.parametrize("text", ["canary", "me@example.org", "slack://", "slack:/canary", "://x"])
def test_what_is_no_address_of_an_alert_is_refused_without_showing_it(
    text: str, tmp_path: Path
) -> None:
    with pytest.raises(SettingsError) as refusal:
        load_settings(environ={"ALERT_URLS": text}, dotenv=tmp_path / "none")
    assert str(refusal.value).startswith("ALERT_URLS: must be Apprise URLs")
    assert "canary" not in str(refusal.value)
