"""What the operator does with keys: look at them, try them, take them out of use and back in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.domain.errors import NoUsableKeyError, SourceError
from app.domain.quota import Bucket

if TYPE_CHECKING:
    from app.domain.quota import KeyReport
    from app.quota.ring import KeyRing
    from app.sources.base import VideoSource

_ANY_VIDEO = "jNQXAC9IVRw"
"""The first video on YouTube. Whether it still exists does not matter: the key is answered for."""


class KeyKeeper:
    """Lists, tests, disables and enables the configured keys, by fingerprint."""

    def __init__(self, ring: KeyRing, source: VideoSource) -> None:
        self._ring = ring
        self._source = source

    def list_all(self) -> list[KeyReport]:
        """Return every configured key, in order."""
        return self._ring.list_keys()

    def test(self, fingerprint: str) -> SourceError | NoUsableKeyError | None:
        """Try a key with one call of one unit; return what was wrong, None if nothing was.

        What comes of it is noted as for any call, so a key that works again is back in use and one
        that is refused is out of it. A key that the operator disabled stays so.

        Raises:
            NotFoundError: no such key is configured.
        """
        try:
            self._ring.call_with(
                fingerprint, Bucket.UNITS, lambda key: self._source.videos(key, [_ANY_VIDEO])
            )
        except (SourceError, NoUsableKeyError) as error:
            return error
        return None

    def disable(self, fingerprint: str) -> None:
        """Use a key no more until it is enabled.

        Raises:
            NotFoundError: no such key is configured.
        """
        self._ring.hold(fingerprint)

    def enable(self, fingerprint: str) -> None:
        """Let a key be used again at once, whoever or whatever took it out of use.

        Raises:
            NotFoundError: no such key is configured.
        """
        self._ring.release(fingerprint)
