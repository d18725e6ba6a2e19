"""The replay proof: what the simulator showed is served, byte for byte, in the same order.

A corpus is replayed through the simulator over HTTP; ingest polls it into a database; the whole
feed is then walked through the API and held against the simulator's truth.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import httpx

from app.bootstrap import build_services
from app.domain.feeds import ALL
from app.settings import load_settings
from app.web.factory import create_app
from tests.waiting import wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from flask.testing import FlaskClient

    from app.bootstrap import Services
    from tests.processes import Processes

    Item = dict[str, object]

AS_TOLD = (
    "video_id",
    "title",
    "description",
    "published_at",
    "channel_id",
    "channel_title",
    "thumbnails",
    "duration_seconds",
    "live",
    "category_id",
    "language",
    "tags",
    "view_count",
    "like_count",
)
"""The fields of an item that YouTube determines."""

DEADLINE_SECONDS = 900.0

_OURS = ("fetched_at", "updated_at")
"""The fields that tell when a run took place, and so differ between runs."""


@dataclass(frozen=True)
class Replay:
    """What a replay served, newest first, without the two times of the run itself."""

    shown: int
    items: list[bytes]
    pages: int
    seconds: float


def replay(simulator_url: str, database_url: str, *, videos: int) -> Replay:
    """Poll the simulator into an empty database until it holds all `videos`; then walk the feed.

    Raises:
        AssertionError: what is served is not what the simulator says it showed.
    """
    started_at = time.monotonic()
    services = build_services(
        load_settings(
            {
                "YOUTUBE_API_KEYS": "replay",
                "YOUTUBE_API_ENDPOINT": simulator_url,
                "YOUTUBE_SEARCH_CALLS_PER_DAY": "10000000",
                "YOUTUBE_UNITS_PER_DAY": "10000000",
                "KEYWORDS": "everything",
                "FETCH_INTERVAL_SECONDS": "1",
                "BACKFILL_SECONDS": "31536000",
                "DATABASE_URL": database_url,
            }
        )
    )
    try:
        services.store.migrate()
        truth = _poll_until_complete(services, simulator_url, videos)
        items, pages = _walk(create_app(services, trusts_this_machine=True).test_client())
    finally:
        services.close()
    compare(items, truth)
    stable = [{k: v for k, v in item.items() if k not in _OURS} for item in items]
    encoded = [json.dumps(item, ensure_ascii=False).encode() for item in stable]
    return Replay(len(truth), encoded, pages, time.monotonic() - started_at)


def start_simulator(processes: Processes, corpus: Path, *, arriving: int, speed: float) -> str:
    """Start a simulator that replays a corpus, its newest videos while we watch; return its URL."""
    plenty = "10000000"
    process = processes.python(
        "simulator",
        *("--port", "0", "--corpus", str(corpus), "--match-all", "--index-lag", "3"),
        *("--arriving", str(arriving), "--speed", str(speed)),
        *("--search-calls-per-day", plenty, "--units-per-day", plenty),
    )
    line = wait_until(
        lambda: next((s for s in process.output().splitlines() if "listening on" in s), None),
        30,
        claim="the simulator listens",
    )
    return line.split()[-1] if line else ""


def truth_of(simulator_url: str) -> list[Item]:
    """Return every video the simulator has, in the order of a feed."""
    videos: list[Item] = []
    after: object = 0
    while True:
        part = httpx.get(f"{simulator_url}/_truth", params={"after": str(after)}, timeout=30).json()
        videos += part["videos"]
        after = part["next_after"]
        if not part["more"]:
            break
    return sorted(videos, key=lambda v: (v["published_at"], v["video_id"]), reverse=True)


def _poll_until_complete(services: Services, simulator_url: str, videos: int) -> list[Item]:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline:
        for claim in services.ingest.tick():
            services.ingest.run(claim)
        total, owed = services.store.read(
            lambda t: (t.feed.total(ALL), len(t.videos.list_incomplete(1)))
        )
        if total == videos and not owed:
            return truth_of(simulator_url)
        time.sleep(0.2)
    raise AssertionError(f"{total} of {videos} videos were stored in time")


def _walk(client: FlaskClient) -> tuple[list[Item], int]:
    items: list[Item] = []
    path: str | None = "/videos?limit=100"
    pages = 0
    while path is not None:
        body = client.get(path).get_json()
        items += body["items"]
        pages += 1
        cursor = body["next_cursor"]
        path = None if cursor is None else f"/videos?limit=100&cursor={cursor}"
    return items, pages


def compare(items: list[Item], truth: list[Item]) -> None:
    """Hold a whole feed against the truth.

    Raises:
        AssertionError: a video is missing, doubled, misplaced or not as YouTube told it.
    """
    served = [cast("str", item["video_id"]) for item in items]
    shown = [cast("str", video["video_id"]) for video in truth]
    assert len(set(served)) == len(served), "a video is served twice"
    assert set(served) == set(shown), f"{len(set(shown) - set(served))} videos are missing"
    assert served == shown, "the order differs"
    for item, video in zip(items, truth, strict=True):
        for name in AS_TOLD:
            assert item[name] == video[name], (item["video_id"], name, item[name], video[name])
