"""Whatever the feed and however it is cut: links lead through it whole, there and back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.feeds import Position
from app.web.factory import create_app
from tests.unit.web.fakes import MemoryFeed, MemoryServices

if TYPE_CHECKING:
    from flask.testing import FlaskClient

START_AT = datetime(2026, 1, 1, tzinfo=UTC)

feeds = st.lists(
    # Few seconds and many ties: the order within a second is where walks go wrong.
    st.tuples(st.integers(0, 3), st.from_regex(r"[A-Za-z0-9_-]{11}", fullmatch=True)),
    unique_by=lambda pair: pair[1],
    max_size=20,
)


def walk(client: FlaskClient, path: str | None, direction: str) -> list[list[str]]:
    pages = []
    while path is not None:
        body = client.get(path).get_json()
        pages.append([item["video_id"] for item in body["items"]])
        path = body[direction]
    return pages


def joined(pages: list[list[str]]) -> list[str]:
    return list(chain.from_iterable(pages))


@settings(deadline=None)
@given(
    feed=feeds,
    limit=st.integers(1, 8),
    after=st.none() | st.integers(0, 3),
    sort=st.sampled_from(["newest", "oldest"]),
)
def test_every_walk_meets_every_video_once(
    feed: list[tuple[int, str]], limit: int, after: int | None, sort: str
) -> None:
    positions = [Position(START_AT + timedelta(seconds=at), name) for at, name in feed]
    client = create_app(MemoryServices(MemoryFeed(positions))).test_client()
    wanted = sorted(pair for pair in feed if after is None or pair[0] >= after)
    expected = [name for _, name in (wanted if sort == "oldest" else wanted[::-1])]
    list_path = f"/videos?limit={limit}&sort={sort}"
    if after is not None:
        list_path += f"&published_after=2026-01-01T00:00:0{after}Z"

    by_number = walk(client, list_path, "next")
    assert joined(by_number) == expected

    cursor = client.get(list_path).get_json()["next_cursor"]
    if cursor is None:
        assert len(expected) <= limit
        return
    by_cursor = walk(client, f"{list_path}&cursor={cursor}", "next")
    assert by_number[0] + joined(by_cursor) == expected

    last = client.get(f"{list_path}&page={len(by_number)}").get_json()
    back = walk(client, f"{list_path}&cursor={last['previous_cursor']}", "previous")
    assert joined(back[::-1]) + by_number[-1] == expected
