"""What the pages of a listing let us say has been read, and when YouTube makes no sense."""

from datetime import timedelta

import pytest

from app.domain.errors import UpstreamError
from app.domain.ranges import Stretch
from app.ingest.coverage import LISTING_CAP, LISTING_PAGES
from app.ingest.listings import Listing
from app.ingest.walk import Walk
from app.sources.base import SearchPage
from tests.unit.ingest.rig import listing, told
from tests.unit.simulator.worlds import NOON


def stretch(first: float, last: float = 0) -> Stretch:
    return Stretch(NOON + timedelta(seconds=first), NOON + timedelta(seconds=last))


def page(*seconds: float, token: str | None = None, **fields: object) -> SearchPage:
    return listing(*(told(f"v{-n}", n) for n in seconds), token=token, **fields)


def walk(*pages: SearchPage, wanted: Stretch | None = None) -> Walk:
    walked = Walk(Listing(stretch(-100), wanted or stretch(-100)))
    for each in pages:
        walked.see(each)
    return walked


def test_a_listing_that_ends_has_shown_all_of_its_stretch() -> None:
    ended = walk(page(0, -1, token="a"), page(-2))
    assert (ended.done, ended.left) == (stretch(-100), None)


def test_a_page_has_shown_all_above_its_last_second_which_may_go_on_on_the_next() -> None:
    begun = walk(page(0, -7, token="a"))
    assert begun.done == stretch(-6)
    assert begun.left == Listing(stretch(-100, -7), stretch(-100, -7))
    assert begun.has_next()
    assert begun.query("tide").page_token == "a"


def test_nothing_is_left_once_what_was_wanted_has_been_shown() -> None:
    assert walk(page(0, -7, token="a"), wanted=stretch(-6)).left is None
    assert walk(page(0, -7, token="a"), wanted=stretch(-7)).left is not None


def test_a_page_out_of_order_shows_nothing_for_certain_nor_do_those_after_it() -> None:
    lost = walk(page(-5, 0, token="a", ordered=False), page(-6, -9, token="b"))
    assert lost.done is None
    assert lost.left == Listing.of(stretch(-100))


def test_a_disordered_listing_that_ends_has_shown_all_there_is() -> None:
    assert walk(page(-5, 0, ordered=False)).left is None


def test_only_a_listing_that_reaches_below_what_is_wanted_may_be_shortened() -> None:
    disordered = page(-5, 0, token="a", ordered=False)
    assert walk(disordered, wanted=stretch(-6)).astray
    assert not walk(disordered).astray
    assert not walk(page(0, -5, token="a"), wanted=stretch(-6)).astray


def test_a_listing_near_the_cap_is_begun_anew_below_what_it_showed() -> None:
    cut = walk(page(0, -9, listed=LISTING_CAP))
    assert not cut.has_next()
    assert not cut.capped
    assert cut.left == Listing.of(stretch(-100, -9))


def test_a_first_second_that_fills_a_listing_is_capped() -> None:
    assert walk(page(0, 0, listed=LISTING_CAP)).capped


def test_a_cut_listing_out_of_order_cannot_be_gone_on_with() -> None:
    cut = walk(page(-9, 0, listed=LISTING_CAP, ordered=False))
    with pytest.raises(UpstreamError, match="out of order"):
        cut.has_next()


def test_a_listing_that_goes_round_is_begun_anew_below_what_it_showed() -> None:
    assert not walk(page(0, -5, token="a"), page(-5, -7, token="a")).has_next()


def test_a_listing_that_goes_round_and_shows_nothing_makes_no_sense() -> None:
    round_and_round = walk(page(token="a"), page(token="a"))
    with pytest.raises(UpstreamError, match="goes round"):
        round_and_round.has_next()


def test_a_listing_without_end_makes_no_sense() -> None:
    endless = walk(*(page(token=f"{n}") for n in range(LISTING_PAGES)))
    with pytest.raises(UpstreamError, match="no end"):
        endless.has_next()


def test_items_that_cannot_be_read_make_no_sense() -> None:
    with pytest.raises(UpstreamError, match="cannot be read"):
        walk(page(0, listed=3, rejected=("no id", "no id")))
