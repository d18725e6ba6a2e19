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
            wanted = self.left()
            while wanted:
                try:
                    os.posix_fallocate(ballast.fileno(), ballast.seek(0, os.SEEK_END), wanted)
                except OSError as error:
                    if error.errno != ENOSPC:  # else some was taken, or the disk keeps it
                        raise
                    wanted = wanted // 2 // _BLOCK * _BLOCK
                else:
                    wanted = self.left()

    def free(self) -> None:
        """Give the room back."""
        self._ballast.unlink()

    def left(self) -> int:
        """Bytes."""
        room = os.statvfs(self.folder)
        return room.f_bavail * room.f_frsize // _BLOCK * _BLOCK


@contextmanager
def small_disk(megabytes: int) -> Iterator[SmallDisk]:
    """Mount a file as a disk (ext4), where every user may write.

    Raises:
        subprocess.CalledProcessError: only root may, on a kernel with loop devices.
    """
    with TemporaryDirectory(prefix="newsreel-disk-") as parent:
        image, folder = Path(parent, "image"), Path(parent, "mounted")
        with image.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, megabytes << 20)
        Path(parent).chmod(0o755)
        folder.mkdir()
        subprocess.run(["mkfs.ext4", "-q", "-F", "-m", "0", image], check=True)
        subprocess.run(["mount", "-o", "loop", image, folder], check=True)
        try:
            folder.chmod(0o777)
            yield SmallDisk(folder)
        finally:
            subprocess.run(["umount", "--lazy", folder], check=True)
