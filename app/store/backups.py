"""Backups of a SQLite database: one file that is whole or not there, and back.

A backup is an uncompressed tar, readable by its owner alone, of `manifest.json`, `newsreel.db` and,
if there is one, `secret_key`. Nothing is ever unpacked by the names that an archive holds.
"""

from __future__ import annotations

import json
import os
import sqlite3
import tarfile
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from hashlib import file_digest
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from urllib.parse import quote

from app import files
from app.domain.clock import format_instant
from app.domain.errors import NewsreelError
from app.domain.release import VERSION
from app.store.revisions import newest_revision

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from typing import IO

FORMAT = 2
"""1 had no `demo`."""

_MANIFEST, _DATABASE, _SECRET = "manifest.json", "newsreel.db", "secret_key"
_SMALL = 10_000
"""The most bytes of a manifest or a key."""

_LOGS = "-wal", "-journal"


class BackupError(NewsreelError):
    """A backup cannot be made, or is none that can be put back."""

    code = "backup_failed"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup says of itself.

    Args:
        format: of the archive.
        release: which Newsreel made it.
        revision: the migration its database has come to.
        made_at: RFC 3339.
        sha256: of the database's file, in hex.
        demo: whether its videos are simulated; a backup of format 1 does not say.
    """

    format: int
    release: str
    revision: str
    made_at: str
    sha256: str
    demo: bool | None = None


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did: the backup put in place, and where that which was there is kept."""

    manifest: Manifest
    kept: tuple[Path, ...]


def back_up(
    database: Path, target: Path, now: datetime, *, secret: Path, demo: bool = False
) -> Manifest:
    """Copy a database, which may be in use, and the key that signs tokens into a new archive.

    Args:
        database: the file; what commits meanwhile is not in the backup.
        target: made with the rights of its owner alone, if its disk knows any; never overwritten.
        now: the present.
        secret: the file of the key; left out if it is not there.
        demo: whether the database is the demo's.

    Raises:
        BackupError: there is no database, it is damaged, or `target` exists.
        OSError: `target` cannot be written.
    """
    if not database.is_file():
        raise BackupError(f"there is no database at {database}")
    _refuse_existing(target)
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as folder:
        copy, archive = Path(folder, _DATABASE), Path(folder, "archive")
        with _told(database):
            _copy(database, copy)
        revision = _checked(copy)
        manifest = Manifest(FORMAT, VERSION, revision, format_instant(now), _digest(copy), demo)
        key = secret.read_bytes() if secret.is_file() else None
        _pack(archive, manifest, copy, key)
        try:
            files.publish(archive, target)
        except FileExistsError:
            raise _exists(target) from None
    files.sync(target.parent)
    return manifest


def restore(
    archive: Path, database: Path, now: datetime, *, secret: Path, demo: bool = False
) -> Restored:
    """Put a backup in the place of a database that no process uses: hold its lock meanwhile.

    Killed at any step it leaves the old database or the new one there, each whole; done again, it
    ends what was begun.

    Args:
        archive: made by `back_up`.
        database: the file, not a link to it; what is there is kept beside it.
        now: the present, which names what is kept.
        secret: the file of the key, treated likewise if the backup has one.
        demo: whether the database is the demo's.

    Raises:
        BackupError: the archive is damaged, of a newer release, none of ours, or of a demo where
            the database is real, or the reverse; or what is there is in use. All is left as it is.
        OSError: it cannot be read, or the database not be written.
    """
    database.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with TemporaryDirectory(dir=database.parent, prefix=f".{database.name}.") as folder:
        copy = Path(folder, _DATABASE)
        with _opened(archive) as members:
            manifest = _manifest(members)
            _refuse_mixing(manifest, archive, database, demo=demo)
            files.write(copy, members[_DATABASE])
            key = _read_small(members, _SECRET) if _SECRET in members else None
        if _digest(copy) != manifest.sha256:
            raise BackupError(f"{archive} is damaged: its database is not the one it was made with")
        if _checked(copy) != manifest.revision:
            raise BackupError(f"{archive} is damaged: it does not say what its database is")
        ending = f".replaced-{now:%Y%m%dT%H%M%SZ}"
        kept = [*_keep_database(database, ending)]
        copy.replace(database)
        kept += _put_key(secret.resolve(), key, ending)
    files.sync(database.parent)
    return Restored(manifest, tuple(kept))


def _refuse_existing(target: Path) -> None:
    if target.exists() or target.is_symlink():
        raise _exists(target)


def _exists(target: Path) -> BackupError:
    return BackupError(f"{target} exists, and no backup is overwritten")


def _refuse_mixing(manifest: Manifest, archive: Path, database: Path, *, demo: bool) -> None:
    """Keep real videos out of the demo's database, and simulated ones out of any other."""
    if manifest.demo is None or manifest.demo == demo:
        return
    if demo:
        raise BackupError(
            f"{archive} holds real videos, and {database} is the demo's, because YOUTUBE_API_KEYS "
            "is not set: put your .env back first"
        )
    raise BackupError(
        f"{archive} is of a demo, and {database} is not the demo's: to restore that, set "
        "YOUTUBE_API_KEYS to nothing for this command, which goes before .env"
    )


@contextmanager
def _told(database: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise BackupError(f"{database} cannot be read: {error}") from None


def _copy(database: Path, copy: Path) -> None:
    """Copy one snapshot, in one step: in several it would begin anew with each commit of others."""
    source = sqlite3.connect(f"file:{quote(str(database))}?mode=rw", uri=True)
    with closing(source), closing(sqlite3.connect(copy)) as target:
        source.execute("PRAGMA busy_timeout=10000")
        source.backup(target)
        target.execute("PRAGMA journal_mode=DELETE")  # one file; the service sets it back
    with copy.open("rb") as file:
        os.fsync(file.fileno())


def _checked(database: Path) -> str:
    """Return the revision of a database that is sound and of this release or an older one."""
    with _told(database), closing(sqlite3.connect(database)) as connection:
        found = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(1)")]
        if found != ["ok"]:
            raise BackupError(f"the database is damaged: {found[0]}")
        if connection.execute("PRAGMA foreign_key_check").fetchone():
            raise BackupError("the database is damaged: a row names another that is not there")
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    revision = str(row[0]) if row else ""
    if not revision:
        raise BackupError("the database has no tables of Newsreel yet")
    if revision > newest_revision():
        newest = newest_revision()
        raise BackupError(
            f"it is of a newer release: its schema is {revision}, this release knows up to {newest}"
        )
    return revision


def _pack(archive: Path, manifest: Manifest, database: Path, key: bytes | None) -> None:
    with archive.open("xb") as file:
        os.fchmod(file.fileno(), 0o600)
        with tarfile.open(fileobj=file, mode="w:", format=tarfile.PAX_FORMAT) as tar:
            _add(tar, _MANIFEST, json.dumps(asdict(manifest), indent=1).encode())
            with database.open("rb") as content:
                tar.addfile(_info(_DATABASE, database.stat().st_size), content)
            if key is not None:
                _add(tar, _SECRET, key)
        file.flush()
        os.fsync(file.fileno())


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    tar.addfile(_info(name, len(content)), BytesIO(content))


def _info(name: str, size: int) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.size, info.mode = size, 0o600
    return info


@contextmanager
def _opened(archive: Path) -> Iterator[dict[str, IO[bytes]]]:
    """Give the members of an archive, if they are what ours are and no larger than the file is."""
    try:
        with tarfile.open(archive, "r:") as tar:
            yield _members(tar, archive)
    except (tarfile.TarError, EOFError) as error:
        raise BackupError(f"{archive} is no backup of Newsreel: {error}") from None


def _members(tar: tarfile.TarFile, archive: Path) -> dict[str, IO[bytes]]:
    members: dict[str, IO[bytes]] = {}
    left = archive.stat().st_size
    for info in tar:
        left -= info.size
        plain = info.isreg() and not info.issparse() and info.size >= 0 and left >= 0
        if not plain or info.name in members or info.name not in (_MANIFEST, _DATABASE, _SECRET):
            raise BackupError(
                f"{archive} is no backup of Newsreel: it holds what none of ours does"
            )
        if content := tar.extractfile(info):
            members[info.name] = content
    if _MANIFEST not in members or _DATABASE not in members:
        raise BackupError(f"{archive} is no backup of Newsreel: it is not whole")
    return members


def _manifest(members: dict[str, IO[bytes]]) -> Manifest:
    try:
        said = json.loads(_read_small(members, _MANIFEST))
        if said["format"] > FORMAT:
            raise BackupError(f"it is of a newer release: {str(said['release'])[:20]}")
        return Manifest(**said)
    except (ValueError, TypeError, KeyError):
        raise BackupError("it is no backup of Newsreel: its manifest cannot be read") from None


def _read_small(members: dict[str, IO[bytes]], name: str) -> bytes:
    content = members[name].read(_SMALL + 1)
    if len(content) > _SMALL:
        raise BackupError(f"it is no backup of Newsreel: its {name} is too large")
    return content


def _keep_database(database: Path, ending: str) -> Iterator[Path]:
    """Link what is there to other names, then take away its logs, which would spoil the new one.

    A log may be there alone. A log that still holds something is taken away only from a database
    that is broken, or gone.

    Raises:
        BackupError: its logs cannot be brought into it.
    """
    if database.exists():
        _take_in_logs(database)
    for part in ("", *_LOGS):
        file = database.with_name(database.name + part)
        if file.exists() and (not part or file.stat().st_size):
            kept = database.with_name(database.name + ending + part)
            files.keep_as(file, kept)
            yield kept
    files.sync(database.parent)
    for part in (*_LOGS, "-shm"):
        database.with_name(database.name + part).unlink(missing_ok=True)
    files.sync(database.parent)


def _take_in_logs(database: Path) -> None:
    """Have a database be whole without its logs; one that is broken is left as it is."""
    try:
        with closing(sqlite3.connect(database)) as connection:
            (busy, *_) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except sqlite3.OperationalError as error:  # it is locked, the disk is full
        raise BackupError(f"{database} cannot be put aside: {error}") from None
    except sqlite3.DatabaseError:
        return
    if busy:
        raise BackupError(f"{database} is in use by another process; end that first")


def _put_key(secret: Path, key: bytes | None, ending: str) -> Iterator[Path]:
    """Put a key in its place, which may lie on another disk than the database."""
    before = secret.read_bytes() if secret.is_file() else None
    if key is None or key == before:
        return
    secret.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if before is not None:
        kept = secret.with_name(secret.name + ending)
        files.keep_as(secret, kept)
        yield kept
    with TemporaryDirectory(dir=secret.parent, prefix=f".{secret.name}.") as folder:
        files.write(Path(folder, _SECRET), BytesIO(key)).replace(secret)
    files.sync(secret.parent)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()
