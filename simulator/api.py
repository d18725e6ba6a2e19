"""The four methods of the Data API over a world: parameters in, JSON out.

It checks no key, charges nothing and knows no HTTP.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from simulator import errors, search, wire, wire_channels
from simulator.paging import cut_page, page_start
from simulator.params import Params, names

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from simulator.video import Channel, Video
    from simulator.world import World

VIDEO_PARTS = names(
    "id snippet contentDetails status statistics liveStreamingDetails topicDetails player "
    "recordingDetails localizations paidProductPlacementDetails"
)
CHANNEL_PARTS = names(
    "id snippet contentDetails statistics status topicDetails brandingSettings localizations "
    "contentOwnerDetails"
)
PLAYLIST_ITEM_PARTS = names("id snippet contentDetails status")
_VIDEO_PARAMETERS = names(
    "part id chart myRating hl locale maxHeight maxResults maxWidth pageToken regionCode "
    "videoCategoryId onBehalfOfContentOwner"
)
_CHANNEL_PARAMETERS = names(
    "part id forHandle forUsername categoryId managedByMe mine mySubscribers hl maxResults "
    "pageToken onBehalfOfContentOwner"
)
_PLAYLIST_ITEM_PARAMETERS = names(
    "part playlistId id videoId maxResults pageToken onBehalfOfContentOwner"
)


@dataclass(frozen=True, slots=True)
class DataApi:
    """Answers calls by method name. `match_all` makes every search text match every video."""

    world: World
    match_all: bool = False

    def call(
        self, method: str, values: Mapping[str, Sequence[str]], *, overlap: int = 0
    ) -> wire.Json:
        """The body of a 200, or ApiError. `overlap`: see search.answer."""
        with self.world.lock:
            self.world.now()
            match method:
                case "search":
                    params = Params(values, search.PARAMETERS)
                    request = search.read(params, match_all=self.match_all)
                    return search.answer(self.world, request, overlap=overlap)
                case "videos":
                    return self._videos(Params(values, _VIDEO_PARAMETERS))
                case "channels":
                    return self._channels(Params(values, _CHANNEL_PARAMETERS))
                case _:
                    return self._playlist_items(Params(values, _PLAYLIST_ITEM_PARAMETERS))

    def _videos(self, params: Params) -> wire.Json:
        """Unknown and deleted ids are left out in silence. Only `id` selects here."""
        parts = params.parts(VIDEO_PARTS)
        ids = params.ids("id")
        if not ids:
            raise errors.no_filter("id, chart, myRating")
        found = [video for video_id in ids if (video := self._public(video_id))]
        items = [wire.video_item(video, parts) for video in found]
        return wire.listing("video", items, total=len(items), per_page=len(items))

    def _channels(self, params: Params) -> wire.Json:
        """An answer without a channel has no `items` at all."""
        parts = params.parts(CHANNEL_PARTS)
        size = params.number("maxResults", default=5, largest=50)
        items = [
            wire_channels.channel_item(channel, parts, self.world.uploads(channel.channel_id))
            for channel in self._channels_asked_for(params)
        ]
        envelope = wire.listing("channel", items, total=len(items), per_page=size)
        return envelope if items else {k: v for k, v in envelope.items() if k != "items"}

    def _channels_asked_for(self, params: Params) -> list[Channel]:
        handle = params.text("forHandle").removeprefix("@").casefold()
        if handle:
            every = self.world.channels()
            return [channel for channel in every if channel.handle.casefold() == handle]
        ids = params.ids("id")
        if not ids:
            raise errors.no_filter(
                "forUsername, managedByMe, categoryId, mine, mySubscribers, id, idParam"
            )
        return [channel for id_ in ids if (channel := self.world.find_channel(id_))]

    def _playlist_items(self, params: Params) -> wire.Json:
        """Only uploads playlists exist; they show a video from its upload on."""
        parts = params.parts(PLAYLIST_ITEM_PARTS)
        size = params.number("maxResults", default=5, largest=50)
        playlist_id = params.text("playlistId")
        if not playlist_id:
            raise errors.no_filter("id, playlistId")
        start = page_start(params.text("pageToken"), playlist_id, size)
        uploads = self.world.uploads("UC" + playlist_id[2:]) if playlist_id[:2] == "UU" else []
        if not uploads:
            raise errors.playlist_not_found()
        page = cut_page(uploads, start, size, playlist_id)
        items = wire_channels.playlist_items(page.items, parts, start)
        envelope = wire.listing("playlistItem", items, total=len(uploads), per_page=size)
        return wire.with_tokens(envelope, page)

    def _public(self, video_id: str) -> Video | None:
        video = self.world.find_video(video_id)
        return None if video is None or video.deleted_at is not None else video
