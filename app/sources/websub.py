"""The hub that pushes what channels publish: asking it for pushes, and reading them.

It asks and translates. Whether a push may be believed, and what it leads to, is for others to say;
secrets travel in the body of a request, and appear in no error.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from app.domain.errors import (
    BadRequestError,
    InvalidValueError,
    SourceError,
    ThrottledError,
    UpstreamError,
)
from app.domain.subscriptions import Push
from app.sources.atom import (
    ATOM,
    TOMBSTONES,
    channel_id_at,
    read_feed,
    referred_video_id,
    video_id_at,
)
from app.sources.bounded_http import HttpUser, RefusedError
from app.sources.youtube_refusal import retry_after_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta
    from xml.etree.ElementTree import Element

    from app.domain.subscriptions import Subscription

_HEADERS = {"content-type": "application/x-www-form-urlencoded", "user-agent": "Newsreel"}
_TAKEN = (HTTPStatus.OK, HTTPStatus.ACCEPTED, HTTPStatus.NO_CONTENT)
_ALGORITHMS = ("sha1", "sha256", "sha384", "sha512")


@dataclass(frozen=True, slots=True)
class Callback:
    """Where the hub is to call, and for how long."""

    url: str
    lease: timedelta


class Hub(HttpUser):
    """A WebSub hub; safe to share between threads.

    Args:
        endpoint: the address it takes requests at. It is the operator's word; redirects are not
            followed.
        timeout_seconds: for connecting, and again for a whole answer.
    """

    def __init__(self, endpoint: str, timeout_seconds: float = 10.0) -> None:
        self._endpoint = endpoint
        super().__init__(timeout_seconds)

    def ask(self, subscription: Subscription, callback: Callback) -> None:
        """Ask for what `subscription.mode` says; the hub confirms by a call of its own.

        Raises:
            BadRequestError: the hub refuses it.
            ThrottledError: too many requests.
            UpstreamError: the hub is in trouble or away.
        """
        form = {
            "hub.mode": subscription.mode.value,
            "hub.topic": subscription.topic,
            "hub.callback": callback.url,
            "hub.verify": "async",
            "hub.secret": subscription.secret,
            "hub.lease_seconds": str(int(callback.lease.total_seconds())),
        }
        trouble = self._post(urlencode(form))
        if trouble is not None:
            raise trouble  # here, where no exception that holds the secret is its context

    def _post(self, body: str) -> SourceError | None:
        try:
            self._http().request(self._endpoint, "POST", body, _HEADERS)
        except RefusedError as refused:
            return None if refused.status in _TAKEN else _refusal(refused)
        except Exception as error:  # noqa: BLE001 - of four libraries, and any may name the URL
            return UpstreamError(f"no usable answer from the hub ({type(error).__name__})")
        return None


def is_signed(body: bytes, signature: str, secret: str) -> bool:
    """Tell whether a body carries the signature of who knows the secret.

    Args:
        body: as it came, byte for byte.
        signature: of the header `X-Hub-Signature`, e.g. `sha1=` and hexadecimal digits.
        secret: as the hub was given it.
    """
    algorithm, _, digest = signature.strip().partition("=")
    if algorithm not in _ALGORITHMS or not digest.isascii():
        return False
    right = hmac.new(secret.encode(), body, algorithm).hexdigest()
    return hmac.compare_digest(right, digest.lower())


def parse_push(body: bytes) -> Push:
    """Read which videos a push names; what cannot be read of it is passed over.

    A deletion names its channel in an address alone, and needs no more: it is only looked into.

    Raises:
        UpstreamError: it is no feed.
    """
    root = read_feed(body)
    channels: set[str] = set()
    named: list[str] = []
    for entry in root.findall(f"{ATOM}entry"):
        video_id = _read(video_id_at, entry)
        channel_id = _read(channel_id_at, entry)
        if video_id and channel_id:
            named.append(video_id)
            channels.add(channel_id)
    deleted = [_read(referred_video_id, it) for it in root.findall(f"{TOMBSTONES}deleted-entry")]
    return Push(
        channel_ids=frozenset(channels),
        video_ids=tuple(dict.fromkeys(named)),
        deleted_ids=tuple(dict.fromkeys(filter(None, deleted))),
    )


def _read(read: Callable[[Element], str], element: Element) -> str | None:
    try:
        return read(element)
    except InvalidValueError:
        return None


def _refusal(refused: RefusedError) -> SourceError:
    message = f"the hub answered with HTTP {refused.status}"
    wait = retry_after_of(refused.headers)
    if refused.status == HTTPStatus.TOO_MANY_REQUESTS:
        return ThrottledError(message, retry_after=wait)
    if HTTPStatus.BAD_REQUEST <= refused.status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return BadRequestError(message, retry_after=wait)
    return UpstreamError(message, retry_after=wait)
