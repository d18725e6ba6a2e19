"""Which terms share a call: every watch in one pack, every call within a page and a URL."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import InvalidValueError
from app.domain.watches import MAX_TERM_CHARACTERS
from app.ingest.packing import FILL, MAX_QUERY_BYTES, MAX_TERMS, Packable, pack, packed_query
from app.ingest.terms import is_plain

PLAIN = [
    "news",
    "live music",
    '"live music"',
    "wi-fi",
    "東京 タワー",
    "뉴스",
    "🔥",
    "c++",
    "#f1",
    "Q&A",
]
NOT_PLAIN = [
    "a|b",
    "a | b",
    "boating -fishing",
    "-fishing",
    '"late night" jazz',
    '5" nails',
    '"open',
    '"a|b"',
    "intitle:news",
    "before:2026-01-01 news",
    "&",
    "|",
    '""',
    '" "',
    "-",
]


@pytest.mark.parametrize("term", PLAIN)
def test_words_and_one_whole_phrase_are_plain(term: str) -> None:
    assert is_plain(term)


@pytest.mark.parametrize("term", NOT_PLAIN)
def test_operators_mixed_phrases_and_wordless_terms_are_not_plain(term: str) -> None:
    assert not is_plain(term)


def test_a_packed_query_is_a_choice_with_its_phrases_quoted() -> None:
    assert packed_query(["late night", "c", '"a b"', "wi-fi"]) == '"late night"|c|"a b"|wi-fi'


def test_a_term_alone_is_asked_for_as_it_is() -> None:
    assert packed_query(["late night -jazz"]) == "late night -jazz"


@pytest.mark.parametrize(
    "terms", [[], ["a", "b|c"], ["a"] * (MAX_TERMS + 1), ["ก" * 200, "ข" * 200]]
)
def test_a_query_that_cannot_be_one_call_is_refused(terms: list[str]) -> None:
    with pytest.raises(InvalidValueError):
        packed_query(terms)


def test_quiet_watches_share_a_call_and_a_busy_one_has_its_own() -> None:
    busy, quiet = Packable("music", 1.0), [Packable(f"t{n}", 0.1) for n in range(8)]
    packs = pack([*quiet, busy], 60)
    assert [sorted(each.terms) for each in packs] == [
        ["music"],
        ["t0", "t1", "t2", "t3", "t4", "t5"],
        ["t6", "t7"],
    ]


def test_a_watch_with_operators_is_never_asked_for_with_others() -> None:
    packs = pack([Packable("a -b", 0), Packable("c", 0), Packable("d", 0)], 60)
    assert sorted(each.terms for each in packs) == [("a -b",), ("c", "d")]


def test_a_call_names_so_many_terms_and_no_more() -> None:
    packs = pack((Packable(f"t{number}", 0) for number in range(2 * MAX_TERMS + 5)), 60)
    assert [len(each.members) for each in packs] == [MAX_TERMS, MAX_TERMS, 5]


RATES = st.one_of(st.just(0.0), st.floats(1e-6, 2))
TERMS = st.one_of(
    st.sampled_from([*PLAIN, *NOT_PLAIN]),
    st.text("abc東ก ", min_size=1, max_size=MAX_TERM_CHARACTERS).filter(str.strip),
)
WATCHES = st.lists(
    st.builds(Packable, TERMS, RATES),
    max_size=60,
    unique_by=lambda watch: watch.term,
)
SECONDS = st.floats(1, 86_400)


@given(WATCHES, SECONDS)
def test_every_watch_is_in_exactly_one_pack(watches: list[Packable], seconds: float) -> None:
    packed = [member.term for each in pack(watches, seconds) for member in each.members]
    assert sorted(packed) == sorted(watch.term for watch in watches)


@given(WATCHES, SECONDS)
def test_a_shared_call_stays_within_a_page_and_a_url(
    watches: list[Packable], seconds: float
) -> None:
    for each in pack(watches, seconds):
        query = packed_query(each.terms)
        if len(each.members) > 1:
            assert each.rate * seconds <= FILL * 1.001
            assert len(each.members) <= MAX_TERMS
            assert len(quote(query)) <= MAX_QUERY_BYTES
            assert all(is_plain(term) for term in each.terms)


@given(WATCHES, SECONDS)
def test_the_order_of_the_watches_does_not_matter(watches: list[Packable], seconds: float) -> None:
    assert pack(watches, seconds) == pack(reversed(watches), seconds)


@given(WATCHES, SECONDS)
def test_packs_that_fit_together_are_not_apart(watches: list[Packable], seconds: float) -> None:
    """No watch that has a pack of its own would have fitted into an earlier one."""
    packs = pack(watches, seconds)
    for number, each in enumerate(packs):
        if len(each.members) == 1 and is_plain(each.terms[0]):
            for earlier in packs[:number]:
                assert not _would_fit([*earlier.members, *each.members], seconds)


def _would_fit(members: list[Packable], seconds: float) -> bool:
    try:
        packed_query([member.term for member in members])
    except InvalidValueError:
        return False
    # A little less than the limit: the two sums are added up in different orders.
    return seconds * sum(member.rate for member in members) < FILL * 0.999
