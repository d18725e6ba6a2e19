"""A program that sends one message through Apprise: told what on stdin, it answers on stdout.

Nothing imports it: Apprise is as large as all the rest. What it says on stderr is thrown away.
"""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TypedDict

import orjson
from apprise import Apprise, NotifyFormat, NotifyType


class Order(TypedDict):
    """What is to be sent, and where to."""

    urls: list[str]
    title: str
    body: str
    good: bool


def send(order: Order) -> list[str | None]:
    """Send to every address at the same time; return for each what went wrong, if anything did."""
    with ThreadPoolExecutor(max(1, len(order["urls"]))) as pool:
        return list(pool.map(lambda url: _send(url, order), order["urls"]))


def _send(url: str, order: Order) -> str | None:
    one = Apprise()
    if not one.add(url):
        return "is no address that Apprise knows"
    kind = NotifyType.SUCCESS if order["good"] else NotifyType.FAILURE
    sent = one.notify(
        body=order["body"],
        title=order["title"],
        notify_type=kind,
        body_format=NotifyFormat.TEXT,
    )
    return None if sent else "did not take the message"


if __name__ == "__main__":
    sys.stdout.buffer.write(orjson.dumps(send(orjson.loads(sys.stdin.buffer.read()))))
