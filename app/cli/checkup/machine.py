"""The machine of the embedded mode: whether its disk has room."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from app.cli.checkup.findings import error, warning, well

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from app.cli.checkup.findings import Finding

_LEAST = 50_000_000
_LITTLE = 500_000_000


def check_disk(database: Path) -> Iterator[Finding]:
    """Look at the disk that a database's file lies on; a backup or a migration doubles it."""
    free = shutil.disk_usage(database.parent).free
    size = database.stat().st_size
    detail = f"{free / 1e6:.0f} MB free, the database has {size / 1e6:.0f} MB"
    if free < _LEAST:
        yield error("disk", detail, "make room: soon nothing more can be stored")
    elif free < max(_LITTLE, 2 * size):
        yield warning("disk", detail, "make room: a backup or an upgrade may not fit")
    else:
        yield well("disk", detail)
