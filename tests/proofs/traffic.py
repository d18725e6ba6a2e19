"""What the simulated YouTube does during the kill proof: bursts, ties, late videos, faults.

It also tells the truth: what was published for which keyword, and which calls were charged.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import httpx

from tests.e2e.site import Simulated
from tests.proofs.replay import truth_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.processes import Processes

    Item = dict[str, object]

KEYWORDS = ("boats", "chess", "opera", "bread", "trains", "birds")
HISTORY_VIDEOS = 2600
HISTORY_SECONDS = 3600
MOST_LAG_SECONDS = 5
PLENTY = 10_000_000

FAULTS: tuple[Mapping[str, object], ...] = (
    {"kind": "500", "method": "search", "every": 53},
    {"kind": "503", "method": "videos", "every": 41},
    {"kind": "reset", "every": 67},
    {"kind": "cut_off", "every": 71},
    {"kind": "truncated", "every": 73},
    {"kind": "html_200", "every": 79},
    {"kind": "unsorted", "method": "search", "every": 83},
    {"kind": "duplicate_on_page_2", "method": "search", "every": 7},
    {"kind": "slow", "every": 97, "seconds": 4.0},
)
"""The slow calls outlast a lease, so that another worker takes the watch over meanwhile."""


class Traffic:
    """A simulator of our own.

    Args:
        processes: starts it.
        seed: of all that is published.
    """

    def __init__(self, processes: Processes, *, seed: int) -> None:
        self._random = random.Random(seed)
        self._published = 0
        corpus = self._write_history(processes.folder / "history.jsonl")
        self._site = Simulated.start(
            processes,
            *("--corpus", str(corpus), "--corpus-published", "--seed", str(seed)),
            *("--search-calls-per-day", str(PLENTY), "--units-per-day", str(PLENTY)),
        )
        self._client = httpx.Client(base_url=self._site.url, timeout=30)
        for rule in FAULTS:
            self._control(do="add_fault", rule=rule)

    @property
    def url(self) -> str:
        """Where the simulator answers."""
        return self._site.url

    def close(self) -> None:
        """Let go of the connection; the process ends with the others."""
        self._client.close()

    def burst(self, videos: int) -> None:
        """Publish so many videos now, most in one second; search shows some of them later."""
        for _ in range(videos):
            late = self._random.random() < 0.3
            lag = self._random.randint(1, MOST_LAG_SECONDS) if late else 0
            self._control(do="publish", title=self._title(), index_lag_seconds=lag)

    def end_of_trouble(self) -> int:
        """No more faults; return how many calls met one."""
        rules = self._client.get("/_truth", params={"after": 2**60}).json()["faults"]
        self._control(do="clear_faults")
        return sum(int(rule["hits"]) for rule in rules)

    def truth(self) -> list[Item]:
        """Every video there is, in the order of a feed."""
        return truth_of(self._site.url)

    def charged(self, bucket: str) -> Counter[str]:
        """How many calls of a bucket were made, by key."""
        # No video has such a number, so the answer holds the calls alone.
        part = self._client.get("/_truth", params={"after": 2**60}).json()
        calls: Counter[str] = Counter()
        for call in part["calls"]:
            calls[call["key"]] += call["charged"] if call["bucket"] == bucket else 0
        return calls

    def _write_history(self, path: Path) -> Path:
        end = datetime.now(UTC).replace(microsecond=0)
        times = (self._random.randrange(HISTORY_SECONDS // 3) * 3 for _ in range(HISTORY_VIDEOS))
        with path.open("w", encoding="utf-8") as file:
            for seconds in times:
                row = {
                    "video_id": f"h{self._published:010d}",
                    "title": self._title(),
                    "description": "Tom & Jerry's <b>boat</b>",
                    "published_at": (end - timedelta(seconds=seconds)).isoformat(),
                    "channel_title": "History",
                }
                file.write(json.dumps(row) + "\n")
        return path

    def _title(self) -> str:
        """Text for one keyword in turn, now and then for the first one too, which has the most."""
        self._published += 1
        first = KEYWORDS[self._published % len(KEYWORDS)]
        also = f' & "{KEYWORDS[0]}"' if self._random.random() < 0.3 else ""
        return f"{first}{also} <{self._published}>"

    def _control(self, **command: object) -> None:
        self._client.post("/_control", json=command).raise_for_status()


def keywords_of(video: Item) -> set[str]:
    """Return the keywords whose search shows a video."""
    words = str(video["title"]).replace('"', " ").split()
    return {keyword for keyword in KEYWORDS if keyword in words}
