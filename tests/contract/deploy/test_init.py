from pathlib import Path

import pytest
from dotenv import dotenv_values
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import make_url

from app.settings import Settings, load_settings
from deploy.compose import init

VOLUMES = (
    *("app", "worker", "beat", "flower", "migrate"),
    *("mysql", "redis", "prometheus", "grafana"),
)


# What `.env` and files like it give a meaning to, amid any other text.
TEXTS = st.lists(
    st.sampled_from(["$", "${", "${HOME}", "}", "'", '"', "\\", "#", " ", "=", "\n"])
    | st.characters(exclude_categories=["Cs"], exclude_characters="\0\r")
).map("".join)


def new_volumes(folder: Path) -> Path:
    for name in VOLUMES:
        (folder / name).mkdir(parents=True)
    return folder


@pytest.fixture
def volumes(tmp_path: Path) -> Path:
    return new_volumes(tmp_path)


def names_in(path: Path) -> set[str]:
    return set(dotenv_values(path))


def settings_of(volumes: Path, service: str = "app") -> Settings:
    return load_settings({}, dotenv=volumes / service / "settings.env")


def password_in(url: str) -> str | None:
    return make_url(url).password


def test_the_services_and_the_servers_are_told_the_same_passwords(volumes: Path) -> None:
    init.initialise(init.MODES["real"], {}, volumes)

    web, migrate = settings_of(volumes), settings_of(volumes, "migrate")
    redis_password = (volumes / "redis" / "password").read_text()
    assert password_in(web.database_url) == (volumes / "mysql" / "password").read_text()
    assert password_in(migrate.database_url) == (volumes / "mysql" / "owner_password").read_text()
    assert password_in(web.redis_url) == redis_password
    users = (volumes / "redis" / "redis.conf").read_text()
    operator_password = (volumes / "redis" / "operator_password").read_text()
    assert make_url(web.redis_url).username == "newsreel"
    assert f"user newsreel reset on >{redis_password} " in users
    assert f"user operator reset on >{operator_password} " in users
    for name in ("beat", "flower"):
        url = make_url(settings_of(volumes, name).redis_url)
        assert (url.username, url.host) == (name, "redis")
        assert url.database == make_url(web.redis_url).database
        assert url.password == (volumes / "redis" / f"{name}_password").read_text()
        assert f"user {name} reset on >{url.password} " in users
    assert "&/0.celery.pidbox " in users
    assert "&/1.celery.pidbox " in users, "of the demo"
    flower_password = (volumes / "flower" / "flower_password").read_text()
    flower = (volumes / "flower" / "flowerconfig.py").read_text()
    assert flower == f"basic_auth = ['newsreel:{flower_password}']\n"
    told = dotenv_values(volumes / "app" / "settings.env")["METRICS_TOKEN"]
    assert (volumes / "prometheus" / "metrics_token").read_text() == told


def test_prometheus_is_told_the_token_that_the_operator_gave(volumes: Path) -> None:
    init.initialise(init.MODES["real"], {"METRICS_TOKEN": "of-the-operator-0123456789"}, volumes)

    assert (volumes / "prometheus" / "metrics_token").read_text() == "of-the-operator-0123456789"


def test_each_service_knows_what_it_needs_and_no_more(volumes: Path) -> None:
    environ = {
        "YOUTUBE_API_KEYS": "a-real-key",
        "ALERT_URLS": "mailto://user:secret@example.org",
        "FETCH_INTERVAL_SECONDS": "30",
        "LOG_LEVEL": "debug",
    }
    init.initialise(init.MODES["real"], environ, volumes)

    own = {"DATABASE_URL", "REDIS_URL"}
    in_app = names_in(volumes / "app" / "settings.env")
    assert in_app == environ.keys() | own | {*init.GENERATED, "PROXY_HOPS"}
    assert names_in(volumes / "worker" / "settings.env") == environ.keys() | own
    redis_passwords = {password_in(settings_of(volumes).broker_url)}
    for name in ("beat", "flower"):
        known = names_in(volumes / name / "settings.env")
        assert known == {"REDIS_URL", "FETCH_INTERVAL_SECONDS", "LOG_LEVEL"}
        assert password_in(settings_of(volumes, name).broker_url) not in redis_passwords
        redis_passwords.add(password_in(settings_of(volumes, name).broker_url))
    assert names_in(volumes / "migrate" / "settings.env") == {"DATABASE_URL"}
    for name in ("beat", "flower", "migrate", "mysql", "redis", "prometheus", "grafana"):
        written = "".join(path.read_text() for path in (volumes / name).iterdir())
        assert "a-real-key" not in written
        assert "user:secret" not in written


def test_no_two_installations_share_a_secret(tmp_path: Path) -> None:
    passwords = set[str]()
    for installation in (tmp_path / "a", tmp_path / "b"):
        init.initialise(init.MODES["real"], {}, new_volumes(installation))
        passwords |= {path.read_text() for path in installation.glob("*/*password")}
        passwords.add((installation / "app" / "secret_key").read_text())
        passwords.add((installation / "app" / "metrics_token").read_text())

    assert len(passwords) == 2 * 12
    assert min(map(len, passwords)) >= 32


def test_tokens_are_signed_with_a_key_of_this_installation_or_the_operators(
    volumes: Path,
) -> None:
    init.initialise(init.MODES["real"], {}, volumes)
    made = settings_of(volumes).secret_key
    assert made == (volumes / "app" / "secret_key").read_text()
    assert len(made) >= 64

    given = f"{'0123456789abcdef' * 4},{made}"
    init.initialise(init.MODES["real"], {"SECRET_KEY": given}, volumes)
    assert settings_of(volumes).secret_key == given


@pytest.mark.parametrize(("given", "hops"), [(None, 1), ("", 1), ("0", 1), ("1", 2)])
def test_nginx_is_one_more_proxy_than_the_operator_has(
    volumes: Path, given: str | None, hops: int
) -> None:
    environ = {} if given is None else {"PROXY_HOPS": given}
    init.initialise(init.MODES["real"], environ, volumes)
    assert settings_of(volumes).proxy_hops == hops


def test_a_later_start_keeps_the_secrets(volumes: Path) -> None:
    init.initialise(init.MODES["real"], {}, volumes)
    first = settings_of(volumes)
    init.initialise(init.MODES["demo"], {}, volumes)
    init.initialise(init.MODES["real"], {}, volumes)

    assert settings_of(volumes) == first


def test_only_the_owner_and_the_group_can_read_what_is_written(volumes: Path) -> None:
    init.initialise(init.MODES["real"], {}, volumes)

    modes = {path.stat().st_mode & 0o777 for path in volumes.glob("*/*")}
    assert modes == {0o440}


def test_the_web_process_is_not_told_who_may_change_tables(volumes: Path) -> None:
    init.initialise(init.MODES["real"], {}, volumes)

    seen_by_web = "".join(path.read_text() for path in (volumes / "app").iterdir())
    for name in ("mysql/owner_password", "mysql/root_password", "redis/operator_password"):
        assert (volumes / name).read_text() not in seen_by_web


def test_the_operators_settings_arrive_unchanged(volumes: Path) -> None:
    environ = {
        "YOUTUBE_API_KEYS": "work:key-1,key-2",
        "KEYWORDS": "rock'n'roll, \"quoted\" \\ #1, café 🔥",
        "FETCH_INTERVAL_SECONDS": "30",
        "HOME": "/tmp",
    }
    init.initialise(init.MODES["real"], environ, volumes)

    settings = settings_of(volumes)
    assert settings.youtube_api_keys == environ["YOUTUBE_API_KEYS"]
    assert settings.keywords == environ["KEYWORDS"]
    assert settings.fetch_interval_seconds == 30


@given(keywords=TEXTS, password=TEXTS)
def test_what_is_written_for_a_service_is_read_unchanged(
    tmp_path_factory: pytest.TempPathFactory, keywords: str, password: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "settings.env"
    path.write_text(init.dotenv({"ADMIN_PASSWORD": password, "KEYWORDS": keywords}), "utf-8")
    settings = load_settings({}, dotenv=path)
    assert (settings.admin_password, settings.keywords) == (password, keywords)


def test_a_dotenv_of_the_embedded_mode_does_not_redirect_the_stack(volumes: Path) -> None:
    environ = {
        "DATABASE_URL": "sqlite:///var/newsreel.db",
        "REDIS_URL": "",
        "CELERY_BROKER_URL": "",
        "HOST": "127.0.0.1",
        "PORT": "8080",
        "DEMO": "1",
    }
    init.initialise(init.MODES["real"], environ, volumes)

    settings = settings_of(volumes)
    assert settings.database_url.startswith("mysql+pymysql://newsreel:")
    assert settings.broker_url == settings.redis_url != ""
    assert not settings.demo
    assert "HOST=" not in (volumes / "app" / "settings.env").read_text()


def test_the_demo_shares_no_data_and_no_key_with_the_real_stack(volumes: Path) -> None:
    environ = {"YOUTUBE_API_KEYS": "a-real-key"}
    init.initialise(init.MODES["real"], environ, volumes)
    real = settings_of(volumes)
    init.initialise(init.MODES["demo"], environ, volumes)
    demo = settings_of(volumes)

    assert demo.demo
    assert demo.youtube_api_endpoint == "http://simulator:8800/"
    assert "a-real-key" not in demo.youtube_api_keys
    assert make_url(demo.database_url).database != make_url(real.database_url).database
    assert make_url(demo.redis_url).database != make_url(real.redis_url).database
    assert make_url(settings_of(volumes, "migrate").database_url).database == "newsreel_demo"


def test_the_demo_watches_the_operators_keywords_or_else_its_own(volumes: Path) -> None:
    init.initialise(init.MODES["demo"], {"KEYWORDS": "jazz"}, volumes)
    given = settings_of(volumes).keyword_list
    init.initialise(init.MODES["demo"], {}, volumes)

    assert given == ("jazz",)
    assert settings_of(volumes).keyword_list == ("music", "news")


def test_the_end_of_the_demo_leaves_nothing_of_it(volumes: Path) -> None:
    init.initialise(init.MODES["demo"], {}, volumes)
    init.initialise(init.MODES["real"], {}, volumes)

    settings = settings_of(volumes)
    assert not settings.demo
    assert settings.youtube_api_keys == ""
    assert settings.keyword_list == ()
    assert settings.youtube_api_endpoint == Settings().youtube_api_endpoint
