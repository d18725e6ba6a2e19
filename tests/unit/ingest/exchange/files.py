"""Small files in the shapes of the recorded ones, and readers for tests."""

from __future__ import annotations

import json
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

from app.domain.watches import WatchKind
from app.ingest.exchange.entries import Entry, Item, Rejection
from app.ingest.exchange.files import read_file

ONE, TWO = "UC0123456789012345678_-A", "UC0123456789012345678_-B"
HEADERS = (
    "Channel Id,Channel Url,Channel Title",
    "ID del canal,URL del canal,Título del canal",
    "チャンネル ID,チャンネルの URL,チャンネルのタイトル",
)


def row(channel_id: str, title: str) -> str:
    return f"{channel_id},http://www.youtube.com/channel/{channel_id},{title}"


def table(*rows: str, header: str = HEADERS[0]) -> bytes:
    """A table as Takeout writes it, with the empty line at its end."""
    return "\n".join((header, *rows, "", "")).encode()


def subscription(channel_id: str, title: str) -> dict[str, object]:
    """A subscription as Takeout wrote it until 2021; the other channel is the subscriber's."""
    return {
        "contentDetails": {"activityType": "all"},
        "kind": "youtube#subscription",
        "snippet": {
            "channelId": "UCsubscriber567890123456",
            "description": "words",
            "resourceId": {"channelId": channel_id, "kind": "youtube#channel"},
            "title": title,
        },
    }


def subscriptions(*told: object) -> bytes:
    return json.dumps(told, indent=2).encode()


def archive(*members: tuple[str, bytes]) -> bytes:
    file = BytesIO()
    with ZipFile(file, "w", ZIP_DEFLATED) as written:
        for name, content in members:
            written.writestr(name, content)
    return file.getvalue()


def outline(*outlines: str) -> bytes:
    return f'<opml version="1.1"><body>{"".join(outlines)}</body></opml>'.encode()


def read(content: bytes, name: str = "") -> list[Item]:
    return read_file(BytesIO(content), name)


def entries(content: bytes, name: str = "") -> list[tuple[WatchKind, str, str]]:
    """What a file wants watched: kind, term and label. Fails when something was rejected."""
    items = read(content, name)
    assert not [item for item in items if isinstance(item, Rejection)]
    return [(item.kind, item.term, item.label) for item in items if isinstance(item, Entry)]


def rejections(content: bytes, name: str = "") -> list[tuple[str, str]]:
    """Where something was rejected, and why."""
    items = read(content, name)
    return [(item.where, item.reason) for item in items if isinstance(item, Rejection)]


def channels(*told: tuple[str, str]) -> list[tuple[WatchKind, str, str]]:
    return [(WatchKind.CHANNEL, channel_id, label) for channel_id, label in told]
