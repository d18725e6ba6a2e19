from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

import orjson
from hypothesis import given
from hypothesis import strategies as st

from app.cache.memory import MemoryFeedCache
from app.cache.wire import dump_head, load_head
from app.domain.feeds import ALL, Feed, Head, Position

if TYPE_CHECKING:
    from collections.abc import Callable

INSTANTS = st.datetimes(timezones=st.just(UTC))
IDS = st.from_regex(r"[A-Za-z0-9_-]{11}", fullmatch=True)


@st.composite
def heads(draw: Callable[[st.SearchStrategy[object]], object]) -> Head:
    items = draw(st.lists(st.tuples(INSTANTS, IDS, st.binary()), max_size=5))
    assert isinstance(items, list)
    total = draw(st.integers(0, 2**60))
    version = draw(st.integers(0, 2**60))
    assert isinstance(total, int)
    assert isinstance(version, int)
    positions = tuple(Position(at, video_id) for at, video_id, _ in items)
    return Head(version, total, positions, tuple(item for _, _, item in items))


def _is_refused(data: bytes) -> bool:
    try:
        load_head(data)
    except ValueError:
        return True
    return False


@given(heads())
def test_a_head_comes_back_equal(head: Head) -> None:
    assert load_head(dump_head(head)) == head


@given(st.binary())
def test_other_bytes_are_refused(data: bytes) -> None:
    assert _is_refused(data)


@given(heads(), st.data())
def test_a_head_that_was_cut_off_is_refused(head: Head, data: st.DataObject) -> None:
    whole = dump_head(head)
    cut = data.draw(st.integers(0, len(whole) - 1))
    assert _is_refused(whole[:cut])


JSON = st.recursive(
    st.sampled_from([None, True, 0, 3, -3, 2**63 - 1, 0.5, "", "video"]),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=6,
)


@given(st.fixed_dictionaries(dict.fromkeys(("version", "total", "sizes", "positions"), JSON)))
def test_figures_of_another_kind_are_refused_or_make_sense(figures: dict[str, object]) -> None:
    try:
        head = load_head(orjson.dumps(figures) + b"\n")
    except ValueError:
        return
    assert isinstance(head.version, int)
    assert isinstance(head.total, int)
    assert len(head.items) == len(head.positions)


def test_beyond_its_size_the_cache_drops_the_head_used_least_recently() -> None:
    cache = MemoryFeedCache(max_bytes=250)
    one, two, three = (Feed(watch_id=number) for number in (1, 2, 3))
    for feed in (one, two):
        cache.put(feed, Head(1, 1, (), (b"x" * 100,)))
    cache.get(one)
    cache.put(three, Head(1, 1, (), (b"x" * 100,)))
    assert cache.get(two) is None
    assert cache.get(one) is not None
    assert cache.get(three) is not None


def test_a_head_larger_than_the_cache_is_kept_alone() -> None:
    cache = MemoryFeedCache(max_bytes=10)
    for version in (1, 2):
        cache.put(ALL, Head(version, 1, (), (b"x" * 100,)))
    assert cache.version(ALL) == 2
