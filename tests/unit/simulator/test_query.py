import pytest

from simulator.query import matcher

TEXT = "boating & sailing on the bay\nby night\nharbour radio\nニュース速報\nжизнь".casefold()


@pytest.mark.parametrize(
    "query",
    [
        "sailing",
        "SAILING",
        "sailing boating",
        "fishing|sailing",
        "fishing | sailing",
        "boating|sailing -fishing",
        '"sailing on the bay"',
        '"the bay by"',
        '"on the bay"|fishing',
        '"fishing trip"|"by night"',
        "ニュース",
        "ЖИЗНЬ",
        "&",
        "",
        "  ",
        '""',
        "|",
        "sailing -",
    ],
)
def test_a_query_finds_the_text(query: str) -> None:
    assert matcher(query)(TEXT)


@pytest.mark.parametrize(
    "query",
    [
        "fishing",
        "sail",
        "sailing fishing",
        "-sailing",
        "boating|sailing -harbour",
        "boating -fishing|radio",
        '"bay the on"',
        '"sailing on" fishing',
        '-"by night"',
        "fishing|hiking",
        "жизн",
        '"unfinished',
        ".*",
    ],
)
def test_a_query_does_not_find_the_text(query: str) -> None:
    assert not matcher(query)(TEXT)
