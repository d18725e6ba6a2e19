from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.domain.follows import Brought, FollowingWatch, Yield
from app.domain.intake import LinkReason
from app.domain.videos import CanonicalJson, Video
from app.ingest.scouting import MATCHES, chosen, for_whom, yields_of
from tests.unit.ingest.rig import told
from tests.unit.simulator.worlds import NOON

CHANNELS = [f"UC{letter * 22}" for letter in "abcdef"]
SAILING = FollowingWatch(1, "sailing", NOON)


def about(text: str, channel: int = 0, seconds: float = 0) -> Video:
    video = told(f"{channel}-{seconds}", seconds)
    return replace(video, title=text, channel_id=CHANNELS[channel])


def searched(video: Video) -> Brought:
    return Brought(video, LinkReason.OWN_SEARCH)


def test_a_video_is_for_those_whose_keyword_its_text_holds() -> None:
    watches = [FollowingWatch(n, term, NOON) for n, term in enumerate(("sailing", "boat|ship"))]
    assert for_whom(about("SAILING home"), watches) == [0]
    assert for_whom(replace(about("home"), description="by ship, sailing"), watches) == [0, 1]
    assert for_whom(replace(about("home"), tags=CanonicalJson('["boat"]')), watches) == [1]
    assert for_whom(about("Home"), watches) == []


def test_the_name_of_a_channel_makes_none_of_its_videos_match() -> None:
    named = replace(about("Cooking pasta"), channel_title="The Sailing Channel")
    assert for_whom(named, [SAILING]) == []
    assert yields_of(SAILING, [searched(named)] * MATCHES, []) == []


def test_what_was_published_before_a_keyword_was_watched_is_not_for_it() -> None:
    assert for_whom(about("sailing", seconds=-1), [SAILING]) == []
    assert for_whom(about("sailing", seconds=0), [SAILING]) == [1]


def test_a_channel_is_worth_following_from_its_second_matching_video_on() -> None:
    one = [searched(about("sailing", 0, 5)), searched(about("cooking", 0, 4))]
    assert yields_of(SAILING, one, []) == []
    two = [*one, searched(about("more sailing", 0, 1)), searched(about("sailing", 1, 0))]
    [found] = yields_of(SAILING, two, [])
    at = NOON + timedelta(seconds=5)
    assert found == Yield(1, CHANNELS[0], "Harbour Radio", 2, at)


def test_a_followed_channel_is_kept_by_one_video_and_dropped_without() -> None:
    brought = [searched(about("sailing", 0)), searched(about("cooking", 1))]
    found = yields_of(SAILING, brought, CHANNELS[:3])
    assert [each.channel_id for each in found] == [CHANNELS[0]]


def test_what_an_own_search_shows_for_no_word_of_the_text_says_nothing_of_the_channel() -> None:
    # A search also goes by what no text holds: such a channel's next videos would not be known.
    assert yields_of(SAILING, [searched(about("regatta"))] * 5, []) == []
    packed = Brought(about("regatta"), LinkReason.IN_CHANNEL)
    assert yields_of(SAILING, [packed] * 5, []) == []


@st.composite
def candidates(draw: st.DrawFn) -> list[Yield]:
    pairs = draw(
        st.lists(st.tuples(st.integers(1, 4), st.sampled_from(CHANNELS)), unique=True, max_size=24)
    )
    return [Yield(w, c, "Title", draw(st.integers(2, 9)), NOON) for w, c in pairs]


@given(candidates(), st.integers(0, 7))
def test_the_bound_holds_and_is_used_up(yields: list[Yield], limit: int) -> None:
    found = chosen(yields, set(), limit)
    channels = {each.channel_id for each in found}
    assert len(channels) == min(limit, len({each.channel_id for each in yields}))
    assert set(found) == {each for each in yields if each.channel_id in channels}


@given(candidates(), st.integers(0, 7))
def test_the_best_of_each_keyword_go_first(yields: list[Yield], limit: int) -> None:
    channels = {each.channel_id for each in chosen(yields, set(), limit)}
    bests = {
        min((e for e in yields if e.watch_id == watch_id), key=lambda e: (-e.matches, e.channel_id))
        for watch_id in {each.watch_id for each in yields}
    }
    names = {best.channel_id for best in bests}
    assert names <= channels or channels <= names


def test_who_is_followed_goes_before_who_brought_as_much() -> None:
    both = [Yield(1, channel_id, "Title", 3, NOON) for channel_id in CHANNELS[:2]]
    assert chosen(both, set(), 1) == [both[0]]
    assert chosen(both, {(1, CHANNELS[1])}, 1) == [both[1]]
    better = replace(both[0], matches=4)
    assert chosen([better, both[1]], {(1, CHANNELS[1])}, 1) == [better]


def test_a_busy_keyword_does_not_crowd_out_a_quiet_one() -> None:
    busy = [Yield(1, channel_id, "Title", 50, NOON) for channel_id in CHANNELS[:5]]
    quiet = Yield(2, CHANNELS[5], "Title", 2, NOON)
    assert quiet in chosen([*busy, quiet], set(), 2)
