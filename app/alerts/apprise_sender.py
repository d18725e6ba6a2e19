"""Sends messages through Apprise, which runs in a process of its own for each of them.

So its third of a second and 20 MB are spent by no process that lives on, it can be ended when it
takes too long, and what its plug-ins log of addresses, which are secrets, is in nobody's log.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.domain.alerts import Message

TIMEOUT_SECONDS = 20
"""Less than the 25 s that a task has."""

_PROGRAM = "app.alerts.apprise_process"
_PROJECT = Path(__file__).resolve().parents[2]


class AppriseSender:
    """The operator's addresses; safe to share between threads.

    Args:
        urls: as Apprise takes them. They are the operator's word, so they may lead anywhere.
        timeout_seconds: for all of them together.
    """

    def __init__(self, urls: Sequence[str], timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self._urls = tuple(urls)
        self._timeout_seconds = timeout_seconds

    @property
    def count(self) -> int:
        """How many addresses there are."""
        return len(self._urls)

    def send(self, message: Message) -> list[str]:
        """Send to all addresses; return a line for each that did not take it.

        The lines name an address by its number and scheme.
        """
        sent = self._sent(message)
        return [
            f"ALERT_URLS: no. {number} ({url.partition(':')[0]}) {told}"
            for number, (url, told) in enumerate(zip(self._urls, sent, strict=True), start=1)
            if told is not None
        ]

    def _sent(self, message: Message) -> list[str | None]:
        """Return for each address what went wrong, if anything did."""
        said, trouble = self._run(message)
        # A line that was cut short is none.
        whole = (line for line in said.splitlines(keepends=True) if line.endswith(b"\n"))
        told: dict[int, str | None] = dict(map(orjson.loads, whole))
        return [told.get(number, trouble) for number in range(self.count)]

    def _run(self, message: Message) -> tuple[bytes, str]:
        """Return what the program said, and what is true of the addresses it said nothing of."""
        asked = {
            "urls": self._urls,
            "title": message.title,
            "body": message.body,
            "good": message.good,
        }
        try:
            done = subprocess.run(  # noqa: S603 - our own interpreter and module
                [sys.executable, "-m", _PROGRAM],
                cwd=_PROJECT,
                input=orjson.dumps(asked),
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                timeout=self._timeout_seconds,
                check=False,
            )
        except subprocess.TimeoutExpired as late:
            return late.stdout or b"", "did not answer in time"
        except OSError as error:
            return b"", f"could not be tried ({type(error).__name__})"
        return done.stdout, f"could not be tried (exit {done.returncode})"
