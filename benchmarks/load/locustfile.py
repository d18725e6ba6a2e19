"""The readers: each class is a habit, its weight how many of 100 readers have it.

Run by Locust in an environment of its own; it imports nothing of ours. The environment names where
the bare server listens (BARE_URL) and how many pages of 20 there are (PAGES).
"""

from __future__ import annotations

import os
import random
from typing import TYPE_CHECKING

from locust import HttpUser, between, task
from requests.adapters import HTTPAdapter
from urllib3 import Retry

if TYPE_CHECKING:
    from locust.env import Environment

_PAGES = int(os.environ["PAGES"])
_CHANNELS = 1000
_WORDS = (
    "music",
    "boat",
    "morning",
    "music city",
    '"full episode"',
    "東京",
    "résumé",
    "boat -city",
)
_AS_BROWSERS = Retry(total=1, read=1, status=0, redirect=0)
"""Ask once more where the server closed an idle connection the moment a request was sent."""


class Reader(HttpUser):
    """Asks, reads for some seconds, asks again."""

    abstract = True
    wait_time = between(1, 3)

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        self.client.mount("http://", HTTPAdapter(max_retries=_AS_BROWSERS))


class Poller(Reader):
    """Looks for news on page 1 and names what he has."""

    weight = 45

    def on_start(self) -> None:
        """Begin with nothing."""
        self.etag = ""

    @task
    def look(self) -> None:
        """Ask for page 1."""
        headers = {"If-None-Match": self.etag} if self.etag else {}
        reply = self.client.get("/videos", headers=headers, name="page 1, with ETag")
        self.etag = reply.headers.get("ETag", self.etag)


class Pager(Reader):
    """Turns pages by number: mostly the first ones, now and then any."""

    weight = 15

    @task(4)
    def turn(self) -> None:
        """Read one of the first twenty pages."""
        page = random.randint(1, 20)
        self.client.get(f"/videos?limit=20&page={page}", name="page 1 to 20")

    @task
    def jump(self) -> None:
        """Read a page anywhere."""
        page = random.randint(1, _PAGES)
        self.client.get(f"/videos?limit=20&page={page}", name="page anywhere, by number")


class Walker(Reader):
    """Walks the feed by cursor."""

    weight = 10

    def on_start(self) -> None:
        """Begin at the newest."""
        self.cursor = ""

    @task
    def go_on(self) -> None:
        """Read the next page."""
        path = f"/videos?limit=50&cursor={self.cursor}" if self.cursor else "/videos?limit=50"
        reply = self.client.get(path, name="next page of 50, by cursor")
        self.cursor = (reply.json()["next_cursor"] or "") if reply.ok else ""


class Searcher(Reader):
    """Looks for words."""

    weight = 8

    @task
    def search(self) -> None:
        """Ask for what holds them."""
        words = random.choice(_WORDS)
        self.client.get("/videos", params={"q": words, "limit": 20}, name="search")


class ChannelViewer(Reader):
    """Looks at channels."""

    weight = 7

    @task
    def look(self) -> None:
        """Ask for one."""
        channel = f"UC{random.randrange(_CHANNELS):022d}"
        self.client.get(f"/channels/{channel}/videos", name="a channel")


class Follower(Reader):
    """Keeps a copy: what is there first, then what changes."""

    weight = 5

    def on_start(self) -> None:
        """Begin the copy."""
        self.after = "0"

    @task
    def follow(self) -> None:
        """Take the next page of changes."""
        reply = self.client.get(
            "/changes", params={"after": self.after, "limit": 200}, name="changes"
        )
        if reply.ok:
            self.after = reply.json()["next_after"]


class Viewer(Reader):
    """Looks at the pages for people."""

    weight = 5

    @task(3)
    def feed(self) -> None:
        """Look at the feed."""
        self.client.get(f"/?page={random.randint(1, 5)}", name="dashboard: feed")

    @task
    def coverage(self) -> None:
        """Look at what has been read."""
        self.client.get("/dashboard/coverage", name="dashboard: coverage")


class Bare(Reader):
    """The yardstick: a page of the same size from a server that does nothing else."""

    weight = 5
    host = os.environ["BARE_URL"]

    @task
    def look(self) -> None:
        """Ask for it."""
        self.client.get("/", name="bare: the bytes of page 1")
