from pathlib import Path

import pytest
from sqlalchemy import make_url

from app.settings import Settings, load_settings
from deploy.compose import init


@pytest.fixture
def volumes(tmp_path: Path) -> Path:
    for name in ("app", "migrate", "mysql", "redis"):
        (tmp_path / name).mkdir()
    return tmp_path


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
    [user] = (volumes / "redis" / "redis.conf").read_text().splitlines()
    assert user.endswith(f" -@admin >{redis_password}"), "and nobody reconfigures Redis by it"
    flower_password = (volumes / "app" / "flower_password").read_text()
    flower = (volumes / "app" / "flowerconfig.py").read_text()
    assert flower == f"basic_auth = ['newsreel:{flower_password}']\n"


def test_no_two_installations_share_a_secret(tmp_path: Path) -> None:
    passwords = set[str]()
    for installation in (tmp_path / "a", tmp_path / "b"):
        for name in ("app", "migrate", "mysql", "redis"):
            (installation / name).mkdir(parents=True)
        init.initialise(init.MODES["real"], {}, installation)
        passwords |= {path.read_text() for path in installation.glob("*/*password")}
        passwords.add((installation / "app" / "secret_key").read_text())

    assert len(passwords) == 2 * 7
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
    for name in ("owner_password", "root_password"):
        assert (volumes / "mysql" / name).read_text() not in seen_by_web


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
