"""What goes in comes out: every byte of ids, terms and text, and every instant."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest
from sqlalchemy.exc import StatementError

from app.domain.feeds import ALL, Feed
from app.domain.watches import WatchKind
from tests.contract.store.tellings import (
    NOW,
    VIDEO,
    add_watch,
    get_video,
    list_feed,
    record,
    video,
)

if TYPE_CHECKING:
    from app.domain.watches import Watch
    from app.store.store import Store

SCALARS = [chr(n) for n in range(1, sys.maxunicode + 1) if not 0xD800 <= n <= 0xDFFF]


def _find(store: Store, term: str) -> Watch | None:
    return store.read(lambda t: t.watches.find_by_term(WatchKind.KEYWORD, term))


def test_ids_that_differ_in_case_alone_are_two_videos(store: Store) -> None:
    upper = replace(VIDEO, video_id="ABCDEFGHIJK", title="upper")
    lower = replace(VIDEO, video_id="abcdefghijk", title="lower")
    record(store, [upper])
    assert record(store, [lower]).added == (lower.video_id,)
    assert get_video(store, upper.video_id).video == upper
    assert get_video(store, lower.video_id).video == lower
    wrong_case = store.read(lambda transaction: transaction.feed.find_video("Abcdefghijk"))
    assert wrong_case is None


def test_ids_sort_by_their_bytes(store: Store) -> None:
    ids = ["-aaaaaaaaaa", "0aaaaaaaaaa", "Aaaaaaaaaaa", "Zaaaaaaaaaa", "_aaaaaaaaaa", "aaaaaaaaaaa"]
    record(store, [replace(VIDEO, video_id=video_id) for video_id in ids])
    assert [row.video.video_id for row in list_feed(store, ALL)] == ids[::-1]


def test_channels_that_differ_in_case_alone_have_feeds_of_their_own(store: Store) -> None:
    upper, lower = "UCAAAAAAAAAAAAAAAAAAAAAA", "UCaaaaaaaaaaaaaaaaaaaaaa"
    record(store, [replace(video(1), channel_id=upper), replace(video(2), channel_id=lower)])
    assert [row.video for row in list_feed(store, Feed(channel_id=lower))] == [
        replace(video(2), channel_id=lower)
    ]


@pytest.mark.parametrize(
    ("one", "other"),
    [("news", "News"), ("café", "cafe"), ("café", "cafe\u0301"), ("😀", "🔥"), ("ß", "ss")],
)
def test_terms_that_differ_in_any_byte_are_two_watches(store: Store, one: str, other: str) -> None:
    first, second = add_watch(store, one), add_watch(store, other)
    assert first.watch_id != second.watch_id
    assert add_watch(store, other) == second
    assert _find(store, one) == first
    assert _find(store, other) == second


def test_every_unicode_scalar_comes_back(store: Store) -> None:
    chunks = ["".join(SCALARS[start : start + 25_000]) for start in range(0, len(SCALARS), 25_000)]
    videos = [replace(video(n), description=chunk) for n, chunk in enumerate(chunks)]
    assert record(store, videos).rejected == ()
    stored = {row.video.video_id: row.video for row in list_feed(store, ALL)}
    assert all(stored[told.video_id] == told for told in videos)


def test_a_description_of_five_thousand_emoji_fits(store: Store) -> None:
    told = replace(VIDEO, description="🔥" * 5_000, title="😀" * 100)
    record(store, [told])
    assert get_video(store, told.video_id).video == told


def test_trailing_blanks_of_a_text_are_kept(store: Store) -> None:
    told = replace(VIDEO, title="A title  ", description=" ")
    record(store, [told])
    assert get_video(store, told.video_id).video == told


@pytest.mark.parametrize(
    "instant",
    [
        datetime(2026, 5, 1, 17, 30, 0, 1, tzinfo=timezone(timedelta(hours=5, minutes=30))),
        datetime(2026, 3, 8, 2, 30, tzinfo=timezone(timedelta(hours=-8))),
        datetime(2026, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
        datetime(1969, 12, 31, 23, 59, 59, 500_000, tzinfo=UTC),
        datetime(2005, 4, 23, 20, 31, 52, tzinfo=UTC),
    ],
)
def test_an_instant_comes_back_equal_and_in_utc(store: Store, instant: datetime) -> None:
    record(store, [replace(VIDEO, published_at=instant)], now=instant)
    stored = get_video(store, VIDEO.video_id)
    assert stored.video.published_at == stored.fetched_at == instant
    assert stored.video.published_at.utcoffset() == timedelta(0)


def test_an_instant_without_an_offset_is_refused(store: Store) -> None:
    naive = NOW.replace(tzinfo=None)
    with pytest.raises(StatementError, match="without an offset"):
        add_watch(store, now=naive)
    recorded = record(store, [replace(VIDEO, published_at=naive), video(2)])
    assert [rejection.video_id for rejection in recorded.rejected] == [VIDEO.video_id]
    assert recorded.added == (video(2).video_id,)
