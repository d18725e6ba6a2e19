"""Full text on every kind of database, held against a matcher of plain strings."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from datetime import timedelta
from math import inf
from typing import TYPE_CHECKING

import pytest

from app.domain.errors import InvalidValueError
from app.domain.feeds import ALL, EVERYTHING, Cursor, Feed, Position, Selection
from app.domain.text_query import TextQuery, parse_text_query
from app.domain.videos import CanonicalJson
from app.store import search_pace
from app.store.schema import downgrade, migrate
from app.store.search_pace import Pace
from app.store.search_text import tokens_of
from tests.contract.store.tellings import CHANNEL, NOW, VIDEO, add_watch, hide, record, video
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


DAYS = (0, 0, 0, 0, 1, 2, 30)
PACES = {
    "walk": Pace(),
    "index": Pace(looks=inf, walked=1, walked_at_most=1, rare=1000),
    "stride": Pace(looks=inf, walked=3, walked_at_most=3, rare=-1, stride=0),
    "both": Pace(looks=inf, walked=4, walked_at_most=8, taken=6, stride=10),
}


@pytest.fixture(params=list(PACES))
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Has few videos searched as many are: on the way along the feed, by the index, by both."""
    monkeypatch.setattr(search_pace, "PACE", PACES[request.param])


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
            published_at=NOW - timedelta(seconds=rng.randrange(count), days=rng.choice(DAYS)),
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
    store: Store, feed: Feed, query: TextQuery, *, oldest_first: bool, limit: int = 40
) -> Iterator[Sequence[str]]:
    cursor = None
    while rows := search(store, feed, query, limit, cursor, oldest_first=oldest_first):
        yield [row.video.video_id for row in rows]
        last = rows[-1].video
        cursor = Cursor(Position(last.published_at, last.video_id), newer=oldest_first)


def search(
    store: Store,
    feed: Feed,
    query: TextQuery,
    limit: int,
    cursor: Cursor | None = None,
    *,
    skip: int = 0,
    selection: Selection = EVERYTHING,
    oldest_first: bool = False,
) -> Sequence[StoredVideo]:
    """Everything is found: the budget is far from being spent."""
    found = store.read(
        lambda t: t.feed.search(
            feed, selection, query, limit, skip=skip, cursor=cursor, oldest_first=oldest_first
        )
    )
    assert found.edge is None
    return found.rows


def expected(videos: list[Video], query: TextQuery) -> list[str]:
    held = [video for video in videos if video_holds(video, query)]
    held.sort(key=lambda video: (video.published_at, video.video_id), reverse=True)
    return [video.video_id for video in held]


@pytest.mark.usefixtures("way")
def test_every_database_finds_what_holds_the_words_each_once_newest_first(
    store: Store, request: pytest.FixtureRequest
) -> None:
    # Each way has half of the queries, so that each has another half than the one before.
    first = list(PACES).index(request.node.callspec.params["way"]) % 2
    queries = QUERIES[first::2]
    videos = make_videos(90)
    watch = add_watch(store)
    record(store, videos[:50], watch.watch_id)
    record(store, videos[50:])
    for hidden in videos[::9]:
        hide(store, hidden.video_id)
    shown = [video for number, video in enumerate(videos) if number % 9]
    of_watch = [video for video in videos[:50] if video in shown]
    of_channel = [video for video in shown if video.channel_id == OTHER_CHANNEL]
    feeds = (Feed(watch_id=watch.watch_id), of_watch), (Feed(channel_id=OTHER_CHANNEL), of_channel)
    found = 0
    for number, typed in enumerate(queries):
        query = parse_text_query(typed)
        everywhere = expected(shown, query)
        found += len(everywhere)
        assert find(store, ALL, query) == everywhere, typed
        if number % 3 == 0:
            assert find(store, ALL, query, oldest_first=True) == everywhere[::-1], typed
        else:
            feed, of_feed = feeds[number % 3 - 1]
            assert find(store, feed, query) == expected(of_feed, query), typed
    assert found > 10 * len(queries)  # else the queries say nothing


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
    seventh = next(video for video in videos if video.video_id == held[6])
    cursor = Cursor(Position(seventh.published_at, seventh.video_id), newer=True)
    newer = search(store, ALL, query, 4, cursor)
    assert [row.video.video_id for row in newer] == held[2:6]
    third = search(store, ALL, query, 3, skip=6)
    assert [row.video.video_id for row in third] == held[6:9]
    assert store.read(lambda t: t.feed.window(ALL, Selection(text=query))) is None


@pytest.mark.usefixtures("way")
def test_text_and_other_filters_narrow_each_other(store: Store) -> None:
    videos = make_videos(60)
    record(store, videos)
    after, before = NOW - timedelta(seconds=40), NOW - timedelta(seconds=10)
    query = parse_text_query("the")
    rows = search(
        store, ALL, query, 100, selection=Selection(published_after=after, published_before=before)
    )
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
def test_a_video_whose_day_moves_is_found_where_it_has_moved(store: Store) -> None:
    """As a premiere's does: nothing else of its text changes."""
    others = make_videos(60)
    premiere = replace(VIDEO, title="A premiere of the")
    record(store, [*others, premiere])
    for days in (40, -3, 200, 1):
        moved = replace(premiere, published_at=NOW - timedelta(days=days, hours=1))
        record(store, [moved])
        for typed in ("premiere", "the", '"of the"'):
            query = parse_text_query(typed)
            assert find(store, ALL, query) == expected([*others, moved], query), typed


def test_blocks_of_days_follow_each_other_without_a_gap(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At midnights and noons, found on their old days first."""
    half_days = range(-40, 120)
    videos = [
        replace(video(number), published_at=NOW + timedelta(hours=12 * half_day))
        for number, half_day in enumerate(half_days)
    ]
    rare = [replace(each, title="A cat") for each in videos[::3]]
    told = [*rare, *(each for number, each in enumerate(videos) if number % 3)]
    record(store, [replace(each, published_at=NOW) for each in told[::2]])
    record(store, told)
    query = parse_text_query("cat")
    for size in (3, 60):
        pace = Pace(looks=inf, walked=1, walked_at_most=1, taken=size, rare=-1, stride=0)
        monkeypatch.setattr(search_pace, "PACE", pace)
        assert find(store, ALL, query) == expected(told, query)
        assert find(store, ALL, query, oldest_first=True) == expected(told, query)[::-1]


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
