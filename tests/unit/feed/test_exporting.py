from __future__ import annotations

import csv
import json
import weakref
from dataclasses import replace
from datetime import UTC, datetime
from io import StringIO
from typing import TYPE_CHECKING, TypeVar, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.feeds import ALL, EVERYTHING
from app.domain.videos import CanonicalJson, Detail, Source, StoredVideo, Video
from app.feed.exporting import COLUMNS, VIDEO_FORMATS, VideoExport, as_csv, as_json_lines
from app.feed.items import encode_item

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.domain.feeds import Cursor, Feed, Selection
    from app.store.store import Store, Transaction

T = TypeVar("T")

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
VIDEO = Video(
    video_id="dQw4w9WgXcQ",
    title="A title",
    description="one\r\ntwo, and three",
    published_at=NOW,
    channel_id="UC0123456789012345678901",
    channel_title="A channel",
    detail=Detail.FULL,
    tags=CanonicalJson('["a"]'),
    duration_seconds=0,
)
STORED = StoredVideo(VIDEO, Source.SEARCH, (1, 2), NOW, NOW, 7)


def cells(*videos: StoredVideo) -> list[dict[str, str]]:
    """The rows as a spreadsheet reads them."""
    written = VIDEO_FORMATS["csv"].header + as_csv(videos)
    return list(csv.DictReader(StringIO(written.decode("utf-8-sig"), newline="")))


def test_a_line_is_the_item_byte_for_byte() -> None:
    assert as_json_lines([STORED, STORED]).splitlines() == [encode_item(STORED)] * 2


def test_a_row_has_every_field_of_the_item_and_nothing_for_what_is_unknown() -> None:
    item = json.loads(encode_item(STORED))
    assert list(item) == list(COLUMNS)
    [row] = cells(STORED)
    for name, value in item.items():
        kept = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
        assert row[name] == ("" if value is None else kept)


@pytest.mark.parametrize(
    "title",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        " =1",
        "\u00a0@x",
        "\uff1d1",
        "\uff0b1",
        "\uff0d1",
        "\uff20x",
    ],
)
def test_what_a_spreadsheet_might_run_stands_there_as_text(title: str) -> None:
    [row] = cells(replace(STORED, video=replace(VIDEO, title=title)))
    assert row["title"] == f"'{title}"


def test_ids_that_begin_like_formulas_are_guarded_too() -> None:
    [row] = cells(replace(STORED, video=replace(VIDEO, video_id="-Qw4w9WgXcQ")))
    assert row["video_id"] == "'-Qw4w9WgXcQ"
    assert row["url"].endswith("v=-Qw4w9WgXcQ")


@given(*[st.text(st.characters(exclude_categories=["Cs"]))] * 3)
def test_no_text_leaves_its_cell_or_begins_a_formula(title: str, words: str, name: str) -> None:
    told = replace(VIDEO, title=title, description=words, channel_title=name)
    [row] = cells(replace(STORED, video=told))
    for column, text in (("title", title), ("description", words), ("channel_title", name)):
        assert row[column] in {text, f"'{text}"}
        assert not row[column].lstrip().startswith(("=", "+", "-", "@"))
        assert not row[column].startswith(("\t", "\r", "\n"))


class Page(list[StoredVideo]):
    """A page whose end can be seen."""


class ManyVideos:
    """Stands for a store of more videos than a test could write; counts what is asked of it."""

    def __init__(self, videos: int) -> None:
        self.left = videos
        self.asked: list[int] = []
        self.alive = self.most_alive = 0
        self.feed = self

    def read_replica(self, work: Callable[[Transaction], T]) -> T:
        return work(cast("Transaction", self))

    def list_from_row(self, _feed: Feed, row: int, limit: int, _wanted: Selection) -> Page:
        assert row == 0, "the rest is asked for by seek"
        return self._page(limit)

    def list_from_cursor(self, _feed: Feed, at: Cursor, limit: int, _wanted: Selection) -> Page:
        assert at.position.video_id == f"{self.left + 1:011}"
        return self._page(limit)

    def _page(self, limit: int) -> Page:
        self.asked.append(limit)
        numbers = range(self.left, max(self.left - limit, 0), -1)
        page = Page(
            replace(STORED, video=replace(VIDEO, video_id=f"{number:011}")) for number in numbers
        )
        self.left -= len(page)
        self.alive += 1
        self.most_alive = max(self.most_alive, self.alive)
        weakref.finalize(page, self._ended)
        return page

    def _ended(self) -> None:
        self.alive -= 1


@pytest.mark.parametrize(("videos", "pages"), [(0, 1), (499, 1), (500, 2), (200_000, 401)])
def test_any_number_of_videos_is_exported_with_two_pages_in_memory(videos: int, pages: int) -> None:
    store = ManyVideos(videos)
    told = 0
    for page in VideoExport(cast("Store", store)).pages(ALL, EVERYTHING):
        told += len(page)
    assert told == videos
    assert store.asked == [500] * pages
    assert store.most_alive <= 2
