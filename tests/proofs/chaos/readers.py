"""Readers who must never be told something wrong: first pages, walks by cursor, copies by changes.

What they see is checked while they see it; a refusal (503, 429 or no answer at all) is no fault.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from itertools import cycle
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_PAUSE_SECONDS = 0.1
_TIMEOUT_SECONDS = 15
_SHORTEST_WALK, _LONGEST_WALK = 400, 5_000
"""Rows; so many may have come in since the page that a walk has to find again."""


@dataclass
class Faults:
    """What readers saw that may not be; the first of each kind in words."""

    seen: dict[str, str] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def add(self, kind: str, words: str) -> None:
        """Note a fault."""
        with self.lock:
            self.seen.setdefault(kind, f"{time.strftime('%H:%M:%S')} {words}")


class Readers:
    """Threads that read until they are stopped.

    Args:
        bases: addresses of the webs.
    """

    def __init__(self, bases: Sequence[str]) -> None:
        self.faults = Faults()
        self.answers: Counter[str] = Counter()
        self.walks = 0
        self.copied: set[str] = set()
        self._bases = bases
        self._stopped = Event()
        jobs: list[Callable[[], None]] = [
            *(lambda base=base: self._read_first_pages(base) for base in bases),
            self._walk,
            self._copy,
        ]
        self._threads = [Thread(target=job, daemon=True) for job in jobs]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End; a reader waits for its last answer."""
        self._stopped.set()
        for thread in self._threads:
            thread.join(2 * _TIMEOUT_SECONDS)

    def _read_first_pages(self, base: str) -> None:
        """One client of one web: its versions never decrease."""
        newest = 0
        with httpx.Client(base_url=base, timeout=_TIMEOUT_SECONDS) as client:
            while not self._stopped.wait(_PAUSE_SECONDS):
                page = self._get(client, "/videos?limit=20")
                if page is None:
                    continue
                version = _version_of(page)
                if version < newest:
                    self.faults.add("backwards", f"{base} told {version} after {newest}")
                newest = max(newest, version)

    def _walk(self) -> None:
        """Walks by cursor: whatever was there at the start is seen once, in order."""
        for base in cycle(self._bases):
            if self._stopped.wait(_PAUSE_SECONDS):
                return
            with httpx.Client(base_url=base, timeout=_TIMEOUT_SECONDS) as client:
                self._walk_once(client)

    def _walk_once(self, client: httpx.Client) -> None:
        before = self._get(client, "/videos?limit=100")
        if before is None:
            return
        there = before.json()["items"]
        oldest = min((item["published_at"] for item in there), default="")
        seen: list[str] = []
        path: str | None = "/videos?limit=40"
        while path is not None and len(seen) < _LONGEST_WALK:
            page = self._get(client, path)
            if page is None:
                if self._stopped.wait(1):
                    return
                continue  # the same cursor again
            body = page.json()
            seen += [item["video_id"] for item in body["items"]]
            passed = body["items"] and body["items"][-1]["published_at"] < oldest
            if passed and len(seen) >= _SHORTEST_WALK:
                break  # all that was there, for the order is by that
            cursor = body["next_cursor"]
            path = f"/videos?limit=40&cursor={cursor}" if cursor else None
        doubled = [video_id for video_id, times in Counter(seen).items() if times > 1]
        if doubled:
            self.faults.add("doubled in a walk", f"{doubled[:3]}")
        missing = {item["video_id"] for item in there} - set(seen)
        if missing and len(seen) < _LONGEST_WALK:
            self.faults.add("missing in a walk", f"{sorted(missing)[:3]} of {len(seen)}")
        self.walks += 1

    def _copy(self) -> None:
        """Keeps a copy by /changes, at any web in turn."""
        after, bases = "0", cycle(self._bases)
        while not self._stopped.wait(_PAUSE_SECONDS):
            with httpx.Client(base_url=next(bases), timeout=_TIMEOUT_SECONDS) as client:
                page = self._get(client, f"/changes?after={after}&limit=200")
            if page is None:
                continue
            body = page.json()
            for change in body["changes"]:
                if change["op"] == "put":
                    self.copied.add(change["video"]["video_id"])
            after = body["next_after"]

    def _get(self, client: httpx.Client, path: str) -> httpx.Response | None:
        try:
            answer = client.get(path)
        except httpx.HTTPError as error:
            self.answers[type(error).__name__] += 1
            return None
        self.answers[str(answer.status_code)] += 1
        if answer.status_code == httpx.codes.OK:
            return answer
        if answer.status_code not in (429, 503):
            self.faults.add(f"HTTP {answer.status_code}", f"{path}: {answer.text[:300]}")
        elif "errors" not in answer.text:
            self.faults.add("a refusal without its reason", f"{path}: {answer.text[:200]}")
        return None


def _version_of(page: httpx.Response) -> int:
    """Return what the ETag begins with: the version of the feed."""
    return int(page.headers["ETag"].strip('"').partition("-")[0])
