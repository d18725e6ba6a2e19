"""The WebSub hub: takes subscriptions, confirms them by a call, and pushes what channels publish.

It does nothing by itself: who runs it calls `work` now and then. Deliveries that are refused or
fail are lost, as are those of a hub that is down.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol
from urllib.parse import parse_qsl, urlencode, urlsplit

from simulator import wire_atom
from simulator.reply import Reply
from simulator.video import stable_id

if TYPE_CHECKING:
    from collections.abc import Mapping

    from simulator.video import Video
    from simulator.world import World

PATH = "/subscribe"
LONGEST_LEASE = timedelta(days=10)
TEXT_TYPE = "text/plain; charset=utf-8"
TRANSIENT = "Transient error; please try again later"
_TOPICS = ("/xml/feeds/videos.xml", "/feeds/videos.xml")
_MODES = ("subscribe", "unsubscribe")
_GOOD = range(200, 300)
Answer = tuple[int, bytes]


class Caller(Protocol):
    """Makes the hub's calls; a status of 0 stands for no answer."""

    def __call__(self, verb: str, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Call an address and return the status and body of its answer."""


@dataclass(frozen=True, slots=True)
class Request:
    """A subscription as it was asked for, until it is confirmed."""

    mode: str
    topic: str
    callback: str
    secret: str
    lease: timedelta


@dataclass(slots=True)
class Subscription:
    """One that was confirmed, and what was pushed of its channel: titles and texts by video."""

    secret: str
    expires_at: datetime
    known: dict[str, tuple[str, str]]


@dataclass(slots=True)
class Hub:
    """The hub over a world; `down` refuses what is asked and loses what is to be pushed."""

    world: World
    call: Caller
    down: bool = False
    algorithm: str = "sha1"
    subscriptions: dict[tuple[str, str], Subscription] = field(default_factory=dict)
    _asked: list[Request] = field(default_factory=list)

    def take(self, body: bytes) -> Reply:
        """Take a request: 202, or what is wrong with it."""
        if self.down:
            return Reply(503, TRANSIENT.encode(), TEXT_TYPE, headers=(("Retry-After", "120"),))
        form = dict(parse_qsl(body.decode("utf-8", "replace")))
        request = Request(
            mode=form.get("hub.mode", ""),
            topic=form.get("hub.topic", ""),
            callback=form.get("hub.callback", ""),
            secret=form.get("hub.secret", ""),
            lease=_lease(form.get("hub.lease_seconds", "")),
        )
        if request.mode not in _MODES or not request.callback or not _channel_id(request.topic):
            return Reply(400, b"Invalid parameter", TEXT_TYPE)
        self._asked.append(request)
        return Reply(202, b"", TEXT_TYPE)

    def work(self) -> None:
        """Confirm what was asked for, then push what happened since the last time."""
        asked, self._asked = self._asked, []
        for request in asked:
            self._confirm(request)
        for (callback, topic), subscription in list(self.subscriptions.items()):
            self._push(callback, topic, subscription)

    def _confirm(self, request: Request) -> None:
        with self.world.lock:
            now = self.world.now()
        challenge = stable_id(f"{request.callback} {now}", 12)
        query = {
            "hub.mode": request.mode,
            "hub.topic": request.topic,
            "hub.challenge": challenge,
            "hub.lease_seconds": str(int(request.lease.total_seconds())),
        }
        separator = "&" if "?" in request.callback else "?"
        status, said = self.call("GET", f"{request.callback}{separator}{urlencode(query)}", {}, b"")
        if status not in _GOOD or said != challenge.encode():
            return
        key = (request.callback, request.topic)
        if request.mode == "unsubscribe":
            self.subscriptions.pop(key, None)
            return
        before = self.subscriptions.get(key)
        known = before.known if before else self._texts(_channel_id(request.topic))
        self.subscriptions[key] = Subscription(request.secret, now + request.lease, known)

    def _push(self, callback: str, topic: str, subscription: Subscription) -> None:
        channel_id = _channel_id(topic)
        with self.world.lock:
            now = self.world.now()
            texts, bodies = self._texts(channel_id), list[bytes]()
            for video in reversed(self.world.uploads(channel_id)):
                if subscription.known.get(video.video_id) != texts[video.video_id]:
                    bodies.append(wire_atom.push(video, now))
            for video_id in subscription.known.keys() - texts.keys():
                if (gone := self.world.find_video(video_id)) is not None:
                    bodies.append(wire_atom.tombstone(gone, now))
        subscription.known = texts
        if now >= subscription.expires_at:
            del self.subscriptions[callback, topic]
            return
        for body in bodies if not self.down else ():
            digest = hmac.new(subscription.secret.encode(), body, self.algorithm).hexdigest()
            headers = {
                "Content-Type": "application/atom+xml",
                "X-Hub-Signature": f"{self.algorithm}={digest}",
            }
            self.call("POST", callback, headers, body)

    def _texts(self, channel_id: str) -> dict[str, tuple[str, str]]:
        uploads: list[Video] = self.world.uploads(channel_id)
        return {video.video_id: (video.title, video.description) for video in uploads}


def _lease(text: str) -> timedelta:
    seconds = int(text) if text.isascii() and text.isdigit() else 0
    wanted = timedelta(seconds=min(seconds, 10**8))
    return min(wanted, LONGEST_LEASE) if wanted else LONGEST_LEASE


def _channel_id(topic: str) -> str:
    """The channel of a topic; nothing if it is none."""
    url = urlsplit(topic)
    if url.path not in _TOPICS:
        return ""
    return dict(parse_qsl(url.query)).get("channel_id", "")
