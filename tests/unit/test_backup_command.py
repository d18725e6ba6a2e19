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
