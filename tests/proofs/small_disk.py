"""A disk of its own that can be filled to the last byte (Linux, as root)."""

from __future__ import annotations

import os
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from errno import ENOSPC
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_BLOCK = 4096


@dataclass(frozen=True, slots=True)
class SmallDisk:
    """Where it is mounted."""

    folder: Path

    @property
    def _ballast(self) -> Path:
        return self.folder / "ballast"

    def fill(self) -> None:
        """Take all the room that is left, again if some came free."""
        with self._ballast.open("ab") as ballast:
            while left := self.left():
                try:
                    os.posix_fallocate(ballast.fileno(), ballast.seek(0, os.SEEK_END), left)
                except OSError as error:
                    if error.errno != ENOSPC:  # else the service has taken some of it
                        raise

    def free(self) -> None:
        """Give the room back."""
        self._ballast.unlink()

    def left(self) -> int:
        """Bytes."""
        room = os.statvfs(self.folder)
        return room.f_bavail * room.f_frsize // _BLOCK * _BLOCK


@contextmanager
def small_disk(megabytes: int) -> Iterator[SmallDisk]:
    """Mount one in memory, where every user may write.

    Raises:
        subprocess.CalledProcessError: only root may.
    """
    options = f"size={megabytes}m,mode=777"
    with TemporaryDirectory(prefix="newsreel-disk-") as folder:
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], check=True)
        try:
            yield SmallDisk(Path(folder))
        finally:
            subprocess.run(["umount", "--lazy", folder], check=True)
