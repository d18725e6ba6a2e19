"""A program that sends one message through Apprise: told what on stdin, it answers on stdout.

A line for each address as soon as it is known, `[number, null]` or `[number, "what went wrong"]`:
it may be ended before all have answered.

Nothing imports it: Apprise is as large as all the rest. What it says on stderr is thrown away.
"""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import redirect_stdout
from typing import TYPE_CHECKING, TypedDict

import orjson
from apprise import Apprise, NotifyFormat, NotifyType

if TYPE_CHECKING:
    from collections.abc import Iterator


class Order(TypedDict):
    """What is to be sent, and where to."""

    urls: list[str]
    title: str
    body: str
    good: bool


def send(order: Order) -> Iterator[tuple[int, str | None]]:
    """Send to every address at the same time; yield for each what went wrong, if anything did."""
    urls = order["urls"]
    with ThreadPoolExecutor(max(1, len(urls))) as pool:
        sent = {pool.submit(_send, url, order): number for number, url in enumerate(urls)}
        for done in as_completed(sent):
            fault = done.exception()  # of a plug-in, and of no other address
            yield sent[done], f"failed ({type(fault).__name__})" if fault else done.result()


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
    answers = sys.stdout.buffer
    with redirect_stdout(sys.stderr):  # what a plug-in prints would break a line of ours
        for told in send(orjson.loads(sys.stdin.buffer.read())):
            answers.write(orjson.dumps(told) + b"\n")
            answers.flush()
