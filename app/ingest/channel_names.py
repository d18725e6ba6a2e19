"""From what a person calls a channel to its id."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.domain.channels import is_channel_id, parse_channel_name
from app.domain.errors import NotFoundError
from app.domain.quota import Bucket

if TYPE_CHECKING:
    from app.quota.ring import KeyRing
    from app.sources.base import ChannelSource


class ChannelNames:
    """Resolves handles and URLs through channels.list, for one unit each; ids cost nothing."""

    def __init__(self, source: ChannelSource, ring: KeyRing) -> None:
        self._source = source
        self._ring = ring

    def resolve(self, text: str) -> str:
        """Return the id of a channel given as `UC...`, as `@handle` or as a URL of either.

        Whether there is a channel of an id given as such is found out when it is read.

        Raises:
            InvalidValueError: nothing of that kind.
            NotFoundError: YouTube has no channel of this handle.
            NoUsableKeyError: a handle cannot be looked up now.
            SourceError: YouTube failed.
        """
        name = parse_channel_name(text)
        if is_channel_id(name):
            return name
        channel = self._ring.call(Bucket.UNITS, lambda key: self._source.channel(key, name))
        if channel is None:
            raise NotFoundError(f"YouTube has no channel {name}")
        return channel.channel_id
