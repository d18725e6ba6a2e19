"""`backup` and `restore`: the database of the embedded mode, with the key that signs tokens."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from app.cli.session import say
from app.domain.errors import InvalidValueError

if TYPE_CHECKING:
    import argparse
    from datetime import datetime

    from app.settings import Settings


def add_backup(parser: argparse.ArgumentParser) -> None:
    """Add what makes one."""
    parser.add_argument(
        "path", nargs="?", help="a new file; var/backups/newsreel-INSTANT.tar without it"
    )
    parser.set_defaults(run=_backup)


def add_restore(parser: argparse.ArgumentParser) -> None:
    """Add what puts one back."""
    parser.add_argument("path", help="as `backup` made it")
    parser.set_defaults(run=_restore)


def _backup(settings: Settings, parsed: argparse.Namespace) -> None:
    from app.domain.clock import system_clock
    from app.embedded.secret_key import PATH
    from app.store.backups import back_up

    used, now = _used(settings), system_clock()
    if used.demo:
        _refuse_to_pass_over(settings, used.database)
    target = Path(parsed.path) if parsed.path else _usual_target(now)
    manifest = back_up(used.database, target, now, secret=PATH, demo=used.demo)
    say(f"{target}: {target.stat().st_size} bytes, schema {manifest.revision}, whole")


def _restore(settings: Settings, parsed: argparse.Namespace) -> None:
    from app.domain.clock import system_clock
    from app.embedded.alone import alone
    from app.embedded.secret_key import PATH
    from app.store.backups import restore

    used = _used(settings)
    with alone(used.url):
        done = restore(
            Path(parsed.path), used.database, system_clock(), secret=PATH, demo=used.demo
        )
    say(f"{used.database}: as it was at {done.manifest.made_at}, schema {done.manifest.revision}")
    for path in done.kept:
        say(f"what was there is kept: {path}")


@dataclass(frozen=True, slots=True)
class _Used:
    """The database that `serve` uses: its URL, its file, and whether it is the demo's."""

    url: str
    database: Path
    demo: bool


def _used(settings: Settings) -> _Used:
    """Return the database that `serve` uses; say so if it is the demo's.

    Raises:
        InvalidValueError: it is no file.
    """
    from app.embedded.alone import sqlite_file
    from app.embedded.demo import is_wanted, settings_beside

    url, demo = settings_beside(settings).database_url, is_wanted(settings)
    file = sqlite_file(url)
    if file is None:
        raise InvalidValueError(
            "DATABASE_URL: this is for the embedded mode's SQLite; a server has tools of its own "
            "(mysqldump, mariadb-dump, pg_dump)"
        )
    if demo:
        say(f"YOUTUBE_API_KEYS is not set, here or in .env: this is about the demo, {file}")
    return _Used(url, file, demo)


def _refuse_to_pass_over(settings: Settings, demo: Path) -> None:
    """Make no backup of the demo where it could be taken for one of the real videos.

    Raises:
        InvalidValueError: they have a database, too.
    """
    from app.embedded.alone import sqlite_file

    real = sqlite_file(settings.database_url)
    if real and real.exists() and real != demo:
        raise InvalidValueError(
            f"YOUTUBE_API_KEYS: without it the demo would be backed up, and not {real}, which is "
            "there, too: put your .env back first, or move that file away"
        )


def _usual_target(now: datetime) -> Path:
    return Path("var/backups") / f"newsreel-{now:%Y%m%dT%H%M%SZ}.tar"
