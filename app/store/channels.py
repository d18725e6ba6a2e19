"""How watched channels are followed; who writes holds the watch's claim."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, func, insert, select

from app.domain.channels import ChannelState, Walk, usual_playlist
from app.domain.watches import WatchKind
from app.store.channel_models import ChannelStateRow
from app.store.models import WatchRow, WatchVideoRow

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Connection

    from app.domain.watches import Watch

_PLAIN = (
    "playlist_id",
    "feed_read_at",
    "feed_failing_since",
    "feed_retry_at",
    "uploads_tried_at",
    "uploads_read_at",
)
"""The columns named like the fields of `ChannelState` that hold the same values."""


class ChannelRepository:
    """Reads and writes the states of watched channels within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get_state(self, watch: Watch) -> ChannelState:
        """Return how a channel was followed so far; of a new one, that it was not."""
        query = select(ChannelStateRow.__table__).where(ChannelStateRow.watch_id == watch.watch_id)
        row = self._connection.execute(query).one_or_none()
        if row is None:
            return ChannelState(usual_playlist(watch.term))
        down_to = row.walk_read_down_to
        walk = None if down_to is None else Walk(row.walk_page_token, down_to)
        return ChannelState(walk=walk, **{name: getattr(row, name) for name in _PLAIN})

    def put_state(self, watch_id: int, state: ChannelState) -> None:
        """Write down how a channel was followed."""
        mine = ChannelStateRow.watch_id == watch_id
        self._connection.execute(delete(ChannelStateRow).where(mine))
        values: dict[str, object] = {name: getattr(state, name) for name in _PLAIN}
        if state.walk is not None:
            values["walk_page_token"] = state.walk.page_token
            values["walk_read_down_to"] = state.walk.read_down_to
        statement = insert(ChannelStateRow).values(watch_id=watch_id, **values)
        self._connection.execute(statement)

    def list_linked(self, watch_id: int, video_ids: Collection[str]) -> set[str]:
        """Return those of these videos that the watch has found before."""
        links = WatchVideoRow.watch_id == watch_id, WatchVideoRow.video_id.in_(video_ids)
        query = select(WatchVideoRow.video_id).where(*links)
        return set(self._connection.execute(query).scalars())

    def count_active(self) -> int:
        """Return how many channels are watched and not paused."""
        active = WatchRow.kind == WatchKind.CHANNEL.value, WatchRow.paused.is_(False)
        query = select(func.count()).select_from(WatchRow).where(*active)
        return self._connection.execute(query).scalar_one()
