"""Subscriptions inside a Takeout archive, whose folders and file names are translated.

Nothing is unpacked to disk, and no more is read than is needed: a large archive with all of a
user's videos costs what a small one does, and one made to burst is refused.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, cast
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile

from app.domain.errors import InvalidValueError
from app.ingest.exchange import csv_subscriptions, json_lists

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO
    from zipfile import ZipInfo

_MAGIC = (b"PK\3\4", b"PK\5\6")  # the latter of an archive without members
_MAX_MEMBERS = 20_000
_MAX_READ = 2**22
"""Bytes read at once: more than that only an index of some 40,000 members or more asks for."""
_MAX_RATIO = 100
"""Subscriptions compress tenfold at most; deflate can do a thousandfold."""
_BOUNDED = (ZIP_STORED, ZIP_DEFLATED)
"""How a member may be packed: of the other ways, zipfile unpacks a whole chunk whatever is asked
for, which bzip2 can make a million times its size."""
_HEAD_BYTES = 2**14
_CHUNK_BYTES = 2**16
_IS_SUBSCRIPTIONS = {
    ".csv": csv_subscriptions.is_subscriptions,
    ".json": json_lists.is_subscriptions,
}


def is_archive(file: BinaryIO) -> bool:
    """Tell whether the file is a zip archive by its beginning, to which it is set back."""
    magic = file.read(len(_MAGIC[0]))
    file.seek(0)
    return magic in _MAGIC


def read_subscriptions(file: BinaryIO, most_bytes: int) -> list[tuple[str, bytes]]:
    """Return name and content of the members that are lists of subscriptions.

    Args:
        file: the archive.
        most_bytes: how much they may unpack to, together.

    Raises:
        InvalidValueError: not a whole archive, none in it, encrypted, packed in an unusual way, or
            made to burst.
    """
    try:
        # Only what ZipFile calls is metered; it has no narrower type for what it takes.
        with ZipFile(cast("BinaryIO", _Metered(file))) as archive:
            return _read_all(archive, most_bytes)
    except (BadZipFile, EOFError, OSError, zlib.error, ValueError) as error:
        raise InvalidValueError(f"not a whole zip archive: {error}") from None
    except (NotImplementedError, RuntimeError) as error:  # unknown compression, or encrypted
        raise InvalidValueError(f"the zip archive cannot be read: {error}") from None


def _read_all(archive: ZipFile, most_bytes: int) -> list[tuple[str, bytes]]:
    members = archive.infolist()
    if len(members) > _MAX_MEMBERS:
        raise InvalidValueError(f"the zip archive has more than {_MAX_MEMBERS:,} files")
    found, burst, left = [], None, most_bytes
    for member in _tables(members):
        if _bursts(member, most_bytes):
            burst = burst or member
        elif _holds_subscriptions(archive, member):
            content = _read(archive, member, left)
            left -= len(content)
            found.append((member.filename, content))
    if found:
        return found
    if burst is not None:
        raise InvalidValueError(f"{burst.filename!r} in the zip archive unpacks to far too much")
    raise InvalidValueError("the zip archive holds no subscriptions of YouTube, as CSV or JSON")


def _tables(members: list[ZipInfo]) -> Iterator[ZipInfo]:
    endings = tuple(_IS_SUBSCRIPTIONS)
    return (member for member in members if member.filename.lower().endswith(endings))


def _bursts(member: ZipInfo, most_bytes: int) -> bool:
    """Tell it by what the index says, which is not trusted beyond this: what is read is counted."""
    too_dense = member.file_size > max(member.compress_size, _HEAD_BYTES) * _MAX_RATIO
    return too_dense or member.file_size > most_bytes


def _holds_subscriptions(archive: ZipFile, member: ZipInfo) -> bool:
    if member.compress_type not in _BOUNDED:
        raise InvalidValueError(f"{member.filename!r} in the zip archive is not packed as usual")
    ending = member.filename.lower()[member.filename.rindex(".") :]
    with archive.open(member) as content:
        return _IS_SUBSCRIPTIONS[ending](content.read(_HEAD_BYTES).decode(errors="replace"))


def _read(archive: ZipFile, member: ZipInfo, most_bytes: int) -> bytes:
    content = bytearray()
    with archive.open(member) as file:
        while len(content) <= most_bytes and (chunk := file.read(_CHUNK_BYTES)):
            content += chunk
    if len(content) > most_bytes:
        raise InvalidValueError(f"{member.filename!r} in the zip archive unpacks to far too much")
    return bytes(content)


class _Metered:
    """A file that is not read in one go: the index of an archive may claim any length."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def read(self, size: int = -1) -> bytes:
        """Read up to `size` bytes, if that is a sane amount; all of a short rest without."""
        if size > _MAX_READ:
            raise InvalidValueError(f"the zip archive has more than {_MAX_MEMBERS:,} files")
        return self._file.read(_MAX_READ if size < 0 else size)

    def seek(self, offset: int, whence: int = 0) -> int:
        """Set the position."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Return the position."""
        return self._file.tell()

    def seekable(self) -> bool:
        """An archive is read from its end."""
        return True
