"""Who a handle belongs to: the seam between managing watches and the source that knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from app.domain.addresses import is_handle, parse_channel_reference
from app.domain.errors import InvalidValueError
from app.domain.watches import ChannelId

if TYPE_CHECKING:
    from app.domain.addresses import Reference


class ChannelResolver(Protocol):
    """Turns what people call a channel into its id; may ask a source, so never in a transaction."""

    def resolve_channel(self, text: str) -> ChannelId:
        """Return the id of a channel given by its id, its handle or the address of its page.

        Raises:
            InvalidValueError: the text names no channel.
            NotFoundError: the source knows no such channel.
            SourceError: the source does not answer.
            NoUsableKeyError: it may not be asked now.
        """


class IdsOnly:
    """Takes ids and addresses that hold one; handles would have to be asked about."""

    def resolve_channel(self, text: str) -> ChannelId:
        """Return the id of a channel given by its id or by an address that holds it.

        Raises:
            InvalidValueError: the text names no channel, or only by its handle.
        """
        return _id_of(parse_channel_reference(text))


def _id_of(reference: Reference) -> ChannelId:
    if is_handle(reference):
        raise InvalidValueError(
            f"handles ({reference[:40]}) cannot be looked up yet: give the channel's id, UC and 22 "
            "letters, digits, - or _"
        )
    return ChannelId(reference)
