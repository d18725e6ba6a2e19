"""What processes that have ended counted, added up in one file for each kind of count.

Each process has files of its own, and shared memory is small: under load a web process is replaced
every few minutes (`max_requests`). A full one would kill whoever counts. So the master adds the
files of those that ended to those of all that ended before. A reader keeps it out meanwhile: else
it might find a file gone, or its counts twice. Who finds the other there does not wait: what is not
added up now is so when the next process ends.
"""

from __future__ import annotations

import fcntl
import os
import re
import struct
from collections import defaultdict
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from prometheus_client.mmap_dict import MmapedDict

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

KINDS = ("counter", "histogram")
"""Of gauges, what a process was busy with ends with it."""

_OF_A_PROCESS = re.compile(r"[a-z]+_([0-9]+)\.db", re.ASCII)
_LOCK = "ended.lock"
_ROOM_OF_ONE = 64
"""Bytes that the library has beside a name, and more."""
_UNREADABLE = RuntimeError, UnicodeDecodeError, struct.error
"""What the library raises over a file that is cut off."""


@contextmanager
def kept_still(folder: Path) -> Iterator[None]:
    """Let nobody add files up while they are read."""
    with _locked(folder, fcntl.LOCK_SH):
        yield


def add_up(folder: Path) -> None:
    """Add up the counts of all processes that are no more; never waits.

    Whatever keeps it from doing so (a reader, no room) leaves the files as they are.
    """
    with suppress(OSError), _locked(folder, fcntl.LOCK_EX | fcntl.LOCK_NB):
        for kind in KINDS:
            _add_up(sorted(path for path in folder.glob(f"{kind}_*.db") if _is_over(path)))


@contextmanager
def _locked(folder: Path, how: int) -> Iterator[None]:
    with (folder / _LOCK).open("w") as lock:
        fcntl.flock(lock, how)
        yield


def _is_over(path: Path) -> bool:
    found = _OF_A_PROCESS.fullmatch(path.name)
    if found is None:
        return False
    try:
        os.kill(int(found[1]), 0)
    except ProcessLookupError:
        return True
    except OSError:
        pass
    return False


def _add_up(files: Sequence[Path]) -> None:
    if not files:
        return
    kind = files[0].name.partition("_")[0]
    sums, draft = files[0].with_name(f"{kind}_ended.db"), files[0].with_name(f"{kind}.draft")
    _write(draft, _sums([*files, sums]))
    draft.replace(sums)
    for path in files:
        path.unlink()


def _sums(files: Sequence[Path]) -> dict[str, float]:
    """Return the sums by the library's names, which hold metric and labels; buckets are apart.

    Of a file that is cut off, as by a kill, what can be read counts.
    """
    found: dict[str, float] = defaultdict(float)
    for path in [it for it in files if it.exists()]:
        with suppress(*_UNREADABLE):
            read = MmapedDict.read_all_values_from_file(str(path))  # type: ignore[no-untyped-call] # the library has no types here
            for name, value, *_ in read:
                found[name] += value
    return found


def _write(path: Path, sums: dict[str, float]) -> None:
    """Write a file of the library's.

    Its room is taken first: where there is none that is an error, and not the end of the process.
    """
    room = _ROOM_OF_ONE + sum(len(name.encode()) + _ROOM_OF_ONE for name in sums)
    path.unlink(missing_ok=True)
    try:
        with path.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, room)
    except OSError:
        path.unlink(missing_ok=True)
        raise
    values = MmapedDict(str(path))  # type: ignore[no-untyped-call] # the library has no types here
    for name, value in sums.items():
        values.write_value(name, value, 0.0)  # type: ignore[no-untyped-call] # the library has no types here
    values.close()  # type: ignore[no-untyped-call] # the library has no types here
