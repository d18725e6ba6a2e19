"""Twelve bad bodies, each over real HTTP, each in the place of either answer a poll needs.

A poll meets the body, a later one does not: what is stored and what counts as read in between.
"""

import gzip
import json
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from app.domain.ranges import Stretch, floor_second
from app.domain.videos import Detail
from app.sources.youtube import YouTube
from simulator.server import Request
from tests.contract.sources.wire_server import (
    Answer,
    Handler,
    endless,
    raw,
    reply,
    reset,
    wire_server,
)
from tests.unit.ingest.rig import before_noon, ids_of, make_rig
from tests.unit.simulator.worlds import NOON

VIDEOS = before_noon(60)
FIRST_PAGE = ids_of(VIDEOS[:50])
LOOKBACK_SECONDS = 600
RETRIED_AFTER_SECONDS = 150
READ_AGAIN_AFTER_SECONDS = LOOKBACK_SECONDS + 60

TIMEOUT_SECONDS = 3.0  # ten times what a busy machine needs; the slow drip waits for it
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
SECOND_PAGE = range(1, 2)
SECOND_PAGE_AND_CATCH_UP = range(1, 3)
"""The poll that could not complete a page tries once more at its end."""
MEGABYTE = 1 << 20

Damage = Callable[[bytes], Answer]
"""What is sent instead of a good body."""


def _cut_off(good: bytes) -> Answer:
    return raw(HEAD + b"Content-Length: %d\r\n\r\n" % len(good) + good[: len(good) // 2])


def _drip(good: bytes) -> Answer:
    return endless(HEAD + b"Content-Length: %d\r\n\r\n" % len(good) + good[:100], b" ", 0.05)


def _bomb(good: bytes) -> Answer:
    packed = gzip.compress(good + b" " * 64 * MEGABYTE, compresslevel=1)
    return reply(packed, headers={"Content-Encoding": "gzip"})


def _first_title_ends(good: bytes, end: bytes) -> bytes:
    title = rb'"title":"[^"]*'
    return re.sub(title, lambda found: found[0] + end, good, count=1)


def _odd(good: bytes, items: slice) -> Answer:
    body = json.loads(good)
    for item in body["items"][items]:
        item["snippet"] = {"publishedAt": 17, "title": None, "thumbnails": []}
    return reply(json.dumps(body).encode())


USELESS: dict[str, Damage] = {
    "cut off": _cut_off,
    "HTML": lambda _: reply(b"<!DOCTYPE html><title>Wi-Fi login</title>"),
    "empty": lambda _: reply(b""),
    "null": lambda _: reply(b"null"),
    "wrong types": lambda good: reply(
        json.dumps({**json.loads(good), "items": {"0": 17}}).encode()
    ),
    "items of wrong types": lambda good: _odd(good, slice(None)),
    "10 MB": lambda good: reply(good + b" " * 10 * MEGABYTE),
    "a slow drip": _drip,
    "reset": lambda _: reset,
    "a gzip bomb": _bomb,
    "invalid UTF-8": lambda good: reply(_first_title_ends(good, b"\xff\xfe")),
    "a bare NUL": lambda good: reply(_first_title_ends(good, b"\0")),
}
ODD: dict[str, tuple[Damage, int]] = {
    "an item of wrong types": (lambda good: _odd(good, slice(1)), 1),
    "a lone surrogate": (lambda good: reply(_first_title_ends(good, b"\\ud83d")), 0),
    "NUL": (lambda good: reply(_first_title_ends(good, b"\\u0000")), 0),
}
"""And how many items it costs until the next reading."""

useless = pytest.mark.parametrize("damage", USELESS.values(), ids=USELESS.keys())
odd = pytest.mark.parametrize(("damage", "costs"), ODD.values(), ids=ODD.keys())
odd_telling = pytest.mark.parametrize("damage", [d for d, _ in ODD.values()], ids=ODD.keys())


class Spoiler:
    """A rig whose YouTube is a server on loopback: the simulator's answers but for one."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._method, self._calls = "", range(0)
        self._seen = 0
        self._damage: Damage = reply
        server = stack.enter_context(wire_server(self._answer))
        youtube = YouTube(server.endpoint, TIMEOUT_SECONDS)
        self.rig = make_rig(
            folder, VIDEOS, seed_source=lambda _: youtube, lookback_seconds=LOOKBACK_SECONDS
        )
        stack.callback(self.rig.services.close)
        self.rig.watch()

    def spoil(self, method: str, damage: Damage, calls: range) -> None:
        """Damage the answers to these calls of a method, counted from 0."""
        self._method, self._damage, self._calls = method, damage, calls

    def told(self) -> dict[str, Detail]:
        return {i: video.detail for i, video in self.rig.stored(*ids_of(VIDEOS)).items()}

    def titles(self) -> dict[str, str]:
        return {i: video.title for i, video in self.rig.stored(*ids_of(VIDEOS)).items()}

    def _answer(self, handler: Handler) -> None:
        url = urlsplit(handler.path)
        query = parse_qs(url.query, keep_blank_values=True)
        key = handler.headers["X-Goog-Api-Key"]
        good = self.rig.simulator.handle(Request("GET", url.path, query, key))
        meant = url.path.endswith(f"/{self._method}")
        spoiled = meant and self._seen in self._calls
        self._seen += meant
        (self._damage if spoiled else reply)(good.body)(handler)


@pytest.fixture
def spoiler(tmp_path: Path) -> Iterator[Spoiler]:
    with ExitStack() as stack:
        yield Spoiler(tmp_path, stack)


@useless
def test_a_useless_page_counts_for_nothing_and_the_next_poll_reads_it(
    spoiler: Spoiler, damage: Damage
) -> None:
    rig = spoiler.rig
    spoiler.spoil("search", damage, SECOND_PAGE)
    rig.tick()
    assert rig.known() == FIRST_PAGE
    oldest_read = floor_second(VIDEOS[49].published_at)
    assert rig.open_ranges() == [Stretch(NOON - timedelta(days=1), oldest_read)]
    assert rig.problems() == {"youtube_unavailable"}
    rig.clock.move(RETRIED_AFTER_SECONDS)
    rig.tick()
    assert_all_is_well(spoiler)


@useless
def test_a_useless_telling_leaves_the_snippets_and_the_next_poll_completes_them(
    spoiler: Spoiler, damage: Damage
) -> None:
    rig = spoiler.rig
    spoiler.spoil("videos", damage, SECOND_PAGE_AND_CATCH_UP)
    rig.tick()
    assert rig.known() == ids_of(VIDEOS)
    assert rig.open_ranges() == []
    assert spoiler.told() == dict.fromkeys(FIRST_PAGE, Detail.FULL) | dict.fromkeys(
        ids_of(VIDEOS[50:]), Detail.SNIPPET
    )
    rig.clock.move(10)
    rig.tick()
    assert_all_is_well(spoiler)


@odd
def test_an_odd_item_on_a_page_costs_no_more_than_itself_until_the_next_reading(
    spoiler: Spoiler, damage: Damage, costs: int
) -> None:
    rig = spoiler.rig
    spoiler.spoil("search", damage, SECOND_PAGE)
    rig.tick()
    assert rig.known() == FIRST_PAGE + ids_of(VIDEOS[50 + costs :])
    assert rig.open_ranges() == []
    assert rig.problems() == set()
    rig.clock.move(READ_AGAIN_AFTER_SECONDS)
    rig.tick()
    assert_all_is_well(spoiler)


@odd_telling
def test_an_odd_telling_costs_no_other_video_anything(spoiler: Spoiler, damage: Damage) -> None:
    rig = spoiler.rig
    spoiler.spoil("videos", damage, SECOND_PAGE)
    rig.tick()
    assert rig.known() == ids_of(VIDEOS)
    assert rig.open_ranges() == []
    damaged = VIDEOS[50].video_id
    wrong = {i for i, title in spoiler.titles().items() if title != f"Title {int(i[5:])}"}
    assert wrong <= {damaged}
    assert set(spoiler.told().values()) == {Detail.FULL}  # the end of the poll caught up
    rig.clock.move(READ_AGAIN_AFTER_SECONDS)
    rig.tick()
    assert_all_is_well(spoiler)


def assert_all_is_well(spoiler: Spoiler) -> None:
    """Everything is stored, whole and as YouTube has it."""
    assert spoiler.rig.known() == ids_of(VIDEOS)
    assert set(spoiler.told().values()) == {Detail.FULL}
    assert spoiler.titles() == {item.video_id: item.title for item in VIDEOS}
    assert spoiler.rig.open_ranges() == []
    assert spoiler.rig.problems() == set()
