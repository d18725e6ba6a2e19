"""Full text on every kind of database, held against a matcher of plain strings."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from app.domain.errors import InvalidValueError
from app.domain.feeds import ALL, Cursor, Feed, Position, Selection
from app.domain.text_query import TextQuery, parse_text_query
from app.domain.videos import CanonicalJson
from app.store import full_text
from app.store.schema import downgrade, migrate
from app.store.search_text import tokens_of
from tests.contract.store.tellings import CHANNEL, NOW, VIDEO, add_watch, hide, record
from tests.text_reference import video_holds

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from app.domain.videos import StoredVideo, Video
    from app.store.database import Database
    from app.store.store import Store

OTHER_CHANNEL = "UC9999999999999999999999"
WORDS = (
    *("the", "of", "a", "b", "cat", "cats", "Café", "cafe", "wi-fi", "don't", "C++", "C#", "#Live"),
    *(
        "новости",
        "Новый",
        "مرحبا",
        "नमस्ते",
        "Straße",
        "50%",
        "x_y",
        "東京都",
        "京都",
        "東京タワー",
        "ニュース",
    ),
    *(
        "뉴스를",
        "아침뉴스",
        "ข่าวเช้า",
        "เช้านี้",
        "ລາວ",
        "ខ្មែរ",
        "မြန်မာ",
        "🔥",
        "🎉",
        "www",
        "und",
        "2024",
    ),
)
QUERIES = (
    *("the", "a", "b", "cat", "cat*", "ca*", "c*", "café", '"cat the"', '"the cat"', '"of the"'),
    *("wi-fi", '"wi fi"', "wifi", "don't", "dont", "c++", "c#", "#live", "live", "новости"),
    *(
        "нов*",
        "مرحبا",
        "नमस्ते",
        "strasse",
        "50",
        "x_y",
        '"x y"',
        "東",
        "東京",
        "京都",
        "東京都",
        "タワー",
    ),
    *(
        "都 cat",
        '"京都 cat"',
        '"cat 東"',
        "뉴스",
        "뉴",
        "스를",
        "ข่าว",
        "เช้า",
        "ช",
        "ລາວ",
        "ខ្មែរ",
        "မြန်",
    ),
    *("🔥", "the -cat", "the -ca*", 'the -"of the"', "cat the of", "-the 🎉", "und www", "2024"),
    *("20*", "nothing", "the nothing", "東京 -東京都", '"東京都 京都"', "cat -東", "cat café the"),
)
OPERATORS = (
    *(
        "cat@3",
        "~cat",
        "+cat -+the",
        "(cat",
        "cat)",
        "cat:a",
        "cat & !the",
        "cat | the",
        "NEAR(cat the)",
    ),
    *(
        "^cat",
        "cat OR the",
        "'; DROP TABLE videos; --",
        'cat" OR "1',
        "%",
        "cat%",
        "_a_",
        "\\",
        "cat\\'",
    ),
    *(
        "{cat the} : b",
        "<->",
        "cat <-> the",
        ">cat <the",
        "cat AND",
        "NOT cat",
        "*",
        "**cat",
        "c*t",
        "$1",
        ":q",
    ),
)


@pytest.fixture(params=["walk", "index", "both"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Has few videos searched as many are: on the way along the feed, by the index, by both."""
    probed, balanced_at = {"walk": (1000, 1), "index": (1, 1), "both": (4, 100)}[request.param]
    monkeypatch.setattr(full_text, "PROBED", probed)
    monkeypatch.setattr(full_text, "_BALANCED_AT", balanced_at)


def make_videos(count: int) -> list[Video]:
    rng = random.Random(8)
    return [
        replace(
            VIDEO,
            video_id=f"{rng.choice('Aa-_0')}video{number:05}",
            title=_text(rng, 4),
            description=_text(rng, 6),
            tags=rng.choice([None, CanonicalJson(json.dumps([_text(rng, 2), _text(rng, 1)]))]),
            channel_title=_text(rng, 1),
            channel_id=rng.choice([CHANNEL, OTHER_CHANNEL]),
            published_at=NOW - timedelta(seconds=rng.randrange(count)),
        )
        for number in range(count)
    ]


def _text(rng: random.Random, words: int) -> str:
    return rng.choice(["", " "]).join(rng.choices(WORDS, k=1)) + " ".join(
        ["", *rng.choices(WORDS, k=rng.randrange(words + 1))]
    )


def find(store: Store, feed: Feed, query: TextQuery, *, oldest_first: bool = False) -> list[str]:
    """Walks from the first page to the last by cursor."""
    found: list[str] = []
    for page in pages(store, feed, query, oldest_first=oldest_first):
        found += page
    return found


def pages(
    store: Store, feed: Feed, query: TextQuery, *, oldest_first: bool, limit: int = 13
) -> Iterator[Sequence[str]]:
    wanted = Selection(text=query)
    rows = store.read(
        lambda t: t.feed.list_from_row(feed, 0, limit, wanted, oldest_first=oldest_first)
    )
    while rows:
        yield [row.video.video_id for row in rows]
        last = rows[-1].video
        cursor = Cursor(Position(last.published_at, last.video_id), newer=oldest_first)
        rows = _beyond(store, feed, cursor, limit, wanted, oldest_first=oldest_first)


def _beyond(
    store: Store, feed: Feed, cursor: Cursor, limit: int, wanted: Selection, *, oldest_first: bool
) -> list[StoredVideo]:
    return store.read(
        lambda t: t.feed.list_from_cursor(feed, cursor, limit, wanted, oldest_first=oldest_first)
    )


def expected(videos: list[Video], query: TextQuery) -> list[str]:
    held = [video for video in videos if video_holds(video, query)]
    held.sort(key=lambda video: (video.published_at, video.video_id), reverse=True)
    return [video.video_id for video in held]


@pytest.mark.usefixtures("way")
def test_every_database_finds_what_holds_the_words_each_once_newest_first(
    store: Store, database: Database
) -> None:
    videos = make_videos(90)
    watch = add_watch(store)
    record(store, videos[:50], watch.watch_id)
    record(store, videos[50:])
    for hidden in videos[::9]:
        hide(database, hidden.video_id, NOW)
    shown = [video for number, video in enumerate(videos) if number % 9]
    of_watch = [video for video in videos[:50] if video in shown]
    of_channel = [video for video in shown if video.channel_id == OTHER_CHANNEL]
    feeds = (Feed(watch_id=watch.watch_id), of_watch), (Feed(channel_id=OTHER_CHANNEL), of_channel)
    found = 0
    for number, typed in enumerate(QUERIES):
        query = parse_text_query(typed)
        everywhere = expected(shown, query)
        found += len(everywhere)
        assert find(store, ALL, query) == everywhere, typed
        if number % 3 == 0:
            assert find(store, ALL, query, oldest_first=True) == everywhere[::-1], typed
        else:
            feed, of_feed = feeds[number % 3 - 1]
            assert find(store, feed, query) == expected(of_feed, query), typed
    assert found > 10 * len(QUERIES)  # else the queries say nothing


@pytest.mark.usefixtures("way")
def test_the_operators_of_a_database_are_only_text(store: Store) -> None:
    videos = make_videos(40)
    record(store, videos)
    for typed in OPERATORS:
        try:
            query = parse_text_query(typed)
        except InvalidValueError:
            continue
        assert find(store, ALL, query) == expected(videos, query), typed


@pytest.mark.usefixtures("way")
def test_pages_lead_back_and_numbers_lead_to_the_same_pages(store: Store) -> None:
    videos = make_videos(60)
    record(store, videos)
    query = parse_text_query("the")
    held = expected(videos, query)
    wanted = Selection(text=query)
    seventh = next(video for video in videos if video.video_id == held[6])
    cursor = Cursor(Position(seventh.published_at, seventh.video_id), newer=True)
    newer = store.read(lambda t: t.feed.list_from_cursor(ALL, cursor, 4, wanted))
    assert [row.video.video_id for row in newer] == held[2:6]
    third = store.read(lambda t: t.feed.list_from_row(ALL, 6, 3, wanted))
    assert [row.video.video_id for row in third] == held[6:9]
    assert store.read(lambda t: t.feed.window(ALL, wanted)) is None


@pytest.mark.usefixtures("way")
def test_text_and_other_filters_narrow_each_other(store: Store) -> None:
    videos = make_videos(60)
    record(store, videos)
    after, before = NOW - timedelta(seconds=40), NOW - timedelta(seconds=10)
    query = parse_text_query("the")
    wanted = Selection(published_after=after, published_before=before, text=query)
    rows = store.read(lambda t: t.feed.list_from_row(ALL, 0, 100, wanted))
    between = [video for video in videos if after <= video.published_at <= before]
    assert [row.video.video_id for row in rows] == expected(between, query)


@pytest.mark.usefixtures("way")
def test_an_edit_moves_a_video_out_of_a_search_and_into_another(store: Store) -> None:
    record(store, [VIDEO])
    edited = replace(VIDEO, title="An island", published_at=NOW - timedelta(hours=1))
    assert find(store, ALL, parse_text_query("title")) == [VIDEO.video_id]

    record(store, [edited])
    assert find(store, ALL, parse_text_query("title")) == []
    assert find(store, ALL, parse_text_query("isl* channel")) == [VIDEO.video_id]

    store.write(lambda t: t.set_hidden(VIDEO.video_id, hidden=True, now=NOW))
    assert find(store, ALL, parse_text_query("island")) == []
    store.write(lambda t: t.set_hidden(VIDEO.video_id, hidden=False, now=NOW))
    assert find(store, ALL, parse_text_query("island")) == [VIDEO.video_id]

    store.write(lambda t: t.delete([VIDEO.video_id], NOW))
    assert find(store, ALL, parse_text_query("island")) == []
    record(store, [VIDEO])
    assert find(store, ALL, parse_text_query("title")) == [VIDEO.video_id]


@pytest.mark.usefixtures("way")
def test_what_was_stored_before_there_were_texts_is_found(store: Store, database: Database) -> None:
    videos = make_videos(30)
    record(store, videos)
    downgrade(database, "0007")
    migrate(database)
    for typed in ("the", "東京", "ca*", "뉴스"):
        query = parse_text_query(typed)
        assert find(store, ALL, query) == expected(videos, query)


def test_a_search_writes_no_word_of_a_person_into_a_statement(store: Store) -> None:
    """What reaches the database as text is made of tokens, whatever the query."""
    query = parse_text_query("robert'); drop -table \"a 'b\" студ*")
    phrases = query.wanted + query.excluded
    assert all(
        token.replace("_", "").isalnum() and token.isascii()
        for phrase in phrases
        for token in tokens_of(phrase)
    )
    assert find(store, ALL, query) == []
