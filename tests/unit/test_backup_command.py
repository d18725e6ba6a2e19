"""`backup` and `restore`, as an operator calls them."""

import tarfile
from pathlib import Path

import pytest

from app.cli import FAILED, MISUSED, OK, main
from app.embedded.alone import alone
from app.embedded.secret_key import PATH

Said = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def keyed(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("YOUTUBE_API_KEYS", "some-key")
    assert main(["watch", "add", "news"]) == OK
    PATH.write_text("k" * 64)


def test_what_is_watched_comes_back_in_an_empty_folder(
    environment: pytest.MonkeyPatch, capsys: Said, tmp_path: Path
) -> None:
    assert main(["backup"]) == OK
    [backup] = (tmp_path / "var" / "backups").iterdir()
    with tarfile.open(backup) as tar:
        assert tar.getnames() == ["manifest.json", "newsreel.db", "secret_key"]
    (tmp_path / "other").mkdir()
    environment.chdir(tmp_path / "other")
    assert main(["restore", str(backup)]) == OK
    capsys.readouterr()
    assert main(["watch", "list"]) == OK
    assert "news" in capsys.readouterr().out
    assert PATH.read_text() == "k" * 64


def test_nothing_is_restored_under_a_running_service(capsys: Said) -> None:
    assert main(["backup", "it.tar"]) == OK
    before = Path("var/newsreel.db").stat().st_ino
    with alone("sqlite:///var/newsreel.db"):
        assert main(["backup", "meanwhile.tar"]) == OK
        assert main(["restore", "it.tar"]) == FAILED
    assert "another process holds var/newsreel.db.lock" in capsys.readouterr().err
    assert Path("var/newsreel.db").stat().st_ino == before


def test_a_linked_database_is_replaced_where_it_lies(capsys: Said) -> None:
    Path("disk").mkdir()
    Path("var/newsreel.db").rename("disk/real.db")
    Path("var/newsreel.db").symlink_to("../disk/real.db")
    assert main(["backup", "it.tar"]) == OK
    assert main(["restore", "it.tar"]) == OK
    assert Path("var/newsreel.db").is_symlink()
    assert len(list(Path("disk").glob("real.db.replaced-*"))) == 1
    assert "disk/real.db" in capsys.readouterr().out


def test_a_database_on_a_server_is_not_for_it(
    environment: pytest.MonkeyPatch, capsys: Said
) -> None:
    environment.setenv("DATABASE_URL", "mysql+pymysql://u:hunter2@127.0.0.1:1/news")
    for command in (["backup"], ["restore", "it.tar"]):
        assert main(command) == MISUSED
        said = capsys.readouterr().err
        assert "mysqldump" in said
        assert "hunter2" not in said


@pytest.fixture
def keyless(environment: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A demo in a folder of its own; the backup of real videos lies above it, as `real.tar`."""
    assert main(["backup", "real.tar"]) == OK
    Path("demo").mkdir()
    environment.chdir("demo")
    environment.delenv("YOUTUBE_API_KEYS")
    assert main(["watch", "add", "music"]) == OK
    return environment


def _watched(capsys: Said) -> str:
    capsys.readouterr()
    assert main(["watch", "list"]) == OK
    return capsys.readouterr().out


@pytest.mark.usefixtures("keyless")
def test_real_videos_are_not_restored_among_those_of_a_demo(capsys: Said) -> None:
    assert main(["restore", "../real.tar"]) == FAILED
    told = capsys.readouterr().err
    assert "YOUTUBE_API_KEYS" in told
    assert ".env" in told
    assert "music" in _watched(capsys)
    assert list(Path("var").glob("*.replaced-*")) == []


def test_a_demo_is_not_restored_among_real_videos(
    keyless: pytest.MonkeyPatch, capsys: Said
) -> None:
    assert main(["backup", "demo.tar"]) == OK
    assert "YOUTUBE_API_KEYS is not set" in capsys.readouterr().out
    keyless.setenv("YOUTUBE_API_KEYS", "some-key")
    assert main(["restore", "demo.tar"]) == FAILED
    assert "YOUTUBE_API_KEYS" in capsys.readouterr().err
    assert not Path("var/newsreel.db").exists()
    assert main(["restore", "../real.tar"]) == OK
    keyless.setenv("YOUTUBE_API_KEYS", "")
    assert main(["restore", "demo.tar"]) == OK
    assert "music" in _watched(capsys)


def test_a_demo_is_not_backed_up_in_the_place_of_real_videos(
    environment: pytest.MonkeyPatch, capsys: Said
) -> None:
    environment.delenv("YOUTUBE_API_KEYS")
    assert main(["watch", "add", "music"]) == OK
    assert main(["backup", "it.tar"]) == MISUSED
    told = capsys.readouterr().err
    assert "var/newsreel.db" in told
    assert "YOUTUBE_API_KEYS" in told
    assert not Path("it.tar").exists()
