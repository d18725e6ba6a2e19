"""Channel feeds and the hub's pushes as YouTube's XML, in the recorded shapes. It selects nothing.

The bytes are written, not built by a library: what is recorded is as particular as that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from simulator import wire

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from simulator.video import Channel, Video

_YT = 'xmlns:yt="http://www.youtube.com/xml/schemas/2015"'
_ATOM = 'xmlns="http://www.w3.org/2005/Atom"'
_MEDIA = 'xmlns:media="http://search.yahoo.com/mrss/"'
_AT = 'xmlns:at="http://purl.org/atompub/tombstones/1.0"'
_SITE = "https://www.youtube.com"


def channel_feed(channel: Channel, videos: Iterable[Video]) -> bytes:
    """A channel's feed. Its own id lacks the `UC`, that of its entries does not (recorded)."""
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f"<feed {_YT} {_MEDIA} {_ATOM}>",
        f' <link rel="self" href="http://www.youtube.com/feeds/videos.xml?channel_id={channel.channel_id}"/>',
        f" <id>yt:channel:{channel.channel_id[2:]}</id>",
        f" <yt:channelId>{channel.channel_id[2:]}</yt:channelId>",
        f" <title>{_text(channel.title)}</title>",
        f' <link rel="alternate" href="{_SITE}/channel/{channel.channel_id}"/>',
        _author(channel),
        f" <published>{_instant(channel.created_at)}</published>",
        *(_entry(video, _media(video)) for video in videos),
        "</feed>",
    ]
    return "\n".join(lines).encode("utf-8", "replace")


def push(video: Video, at: datetime) -> bytes:
    """What the hub sends when a video was published or edited; no media, no description."""
    stamp = f"{at.strftime('%Y-%m-%dT%H:%M:%S')}.552394234+00:00"
    return (
        f"<?xml version='1.0' encoding='UTF-8'?>\n<feed {_YT} {_ATOM}>"
        '<link rel="hub" href="https://pubsubhubbub.appspot.com"/>'
        f'<link rel="self" href="{_SITE}/xml/feeds/videos.xml?channel_id={video.channel.channel_id}"/>'  # noqa: E501 - as above
        f"<title>YouTube video feed</title><updated>{stamp}</updated>{_entry(video, '')}</feed>"
    ).encode("utf-8", "replace")


def tombstone(video: Video, at: datetime) -> bytes:
    """What the hub sends when a video was deleted."""
    return (
        f"<?xml version='1.0' encoding='UTF-8'?>\n<feed {_AT} {_ATOM}>"
        f'<at:deleted-entry ref="yt:video:{video.video_id}" when="{_instant(at)}">\n'
        f'  <link href="{_SITE}/watch?v={video.video_id}"/>\n'
        f"  <at:by>\n   <name>{_text(video.channel.title)}</name>\n"
        f"   <uri>{_SITE}/channel/{video.channel.channel_id}</uri>\n  </at:by>\n"
        " </at:deleted-entry></feed>"
    ).encode("utf-8", "replace")


def _entry(video: Video, media: str) -> str:
    changed_at = max([video.published_at, *(edit.at for edit in video.edits)])
    return (
        f" <entry>\n  <id>yt:video:{video.video_id}</id>\n"
        f"  <yt:videoId>{video.video_id}</yt:videoId>\n"
        f"  <yt:channelId>{video.channel.channel_id}</yt:channelId>\n"
        f"  <title>{_text(video.title)}</title>\n"
        f'  <link rel="alternate" href="{_SITE}/watch?v={video.video_id}"/>\n'
        f"{_author(video.channel)}\n"
        f"  <published>{_instant(video.published_at)}</published>\n"
        f"  <updated>{_instant(changed_at)}</updated>\n{media} </entry>"
    )


def _media(video: Video) -> str:
    return (
        f"  <media:group>\n   <media:title>{_text(video.title)}</media:title>\n"
        f'   <media:content url="{_SITE}/v/{video.video_id}?version=3"'
        ' type="application/x-shockwave-flash" width="640" height="390"/>\n'
        f'   <media:thumbnail url="https://i1.ytimg.com/vi/{video.video_id}/hqdefault.jpg"'
        ' width="480" height="360"/>\n'
        f"   <media:description>{_text(video.description)}</media:description>\n"
        "   <media:community>\n"
        f'    <media:starRating count="{video.likes or 0}" average="5.00" min="1" max="5"/>\n'
        f'    <media:statistics views="{video.views}"/>\n'
        "   </media:community>\n  </media:group>\n"
    )


def _author(channel: Channel) -> str:
    uri = f"{_SITE}/channel/{channel.channel_id}"
    return f"  <author>\n   <name>{_text(channel.title)}</name>\n   <uri>{uri}</uri>\n  </author>"


def _text(text: str) -> str:
    """A text without what XML cannot hold, a carriage return kept as a reference."""
    legal = "".join(c for c in text if c in "\t\n\r" or " " <= c < "\ufffe" or c > "\uffff")
    return escape(legal, {"\r": "&#13;"})


def _instant(at: datetime) -> str:
    return wire.instant(at).replace("Z", "+00:00")
