import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.cli import FAILED, MISUSED, OK, main
from app.settings import Settings
from app.store.revisions import newest_revision
from tests.processes import PROJECT

PASSWORD = "hunter2"


@dataclass
class Said:
    """What a command said and how it ended."""

    code: int
    out: str
    err: str

    @property
    def complaint(self) -> str:
        """The one line of a command that could not do its work."""
        [line] = self.err.splitlines()
        assert line.startswith("newsreel: ")
        return line


Run = Callable[..., Said]


@pytest.fixture
def run(environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command in an empty folder, with the settings given and no others."""

    def command(*arguments: str, **values: str) -> Said:
        for name, value in values.items():
            environment.setenv(name, value)
        code = main(arguments)
        return Said(code, *capsys.readouterr())

    return command


@pytest.fixture
def keyed(run: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The same with a key, so not for the demo."""
    monkeypatch.setenv("YOUTUBE_API_KEYS", "some-key")
    return run


def test_the_document_of_the_api_is_written_without_a_database(run: Run) -> None:
    said = run("openapi", DATABASE_URL="mysql+pymysql://news:x@127.0.0.1:1/news")
    assert (said.code, said.out) == (OK, (PROJECT / "docs" / "openapi.json").read_text("utf-8"))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "http"),
        ("PORT", "80000"),
        ("FETCH_INTERVAL_SECONDS", "0"),
        ("FETCH_INTERVAL_SECONDS", "1.5"),
        ("BACKFILL_SECONDS", "-1"),
        ("YOUTUBE_SEARCH_CALLS_PER_DAY", "many"),
        ("LOG_LEVEL", "loud"),
        ("DEMO", "perhaps"),
        ("YOUTUBE_API_ENDPOINT", "youtube.googleapis.com"),
        ("YOUTUBE_API_ENDPOINT", "ftp://youtube.googleapis.com/"),
        ("YOUTUBE_API_ENDPOINT", "http://[::1"),
        ("DATABASE_URL", f"mysql://u:{PASSWORD}@db/newsreel"),
        ("DATABASE_URL", f"mysql+pymysql://u:{PASSWORD}@db:port/newsreel"),
        ("DATABASE_URL", f"postgresql+psycopg://u:{PASSWORD}@db:99999/newsreel"),
        ("DATABASE_URL", f"postgresql+psycopg://u:{PASSWORD}#@db:x/newsreel"),
        ("DATABASE_URL", "sqlite://"),
        ("DATABASE_URL", "sqlite:///:memory:"),
        ("DATABASE_REPLICA_URL", "nowhere"),
        ("REDIS_URL", f"http://:{PASSWORD}@redis:6379/0"),
        ("REDIS_URL", f"redis://:{PASSWORD}@redis:six/0"),
        ("CELERY_BROKER_URL", "amqp://broker"),
        ("YOUTUBE_API_KEYS_FILE", "no/such/file"),
        ("KEYWORDS", f"news,{'x' * 300}"),
        ("KEYWORDS", "news,a\tb"),
        ("KEYWORDS", "caf\udce9"),
        ("CHANNELS", "UC0123456789012345678901,news"),
        ("CHANNELS", "dQw4w9WgXcQ"),
    ],
)
@pytest.mark.parametrize("command", ["serve", "migrate"])
def test_a_wrong_setting_is_one_line_that_names_it(
    run: Run, command: str, name: str, value: str
) -> None:
    said = run(command, **{name: value})
    assert said.code == MISUSED
    assert said.complaint.startswith(f"newsreel: {name}: ")
    assert PASSWORD not in said.err
    assert not Path("var").exists()


@pytest.mark.parametrize(
    "url",
    [
        f"mysql+pymysql://u:{PASSWORD}@db/newsreel",
        f"mysql+pymysql://u:{PASSWORD}%23%2F%3F%40@db:3307/newsreel",
        f"postgresql+psycopg://u:{PASSWORD}@[::1]:5432/newsreel",
        "postgresql+psycopg://user@/newsreel",
    ],
)
def test_urls_with_odd_passwords_and_addresses_are_right(url: str) -> None:
    assert Settings.model_validate({"database_url": url}).database_url == url


def test_a_dotenv_that_is_no_text_is_one_line(run: Run) -> None:
    Path(".env").write_bytes(b"KEYWORDS=caf\xe9\n")
    said = run("migrate")
    assert said.code == MISUSED
    assert ".env" in said.complaint


def test_a_wrong_setting_in_dotenv_names_the_variable(run: Run) -> None:
    Path(".env").write_text("PORT=http\n")
    assert run("migrate").complaint.startswith("newsreel: PORT: ")


@pytest.mark.parametrize(
    "url",
    [
        f"mysql+pymysql://u:{PASSWORD}@127.0.0.1:1/newsreel",
        f"postgresql+psycopg://u:{PASSWORD}@127.0.0.1:1/newsreel",
        "sqlite:////proc/no/such/folder/newsreel.db",
        "sqlite:////dev/null/newsreel.db",
    ],
)
def test_a_database_that_cannot_be_used_is_one_line(keyed: Run, url: str) -> None:
    for command in (["migrate"], ["watch", "list"]):
        said = keyed(*command, DATABASE_URL=url)
        assert said.code == FAILED
        assert said.complaint
        assert PASSWORD not in said.err


def test_a_file_that_is_no_database_is_one_line(keyed: Run) -> None:
    Path("notes.txt").write_text("certainly not a database " * 100)
    said = keyed("migrate", DATABASE_URL="sqlite:///notes.txt")
    assert said.code == FAILED
    assert said.complaint


def test_a_database_of_a_newer_release_is_one_line(keyed: Run) -> None:
    keyed("migrate")
    with closing(sqlite3.connect("var/newsreel.db")) as database, database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    for command in (["migrate"], ["watch", "list"]):
        said = keyed(*command)
        assert said.code == FAILED
        assert "this release" in said.complaint


def test_a_database_that_the_next_release_migrated_is_used_as_it_is(keyed: Run) -> None:
    keyed("watch", "add", "music")
    upgraded = f"{int(newest_revision()) + 1:04}"
    with closing(sqlite3.connect("var/newsreel.db")) as database, database:
        database.execute("UPDATE alembic_version SET version_num = ?", (upgraded,))
    assert keyed("migrate").code == OK
    assert keyed("watch", "list").out.startswith("1  keyword  music")
    with closing(sqlite3.connect("var/newsreel.db")) as database:
        (found,) = database.execute("SELECT version_num FROM alembic_version").fetchone()
    assert found == upgraded


def test_a_name_that_may_be_either_of_two_watches_changes_neither(keyed: Run) -> None:
    keyed("watch", "add", "music")
    keyed("watch", "add", "1")
    said = keyed("watch", "remove", "1")
    assert (said.code, said.out) == (MISUSED, "")
    assert "'music'" in said.complaint
    assert keyed("watch", "remove", "2").out.startswith("removed: 2  keyword  1  ")
    assert keyed("watch", "list").out.startswith("1  keyword  music  ")


def test_a_term_that_is_no_text_is_told_so(keyed: Run) -> None:
    assert "valid Unicode" in keyed("watch", "add", "caf\udce9").complaint


def test_migrate_makes_the_tables_and_may_run_again(keyed: Run) -> None:
    assert keyed("migrate") == Said(OK, "", "")
    assert keyed("migrate").code == OK
    assert keyed("watch", "list") == Said(OK, "", "")


def test_a_watch_is_added_listed_paused_resumed_and_removed(keyed: Run) -> None:
    assert keyed("watch", "add", "lofi beats").out.startswith("added: 1  keyword  lofi beats  next")
    assert keyed("watch", "add", " lofi beats ").out.startswith("known already: 1  ")
    assert keyed("watch", "pause", "lofi beats").out == "1  keyword  lofi beats  paused\n"
    assert keyed("watch", "list").out == "1  keyword  lofi beats  paused\n"
    assert "next" in keyed("watch", "resume", "1").out
    assert "next" in keyed("watch", "fetch", "lofi beats").out
    assert keyed("watch", "remove", "1").out.startswith("removed: 1  ")
    assert keyed("watch", "list").out == ""


@pytest.mark.parametrize(
    "term",
    ["café 😀", '"exact phrase" -not|or', "2026", "日本語", "'; DROP TABLE watches; --", "%s"],
)
def test_odd_terms_are_watched_as_they_are(keyed: Run, term: str) -> None:
    keyed("watch", "add", term)
    assert f"  keyword  {term}  next" in keyed("watch", "list").out
    assert keyed("watch", "remove", term).code == OK


@pytest.mark.parametrize("options", [(), ("--channel",)])
def test_a_channel_is_added_by_its_page_and_found_by_its_id(
    keyed: Run, options: tuple[str, ...]
) -> None:
    channel = "UC0123456789012345678901"
    page = f"https://www.youtube.com/channel/{channel}/videos"
    assert f"1  channel  {channel}  " in keyed("watch", "add", *options, page).out
    assert keyed("watch", "pause", channel).out.startswith("1  channel  ")
    complaint = keyed("watch", "fetch", channel).complaint
    assert complaint == "newsreel: watch 1 is paused: resume it first"


@pytest.mark.parametrize("text", ["javascript:alert(1)", "dQw4w9WgXcQ", "x" * 500])
def test_what_is_no_channel_is_misuse(keyed: Run, text: str) -> None:
    assert keyed("watch", "add", "--channel", text).code == MISUSED
    assert keyed("watch", "list").out == ""


def test_what_looks_like_a_channel_can_be_a_keyword(keyed: Run) -> None:
    assert "1  keyword  @someone  " in keyed("watch", "add", "--keyword", "@someone").out


def test_an_address_that_is_no_channel_is_misuse(keyed: Run) -> None:
    assert keyed("watch", "add", "https://www.youtube.com/watch?v=dQw4w9WgXcQ").code == MISUSED
    assert keyed("watch", "list").out == ""


def test_a_handle_that_cannot_be_looked_up_is_one_line(run: Run) -> None:
    said = run("watch", "add", "--channel", "@someone")
    assert (said.code, said.complaint) == (FAILED, "newsreel: no YouTube API key is configured")


def test_a_term_that_begins_with_a_dash_goes_after_two(keyed: Run) -> None:
    assert keyed("watch", "add", "--", "-live").code == OK
    assert keyed("watch", "remove", "--", "-live").code == OK


@pytest.mark.parametrize("term", ["", "   ", "x" * 201, "a\nb", "\udcff", "tab\there"])
@pytest.mark.parametrize("command", ["add", "pause", "remove"])
def test_a_term_that_cannot_be_watched_is_misuse(keyed: Run, command: str, term: str) -> None:
    said = keyed("watch", command, term)
    assert said.code == MISUSED
    assert "keyword" in said.complaint


@pytest.mark.parametrize("name", ["7", "no such term", "9" * 30, "²"])
@pytest.mark.parametrize("command", ["pause", "resume", "remove"])
def test_a_watch_that_does_not_exist_cannot_be_changed(keyed: Run, command: str, name: str) -> None:
    said = keyed("watch", command, name)
    assert said.code == FAILED
    assert said.complaint == f"newsreel: there is no watch {name!r}" or name == "7"


@pytest.mark.parametrize("arguments", [[], ["watch"], ["watch", "add"], ["serve", "now"], ["play"]])
def test_wrong_usage_exits_2(run: Run, arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run(*arguments)
    assert ended.value.code == MISUSED


def test_without_a_key_the_watches_are_those_of_the_demo(run: Run) -> None:
    run("watch", "add", "music")
    assert [path.name for path in Path("var").glob("*.db")] == ["demo.db"]
    assert run("watch", "list", YOUTUBE_API_KEYS="some-key").out == ""
    assert Path("var/newsreel.db").exists()
