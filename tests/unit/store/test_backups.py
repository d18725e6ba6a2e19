import json
import os
import sqlite3
import stat
import tarfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict
from datetime import timedelta
from functools import partial
from io import BytesIO
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread

import pytest

from app.domain.feeds import ALL
from app.embedded.alone import AlreadyRunningError, alone, sqlite_file
from app.store import backups
from app.store.backups import BackupError, back_up, restore
from app.store.database import Database
from app.store.store import Store
from tests.contract.store.tellings import NOW, list_feed, record, video

KEY = b"a" * 64


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "newsreel.db"


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret_key"
    path.write_bytes(KEY)
    return path


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return tmp_path / "kept" / "backup.tar"


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A database with three videos, made once."""
    path = tmp_path_factory.mktemp("filled") / "newsreel.db"
    opened = Store(Database(f"sqlite:///{path}"))
    opened.migrate()
    record(opened, map(video, range(3)))
    opened.dispose()
    return path.read_bytes()


@pytest.fixture
def store(database: Path, filled: bytes) -> Iterator[Store]:
    database.write_bytes(filled)
    opened = Store(Database(f"sqlite:///{database}"))
    yield opened
    opened.dispose()


def _titles(database: Path) -> list[str]:
    opened = Store(Database(f"sqlite:///{database}"))
    titles = sorted(row.video.title for row in list_feed(opened, ALL))
    opened.dispose()
    return titles


def _other_disk(path: Path) -> Path:
    other = Path("/dev/shm")
    if not other.is_dir() or other.stat().st_dev == path.stat().st_dev:
        pytest.skip("there is one disk")
    return other


def _repacked(archive: Path, target: Path, **changed: bytes | None) -> Path:
    """The archive with some members replaced or left out."""
    with tarfile.open(archive) as old, tarfile.open(target, "w:") as new:
        for info in old:
            member = old.extractfile(info)
            assert member is not None
            content = changed.get(info.name.partition(".")[0], member.read())
            if content is not None:
                info.size = len(content)
                new.addfile(info, BytesIO(content))
    return target


@pytest.mark.usefixtures("links")
def test_a_backup_puts_back_what_was_there_and_keeps_what_it_replaces(
    store: Store, database: Path, archive: Path, secret: Path
) -> None:
    back_up(database, archive, NOW, secret=secret)
    record(store, map(video, range(3, 5)))
    store.dispose()
    secret.write_bytes(b"b" * 64)

    done = restore(archive, database, NOW, secret=secret)

    assert _titles(database) == [f"Title {number}" for number in range(3)]
    assert secret.read_bytes() == KEY
    kept_database, kept_key = done.kept
    assert _titles(kept_database) == [f"Title {number}" for number in range(5)]
    assert kept_key.read_bytes() == b"b" * 64
    assert [stat.S_IMODE(p.stat().st_mode) for p in (archive, database, secret)] == [0o600] * 3


def test_a_key_on_another_disk_is_put_back_where_a_link_leads(
    store: Store, database: Path, archive: Path, tmp_path: Path
) -> None:
    store.dispose()
    with TemporaryDirectory(dir=_other_disk(tmp_path)) as elsewhere:
        real, secret = Path(elsewhere, "key"), tmp_path / "linked"
        real.write_bytes(KEY)
        secret.symlink_to(real)
        back_up(database, archive, NOW, secret=secret)
        real.write_bytes(b"b" * 64)
        restore(archive, database, NOW, secret=secret)
        assert real.read_bytes() == KEY
        assert secret.is_symlink()
        assert [p.read_bytes() for p in Path(elsewhere).glob("key.*")] == [b"b" * 64]


@pytest.mark.parametrize("part", ["-wal", "-journal"])
def test_a_log_whose_database_was_taken_away_spoils_nothing(
    store: Store, database: Path, archive: Path, secret: Path, part: str
) -> None:
    back_up(database, archive, NOW, secret=secret)
    store.dispose()
    database.unlink()
    database.with_name(database.name + part).write_bytes(b"of another")
    done = restore(archive, database, NOW, secret=secret)
    assert not database.with_name(database.name + part).exists()
    assert [kept.read_bytes() for kept in done.kept] == [b"of another"]
    assert len(_titles(database)) == 3


def test_what_a_killed_service_had_only_in_its_log_is_kept_too(
    store: Store, database: Path, archive: Path, secret: Path, tmp_path: Path
) -> None:
    back_up(database, archive, NOW, secret=secret)
    record(store, map(video, range(3, 5)))
    killed = tmp_path / "killed" / "newsreel.db"  # as it lies after kill -9: nobody closed it
    killed.parent.mkdir()
    for part in ("", "-wal"):
        file = database.with_name(database.name + part)
        killed.with_name(killed.name + part).write_bytes(file.read_bytes())

    done = restore(archive, killed, NOW, secret=secret)

    assert len(_titles(killed)) == 3
    assert len(_titles(done.kept[0])) == 5


@pytest.mark.parametrize("demo", [False, True])
@pytest.mark.usefixtures("store")
def test_a_backup_that_does_not_say_whether_it_is_of_a_demo_is_restored(
    database: Path, archive: Path, secret: Path, *, demo: bool
) -> None:
    made = asdict(back_up(database, archive, NOW, secret=secret))
    del made["demo"]
    said = json.dumps(made | {"format": 1}).encode()
    older = _repacked(archive, archive.with_name("older.tar"), manifest=said)
    assert restore(older, database, NOW, secret=secret, demo=demo).manifest.demo is None
    assert len(_titles(database)) == 3


class KilledError(BaseException):
    """Ends a restore where a signal would."""


STEPS = (
    *((os, "link"), (os, "fsync"), (Path, "unlink"), (Path, "replace"), (Path, "rename")),
    (backups, "_take_in_logs"),
)


@contextmanager
def _killed_at(step: int, *, before: bool) -> Iterator[None]:
    """End what changes files at that step, before or after it; in the end all is as it was."""
    turns = count()
    with pytest.MonkeyPatch.context() as patch:
        for owner, name in STEPS:
            patch.setattr(owner, name, _deadly(getattr(owner, name), turns, step, before=before))
        yield


def _deadly(
    real: Callable[..., object], turns: Iterator[int], step: int, *, before: bool
) -> Callable[..., object]:
    def do(*given: object, **named: object) -> object:
        is_last = next(turns) == step
        if is_last and before:
            raise KilledError
        try:
            return real(*given, **named)
        finally:
            if is_last:
                raise KilledError

    return do


@pytest.mark.usefixtures("links")
@pytest.mark.parametrize("before", [True, False])
def test_a_restore_that_is_killed_at_any_step_leaves_the_old_or_the_new_database(
    store: Store, database: Path, archive: Path, secret: Path, tmp_path: Path, *, before: bool
) -> None:
    back_up(database, archive, NOW, secret=secret)
    record(store, map(video, range(3, 5)))
    left = [database.with_name(database.name + part) for part in ("", "-wal")]
    after_kill_9 = [file.read_bytes() for file in left]
    seen = []
    for step in count():
        place = tmp_path / str(step) / "newsreel.db"
        place.parent.mkdir()
        for part, content in zip(("", "-wal"), after_kill_9, strict=True):
            place.with_name(place.name + part).write_bytes(content)
        key = place.with_name("secret_key")
        key.write_bytes(b"b" * 64)
        try:
            with _killed_at(step, before=before):
                restore(archive, place, NOW, secret=key)
        except KilledError:
            pass
        else:
            break
        seen.append(len(_titles(place)))
        restore(archive, place, NOW + timedelta(seconds=1), secret=key)
        assert (len(_titles(place)), key.read_bytes()) == (3, KEY)
    assert set(seen) == {3, 5}
    assert seen == sorted(seen, reverse=True)


def test_a_database_that_is_read_is_not_replaced_and_loses_nothing(
    store: Store, database: Path, archive: Path, secret: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    back_up(database, archive, NOW, secret=secret)
    record(store, map(video, range(3, 5)))
    monkeypatch.setattr(sqlite3, "connect", partial(sqlite3.connect, timeout=0.1))
    with closing(sqlite3.connect(database)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM videos").fetchone()
        record(store, [video(5)])
        with pytest.raises(BackupError, match="in use"):
            restore(archive, database, NOW, secret=secret)
    assert len(_titles(database)) == 6
    assert list(database.parent.glob("*.replaced-*")) == []


def test_the_log_of_a_broken_database_does_not_get_into_the_one_in_its_place(
    store: Store, database: Path, archive: Path, secret: Path, tmp_path: Path
) -> None:
    back_up(database, archive, NOW, secret=secret)
    record(store, map(video, range(3, 5)))
    broken = tmp_path / "broken" / "newsreel.db"
    broken.parent.mkdir()
    broken.write_bytes(b"no database " * 1000)
    log = database.with_name(database.name + "-wal").read_bytes()
    broken.with_name(broken.name + "-wal").write_bytes(log)

    done = restore(archive, broken, NOW, secret=secret)

    assert _titles(broken) == [f"Title {number}" for number in range(3)]
    assert [path.read_bytes() for path in done.kept] == [b"no database " * 1000, log]


def test_a_backup_is_one_moment_of_a_service_that_goes_on(
    store: Store, database: Path, archive: Path, secret: Path
) -> None:
    stopped = Event()

    def go_on() -> None:
        number = 3
        while not stopped.is_set():
            record(store, [video(number)])
            number += 1

    thread = Thread(target=go_on)
    thread.start()
    try:
        back_up(database, archive, NOW, secret=secret)
    finally:
        stopped.set()
        thread.join()
    store.dispose()
    restore(archive, database, NOW, secret=secret)
    titles = _titles(database)
    assert sorted(titles) == sorted(f"Title {number}" for number in range(len(titles)))
    with closing(sqlite3.connect(database)) as connection:
        (counted,) = connection.execute(
            "SELECT sum(videos) FROM hour_counts WHERE scope = 0"
        ).fetchone()
    assert counted == len(titles)


@pytest.mark.usefixtures("store", "links")
def test_nothing_is_overwritten(database: Path, archive: Path, secret: Path) -> None:
    archive.parent.mkdir()
    archive.write_text("mine")
    with pytest.raises(BackupError, match="exists"):
        back_up(database, archive, NOW, secret=secret)
    assert archive.read_text() == "mine"


def test_what_cannot_be_backed_up_leaves_no_file(
    database: Path, archive: Path, secret: Path
) -> None:
    with pytest.raises(BackupError, match="there is no database"):
        back_up(database, archive, NOW, secret=secret)
    database.write_bytes(b"no database at all" * 1000)
    with pytest.raises(BackupError, match="cannot be read"):
        back_up(database, archive, NOW, secret=secret)
    assert not archive.exists()
    assert list(archive.parent.iterdir()) == []


def test_a_damaged_database_is_told_instead_of_kept(
    store: Store, database: Path, archive: Path, secret: Path
) -> None:
    store.dispose()
    with database.open("r+b") as file:  # two pages amid the tables
        file.seek(4096 * 3)
        file.write(os.urandom(4096 * 2))
    with pytest.raises(BackupError):
        back_up(database, archive, NOW, secret=secret)
    assert not archive.exists()


@pytest.mark.usefixtures("store")
def test_the_database_of_a_newer_release_is_refused(
    database: Path, archive: Path, secret: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    back_up(database, archive, NOW, secret=secret)
    monkeypatch.setattr(backups, "newest_revision", lambda: "0001")
    with pytest.raises(BackupError, match="newer release"):
        restore(archive, database, NOW, secret=secret)
    assert len(_titles(database)) == 3


@pytest.mark.parametrize("member", ["newsreel", "manifest"])
@pytest.mark.parametrize("content", [b"", b"{}", None])
@pytest.mark.usefixtures("store")
def test_an_archive_that_is_not_whole_changes_nothing(
    database: Path, archive: Path, secret: Path, member: str, content: bytes | None
) -> None:
    back_up(database, archive, NOW, secret=secret)
    spoilt = _repacked(archive, archive.with_name("spoilt.tar"), **{member: content})
    with pytest.raises(BackupError):
        restore(spoilt, database, NOW, secret=secret)
    assert len(_titles(database)) == 3


@pytest.mark.usefixtures("store")
def test_an_archive_that_is_cut_off_changes_nothing(
    database: Path, archive: Path, secret: Path
) -> None:
    back_up(database, archive, NOW, secret=secret)
    cut = archive.with_name("cut.tar")
    cut.write_bytes(archive.read_bytes()[:100_000])
    with pytest.raises(BackupError):
        restore(cut, database, NOW, secret=secret)
    assert len(_titles(database)) == 3


def _evil(name: str, **attributes: object) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    for key, value in attributes.items():
        setattr(info, key, value)
    return info


@pytest.mark.parametrize(
    "info",
    [
        _evil("../escaped"),
        _evil("/tmp/escaped"),
        _evil("secret_key", type=tarfile.SYMTYPE, linkname="/etc/passwd"),
        _evil("secret_key", type=tarfile.LNKTYPE, linkname="newsreel.db"),
        _evil("secret_key", type=tarfile.FIFOTYPE),
        _evil("secret_key", pax_headers={"GNU.sparse.size": "9" * 15, "GNU.sparse.map": "0,0"}),
        _evil("secret_key", size=10**15),
        _evil("manifest.json"),
    ],
    ids=["above", "absolute", "symlink", "hard link", "fifo", "sparse", "huge", "two manifests"],
)
@pytest.mark.usefixtures("store")
def test_an_archive_that_plays_tricks_is_refused(
    database: Path, archive: Path, secret: Path, info: tarfile.TarInfo
) -> None:
    back_up(database, archive, NOW, secret=secret)
    with tarfile.open(archive, "a:") as tar:
        tar.addfile(info)
    with pytest.raises(BackupError):
        restore(archive, database, NOW, secret=secret)
    assert secret.read_bytes() == KEY
    assert len(_titles(database)) == 3


@pytest.mark.usefixtures("store")
def test_a_compressed_archive_is_not_blown_up(database: Path, archive: Path, secret: Path) -> None:
    archive.parent.mkdir()
    with tarfile.open(archive, "w:gz") as tar:
        tar.addfile(_evil("newsreel.db", size=10**6), BytesIO(bytes(10**6)))
    with pytest.raises(BackupError, match="no backup of Newsreel"):
        restore(archive, database, NOW, secret=secret)


def test_a_link_and_what_it_leads_to_have_one_lock(database: Path, tmp_path: Path) -> None:
    link = tmp_path / "elsewhere.db"
    link.symlink_to(database)
    assert sqlite_file(f"sqlite:///{link}") == database.resolve()
    with alone(f"sqlite:///{database}"), pytest.raises(AlreadyRunningError):
        alone(f"sqlite:///{link}").__enter__()
