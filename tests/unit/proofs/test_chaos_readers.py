"""The readers of the chaos proof notice what they are there for."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import httpx
import pytest

from tests.proofs.chaos.readers import Readers

Feed = Sequence[str]
FEED = tuple(f"{number:05}" for number in range(2_000, 0, -1))
"""Ids, the newest first; each second has one video."""


def _served(feed: Feed, walked: Feed) -> Callable[[httpx.Request], httpx.Response]:
    """Answer the page before a walk out of one feed and the walk out of another."""

    def answer(request: httpx.Request) -> httpx.Response:
        params, limit = request.url.params, int(request.url.params["limit"])
        rows, start = (feed, 0) if limit == 100 else (walked, int(params.get("cursor", 0)))
        page, end = rows[start : start + limit], start + limit
        items = [{"video_id": it, "published_at": it} for it in page]
        cursor = str(end) if end < len(rows) else None
        return httpx.Response(200, json={"items": items, "next_cursor": cursor})

    return answer


@pytest.mark.parametrize(
    ("walked", "faults"),
    [
        (FEED, set()),
        (("03000", "02999", *FEED), set()),
        (FEED[:60] + FEED[61:], {"missing in a walk"}),
        (FEED[:99] + FEED[100:], {"missing in a walk"}),
        (FEED[:60] + FEED[59:], {"doubled in a walk"}),
        (FEED[:300] + FEED[299:], {"doubled in a walk"}),
    ],
    ids=["whole", "new ones", "left out", "the oldest left out", "doubled", "doubled far below"],
)
def test_a_walk_that_leaves_out_or_doubles_a_row_is_noticed(walked: Feed, faults: set[str]) -> None:
    readers = Readers([])
    answer = httpx.MockTransport(_served(FEED, walked))
    with httpx.Client(base_url="http://feed", transport=answer) as client:
        readers._walk_once(client)

    assert readers.faults.seen.keys() == faults
    assert readers.walks == 1
