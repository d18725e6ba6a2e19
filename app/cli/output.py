"""Where a command writes what it was asked for: stdout, or a file that is whole or not there."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from pathlib import Path
from stat import S_IMODE
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import IO

_FILE_MODE = 0o666
"""Before the umask, as of every new file; a temporary file is its owner's alone."""


@contextmanager
def writing(name: str | None) -> Iterator[IO[bytes]]:
    """Give a file to write to: stdout without a name, else one that takes its name at the end.

    Whatever ends the block by an error leaves the file of that name as it was.

    Raises:
        OSError: it cannot be written.
    """
    if name is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    path = Path(name).resolve()
    if path.exists() and not path.is_file():  # a device or a pipe is written to, not replaced
        with path.open("wb") as file:
            yield file
        return
    with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        try:
            yield file
            file.flush()
            os.fsync(file.fileno())
            os.fchmod(file.fileno(), _mode(path))
            Path(file.name).replace(path)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise


def _mode(path: Path) -> int:
    """Return the rights a file is to have: those of the one it replaces, or of any new one."""
    return S_IMODE(path.stat().st_mode) if path.exists() else _FILE_MODE & ~_umask()


def _umask() -> int:
    """Return the umask, which can only be read by setting it; commands have one thread."""
    umask = os.umask(0)
    os.umask(umask)
    return umask
