"""Files that are whole or not there, for their owner's eyes, and that outlast a power cut."""

from __future__ import annotations

import os
from errno import ENOTSUP, EOPNOTSUPP, EPERM
from pathlib import Path
from shutil import copyfileobj
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import IO

_CHUNK = 1 << 20
_NO_LINKS = EPERM, ENOTSUP, EOPNOTSUPP
"""What FAT, exFAT and some network disks answer to a hard link."""


def write(path: Path, content: IO[bytes]) -> Path:
    """Write a new file.

    Raises:
        FileExistsError: there is one.
    """
    with path.open("xb") as file:
        os.fchmod(file.fileno(), 0o600)
        copyfileobj(content, file, _CHUNK)
        file.flush()
        os.fsync(file.fileno())
    return path


def publish(draft: Path, name: Path) -> None:
    """Give a whole file its name; the name of the draft may stay or not.

    On a disk without links it is looked first and named then: of two that take one name in the same
    instant the later one stays.

    Raises:
        FileExistsError: a file has that name.
    """
    try:
        os.link(draft, name)  # unlike a rename it replaces nothing
    except OSError as error:
        _raise_unless_unlinkable(error)
        _refuse_existing(name)
        draft.rename(name)


def keep_as(file: Path, other: Path) -> None:
    """Have a file under another name, too: a copy, whole or not there, on a disk without links.

    Raises:
        FileExistsError: a file has that name.
    """
    try:
        os.link(file, other)
    except OSError as error:
        _raise_unless_unlinkable(error)
        _refuse_existing(other)
        with TemporaryDirectory(dir=other.parent, prefix=f".{other.name}.") as folder:
            with file.open("rb") as content:
                copy = write(Path(folder, other.name), content)
            copy.rename(other)


def sync(folder: Path) -> None:
    """Have the names in a folder outlast a power cut, too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _raise_unless_unlinkable(error: OSError) -> None:
    if error.errno not in _NO_LINKS:
        raise error


def _refuse_existing(name: Path) -> None:
    if name.exists() or name.is_symlink():
        raise FileExistsError(f"{name} exists")
