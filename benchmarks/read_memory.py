"""What a web process grows by when no two requests are the same."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from app.domain.feeds import Cursor, Position
from app.feed.cursors import encode_cursor
from benchmarks.read_load import Load, drive, get_request

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from benchmarks.read_servers import Backends, WebServer

SEED = 5
WARM_UP_SHARE = 0.1
_STATUSES = frozenset({200, 400, 404})
_SIZES = ("limit", "per_page", "page_size")
_PARTS = 4


@dataclass(frozen=True, slots=True)
class Grown:
    """The web process's own share of memory (PSS), in bytes: after warm-up, then along the way."""

    warm_up: int
    requests: int
    pss: tuple[int, ...]

    @property
    def share(self) -> float:
        """How much more it has at the end than after warm-up; 0.1 is a tenth."""
        return self.pss[-1] / self.pss[0] - 1


def measure(server: WebServer, backends: Backends, client: Executor, count: int) -> Grown:
    """Send different requests to a server with one worker."""
    warm_up = int(count * WARM_UP_SHARE)
    paths = different_paths(backends, warm_up + count)
    parts = [paths[:warm_up]]
    step = count // _PARTS
    parts += [paths[start : start + step] for start in range(warm_up, warm_up + count, step)]
    pss = []
    for part in parts:
        requests = tuple(get_request(path) for path in part)
        client.submit(drive, Load(server.port, requests, len(requests), _STATUSES)).result()
        pss.append(sum(_pss_bytes(pid) for pid in server.workers))
    return Grown(warm_up, count, tuple(pss))


def different_paths(backends: Backends, count: int) -> list[str]:
    """Return paths with queries, all different: right ones, and some that are refused."""
    rng = random.Random(SEED)  # noqa: S311 - the same every time is what is wanted
    paths: dict[str, None] = {}
    while len(paths) < count:
        parameters = _parameters(rng, backends)
        rng.shuffle(parameters)
        paths["/videos?" + "&".join(f"{name}={value}" for name, value in parameters)] = None
    return list(paths)


def _parameters(rng: random.Random, backends: Backends) -> list[tuple[str, object]]:
    length: tuple[str, object] = (rng.choice(_SIZES), rng.randint(1, 100))
    kind = rng.choices(("first", "number", "cursor", "unknown", "keyword"), (72, 9, 9, 5, 5))[0]
    chosen: dict[str, list[tuple[str, object]]] = {
        "first": [length, ("page", 1), *_feed(rng, backends)],
        "number": [length, ("page", rng.randint(2, 1_000_000))],
        "cursor": [length, ("cursor", _cursor(rng, backends))],
        "unknown": [length, (f"x{rng.getrandbits(40)}", 1)],
        "keyword": [("keyword", f"k{rng.getrandbits(40)}")],
    }
    return chosen[kind]


def _feed(rng: random.Random, backends: Backends) -> list[tuple[str, object]]:
    some_watch = ("watch", rng.choice(backends.watch_ids))
    some_channel = ("channel_id", rng.choice(backends.stored).channel_id)
    return rng.choice([[], [some_watch], [some_channel], [some_channel]])


def _cursor(rng: random.Random, backends: Backends) -> str:
    video = rng.choice(backends.stored)
    position = Position(video.published_at, video.video_id)
    return encode_cursor(Cursor(position, newer=rng.random() < 1 / 2))


def _pss_bytes(pid: int) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
