"""From what a person calls a channel to its id."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.domain.addresses import parse_channel_reference
from app.domain.channels import ChannelId, is_channel_id
from app.domain.errors import NotFoundError
from app.domain.quota import Bucket

if TYPE_CHECKING:
    from app.quota.ring import KeyRing
    from app.sources.base import ChannelSource


class ChannelNames:
    """Resolves handles through channels.list, for one unit each; ids cost nothing.

    It may ask YouTube, so never in a transaction.
    """

    def __init__(self, source: ChannelSource, ring: KeyRing) -> None:
        self._source = source
        self._ring = ring

    def resolve(self, text: str) -> ChannelId:
        """Return the id of a channel given by its id, its @handle or the address of its page.

        Whether there is a channel of an id given as such is found out when it is read.

        Raises:
            InvalidValueError: nothing of that kind.
            NotFoundError: YouTube has no channel of this handle.
            NoUsableKeyError: a handle cannot be looked up now.
            SourceError: YouTube failed.
        """
        name = parse_channel_reference(text)
        if is_channel_id(name):
            return ChannelId(name)
        channel = self._ring.call(Bucket.UNITS, lambda key: self._source.channel(key, name))
        if channel is None:
            raise NotFoundError(f"YouTube has no channel {name}")
        return ChannelId(channel.channel_id)
