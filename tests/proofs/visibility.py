"""How long stored videos take to be served: the database and every web, watched side by side."""

from __future__ import annotations

import time
from threading import Event, Thread
from typing import TYPE_CHECKING

from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from tests.e2e.site import items_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Engine

    from tests.e2e.site import Site

POLL_SECONDS = 0.1
"""How exact the seconds are."""

_NEWEST = text("SELECT video_id FROM videos ORDER BY seq DESC LIMIT 100")


class Visibility:
    """Notes when each new video is first seen in the database and on each web's first page.

    Args:
        database_url: of the database itself, not by a proxy.
        sites: the webs; a video counts as served when all of them have served it.
    """

    def __init__(self, database_url: str, sites: Sequence[Site]) -> None:
        self._engine: Engine = create_engine(database_url)
        self._stored: dict[str, float] = {}
        self._served: list[dict[str, float]] = [{} for _ in sites]
        self._over = Event()
        self._threads = [Thread(target=self._watch_rows, daemon=True)]
        self._threads += [
            Thread(target=self._watch_page, args=(site, seen), daemon=True)
            for site, seen in zip(sites, self._served, strict=True)
        ]

    def start(self) -> None:
        """Watch from now on."""
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Watch no longer."""
        self._over.set()
        for thread in self._threads:
            thread.join()
        self._engine.dispose()

    def is_stored(self, video_ids: Iterable[str]) -> bool:
        """Tell whether at least one of them was seen in the database."""
        return any(video_id in self._stored for video_id in video_ids)

    def are_served(self, video_ids: Iterable[str]) -> bool:
        """Tell whether every web has served all of them."""
        wanted = set(video_ids)
        return all(wanted <= seen.keys() for seen in self._served)

    def seconds(self, video_ids: Iterable[str]) -> list[float]:
        """Return how long after it was seen in the database each was on every web's first page."""
        return [
            max(0.0, max(seen[video_id] for seen in self._served) - self._stored[video_id])
            for video_id in video_ids
        ]

    def _watch_rows(self) -> None:
        while not self._over.wait(POLL_SECONDS):
            try:
                with self._engine.connect() as connection:
                    found = connection.execute(_NEWEST).scalars().all()
            except DBAPIError:  # it was killed
                continue
            _note(self._stored, found)

    def _watch_page(self, site: Site, seen: dict[str, float]) -> None:
        while not self._over.wait(POLL_SECONDS):
            reply = site.get("/videos?limit=100")
            if reply.status == 200:
                _note(seen, [str(item["video_id"]) for item in items_of(reply.json)])


def _note(seen: dict[str, float], video_ids: Iterable[str]) -> None:
    now = time.monotonic()
    for video_id in video_ids:
        seen.setdefault(video_id, now)
