"""Calls of the hub over HTTP, and the thread that lets it work."""

from __future__ import annotations

import urllib.error
import urllib.request
from threading import Thread
from time import sleep
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from simulator.hub import Answer, Hub

TIMEOUT_SECONDS = 5.0
EVERY_SECONDS = 0.5


def call(verb: str, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
    """One call; its callback is whatever a subscriber of this test server names."""
    if not url.startswith(("http://", "https://")):
        return 0, b""
    request = urllib.request.Request(url, body or None, dict(headers), method=verb)  # noqa: S310 - see above
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310 - see above
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, b""
    except OSError:
        return 0, b""


def start(hub: Hub) -> None:
    """Let a hub work in the background until the process ends."""
    Thread(target=_work, args=(hub,), daemon=True).start()


def _work(hub: Hub) -> None:
    while True:
        sleep(EVERY_SECONDS)
        hub.work()
