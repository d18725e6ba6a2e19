"""`backup` and `restore`: the database of the embedded mode, with the key that signs tokens."""

from __future__ import annotations

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

    database, now = _database(settings)[1], system_clock()
    target = Path(parsed.path) if parsed.path else _usual_target(now)
    manifest = back_up(database, target, now, secret=PATH)
    say(f"{target}: {target.stat().st_size} bytes, schema {manifest.revision}, whole")


def _restore(settings: Settings, parsed: argparse.Namespace) -> None:
    from app.domain.clock import system_clock
    from app.embedded.alone import alone
    from app.embedded.secret_key import PATH
    from app.store.backups import restore

    url, database = _database(settings)
    with alone(url):
        done = restore(Path(parsed.path), database, system_clock(), secret=PATH)
    say(f"{database}: as it was at {done.manifest.made_at}, schema {done.manifest.revision}")
    for path in done.kept:
        say(f"what was there is kept: {path}")


def _database(settings: Settings) -> tuple[str, Path]:
    """Return the URL and the file of the database that `serve` uses.

    Raises:
        InvalidValueError: it is no file.
    """
    from app.embedded.alone import sqlite_file
    from app.embedded.demo import settings_beside

    url = settings_beside(settings).database_url
    file = sqlite_file(url)
    if file is None:
        raise InvalidValueError(
            "DATABASE_URL: this is for the embedded mode's SQLite; a server has tools of its own "
            "(mysqldump, mariadb-dump, pg_dump)"
        )
    return url, file


def _usual_target(now: datetime) -> Path:
    return Path("var/backups") / f"newsreel-{now:%Y%m%dT%H%M%SZ}.tar"
