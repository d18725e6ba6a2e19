"""The lock of the embedded mode: one process per database, and none while it is replaced."""

from __future__ import annotations

import fcntl
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from app.domain.errors import NewsreelError

if TYPE_CHECKING:
    from collections.abc import Iterator

_SQLITE_FILE = "sqlite:///"


class AlreadyRunningError(NewsreelError):
    """Another process serves the same database."""

    code = "already_running"


def sqlite_file(url: str) -> Path | None:
    """Return the file of a database's URL, where a link to it leads; None if it is on a server."""
    if not url.startswith(_SQLITE_FILE):
        return None
    path = Path(url.removeprefix(_SQLITE_FILE))
    return path.resolve() if path.is_symlink() else path


def lock_path(url: str) -> Path:
    """Return the lock of the process that serves a database: beside its file if it is one."""
    file = sqlite_file(url)
    return Path("var/newsreel.lock") if file is None else file.with_name(file.name + ".lock")


@contextmanager
def alone(url: str) -> Iterator[None]:
    """Hold the lock of a database.

    Raises:
        AlreadyRunningError: another process serves it.
    """
    path = lock_path(url)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise AlreadyRunningError(f"another process holds {path}") from None
        yield
