from collections.abc import Callable
from datetime import timedelta

import pytest

from app.domain.errors import (
    DuplicateWatchError,
    InvalidMemberError,
    InvalidValueError,
    NotFoundError,
    ReserveSpentError,
    TooManyWatchesError,
    UpstreamError,
    WatchPausedError,
)
from app.domain.filters import Filters
from app.domain.watches import MAX_WATCHES, Watch, WatchKind
from tests.unit.ingest.rig import Rig, before_noon, ids_of
from tests.unit.simulator.worlds import CHANNEL as HARBOUR


def test_terms_that_differ_in_any_byte_are_watches_of_their_own(rig: Rig) -> None:
    terms = ["cafe", "Cafe", "café", "cafe\u0301", "😀", "🔥", "a b", "a  b"]
    assert len({rig.watch(term).watch_id for term in terms}) == len(terms)


def test_adding_a_known_keyword_gives_the_watch_there_is(rig: Rig) -> None:
    watch, is_new = rig.services.watching.add_keyword("music")
    again, is_new_again = rig.services.watching.add_keyword("  music\t")
    assert (is_new, is_new_again) == (True, False)
    assert again == watch


def test_a_watch_is_found_by_its_keyword_or_its_id_unless_two_are(rig: Rig) -> None:
    rig.watch("music")
    rig.watch("1")
    rig.watch("3")
    with pytest.raises(InvalidValueError, match=r"'music'.* 2: "):
        rig.services.watching.find("1")
    assert rig.services.watching.find("2").term == "1"
    assert rig.services.watching.find("3").term == "3"
    assert rig.services.watching.find(" music ").watch_id == 1


@pytest.mark.parametrize(
    "name", ["0", "77", "no such term", "9" * 19, "9" * 200, "²", "\u0661", "-1"]
)
def test_what_is_not_watched_is_not_found(rig: Rig, name: str) -> None:
    rig.watch("music")
    with pytest.raises(NotFoundError, match="there is no watch"):
        rig.services.watching.find(name)


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "\udcff", "x" * 201, "a\0b"])
def test_what_no_keyword_can_be_is_refused(rig: Rig, name: str) -> None:
    with pytest.raises(InvalidValueError):
        rig.services.watching.find(name)
    with pytest.raises(InvalidValueError):
        rig.services.watching.add_keyword(name)


def test_the_number_of_watches_is_bounded(rig: Rig) -> None:
    for number in range(MAX_WATCHES):
        rig.watch(f"word {number}")
    with pytest.raises(TooManyWatchesError, match="1000"):
        rig.watch("one more")
    assert len(rig.services.watching.list_all()) == MAX_WATCHES


def test_changing_a_watch_that_is_gone_is_told(rig: Rig) -> None:
    with pytest.raises(NotFoundError):
        rig.services.watching.set_paused(7, paused=True)
    with pytest.raises(NotFoundError):
        rig.services.watching.remove(7)


CHANNEL = "UC0123456789012345678901"
NewRig = Callable[..., Rig]


def test_a_watch_is_what_was_asked_for_and_begins_where_any_does(rig: Rig) -> None:
    watch = rig.services.watching.create(
        WatchKind.KEYWORD,
        " boats ",
        {"label": "Boats", "weight": 4.0, "region": "NZ", "filters": Filters(languages=("en",))},
    )
    assert (watch.term, watch.label, watch.weight, watch.region) == ("boats", "Boats", 4.0, "NZ")
    assert (watch.filters, watch.language) == (Filters(languages=("en",)), None)
    assert watch.next_due_at == rig.clock()
    assert watch.read_until == rig.clock() - timedelta(days=1)
    assert not watch.refiltering
    assert rig.services.watching.get(watch.watch_id) == (watch, 0)


def test_a_term_is_watched_once_and_the_refusal_names_the_watch(rig: Rig) -> None:
    first = rig.watch("boats")
    with pytest.raises(DuplicateWatchError) as caught:
        rig.services.watching.create(WatchKind.KEYWORD, "boats", {"label": "Other"})
    assert caught.value.watch_id == first.watch_id
    assert rig.services.watching.list_all() == [first]


def test_a_channel_is_stored_under_its_id_and_not_searched_for(new_rig: NewRig) -> None:
    rig = new_rig(before_noon(3))
    channel_id = HARBOUR.channel_id
    address = f"https://www.youtube.com/channel/{channel_id}/videos"
    watch = rig.services.watching.create(WatchKind.CHANNEL, address, {})
    assert (watch.kind, watch.term) == (WatchKind.CHANNEL, channel_id)
    assert rig.services.watching.find(channel_id) == watch
    rig.clock.move(600)
    rig.tick()
    assert rig.searches() == 0
    assert rig.problems() == set()


def test_a_channel_takes_no_searches_from_keywords(new_rig: NewRig) -> None:
    rig = new_rig(youtube_search_calls_per_day=100)
    rig.watch("boats")
    before = rig.services.planning.preview("boats").cadence
    rig.services.watching.create(WatchKind.CHANNEL, CHANNEL, {})
    assert rig.services.planning.preview("boats").cadence == before


def test_a_handle_is_watched_by_the_id_of_its_channel_or_not_at_all(new_rig: NewRig) -> None:
    rig = new_rig(before_noon(3))
    watch = rig.services.watching.create(WatchKind.CHANNEL, "https://www.youtube.com/@harbour", {})
    assert watch.term == HARBOUR.channel_id
    with pytest.raises(NotFoundError):
        rig.services.watching.create(WatchKind.CHANNEL, "@nobody", {})
    rig.fault("500")
    with pytest.raises(UpstreamError):
        rig.services.watching.create(WatchKind.CHANNEL, "@harbour", {})
    assert rig.services.watching.list_all() == [watch]


def test_no_interval_is_shorter_than_a_tick(rig: Rig) -> None:
    watching = rig.services.watching
    with pytest.raises(InvalidMemberError, match="10 seconds"):
        watching.create(WatchKind.KEYWORD, "boats", {"min_interval_seconds": 9})
    assert watching.list_all() == []
    watch = watching.create(WatchKind.KEYWORD, "boats", {"min_interval_seconds": 10})
    with pytest.raises(InvalidMemberError):
        watching.change(watch.watch_id, {"min_interval_seconds": 1, "label": "Other"})
    assert watching.list_all() == [watch]


def test_a_watch_asked_for_is_polled_at_the_next_tick_once(new_rig: NewRig) -> None:
    rig = new_rig(before_noon(3), youtube_search_calls_per_day=100)
    watch = rig.watch()
    rig.run_for(30)
    before = rig.searches()
    for _ in range(3):
        assert rig.services.watching.fetch_now(watch.watch_id).next_due_at == rig.clock()
    assert rig.services.quota.report().forecast.calls_reserved == 10 - 1
    rig.run_for(60)
    assert rig.searches() == before + 1
    assert rig.services.watching.get(watch.watch_id)[0].wanted_at is None


def test_what_is_asked_for_is_paid_from_the_reserve_and_no_more_than_that(new_rig: NewRig) -> None:
    rig = new_rig(before_noon(3), youtube_search_calls_per_day=100)
    watch = rig.watch()
    rig.run_for(10)
    free = rig.services.quota.report().forecast
    planned = free.calls_left - free.calls_reserved
    for _ in range(10):
        rig.services.watching.fetch_now(watch.watch_id)
        rig.tick()
        rig.clock.move(1)
    after = rig.services.quota.report().forecast
    assert after.calls_left == free.calls_left - 10
    assert after.calls_left - after.calls_reserved == planned
    with pytest.raises(ReserveSpentError):
        rig.services.watching.fetch_now(watch.watch_id)
    rig.clock.move(86_400)
    rig.services.watching.fetch_now(watch.watch_id)


def test_a_reserve_of_nothing_is_not_called_spent(new_rig: NewRig) -> None:
    rig = new_rig(before_noon(3), youtube_search_calls_per_day=9)
    watch = rig.watch()
    with pytest.raises(ReserveSpentError, match="key"):
        rig.services.watching.fetch_now(watch.watch_id)


def test_who_asks_while_a_poll_is_under_way_gets_another(new_rig: NewRig) -> None:
    rig = new_rig(before_noon(3), youtube_search_calls_per_day=100)
    watch = rig.watch()
    [claim] = rig.services.ingest.tick()
    asked: list[Watch] = []

    def ask(_call: object) -> None:
        if not asked:
            rig.clock.move(1)
            asked.append(rig.services.watching.fetch_now(watch.watch_id))

    rig.youtube.wire.before_each = ask
    rig.services.ingest.run(claim)
    before = rig.searches()
    rig.clock.move(1)
    rig.tick()
    assert rig.searches() == before + 1
    rig.run_for(60)
    assert rig.searches() == before + 1


def test_a_poll_asked_for_when_all_else_is_spent_takes_one_call(new_rig: NewRig) -> None:
    rig = new_rig(before_noon(200), youtube_search_calls_per_day=20, search_limit=20)
    watch = rig.watch()
    rig.run_for(3600 * 8, every=600)
    before = rig.searches()
    rig.services.watching.fetch_now(watch.watch_id)
    rig.tick()
    assert rig.searches() == before + 1


def test_a_paused_watch_is_not_asked_for(rig: Rig) -> None:
    watch = rig.watch()
    rig.services.watching.set_paused(watch.watch_id, paused=True)
    with pytest.raises(WatchPausedError):
        rig.services.watching.fetch_now(watch.watch_id)
    with pytest.raises(NotFoundError):
        rig.services.watching.fetch_now(7)


def test_region_and_language_of_a_watch_reach_youtube(rig: Rig) -> None:
    rig.services.watching.create(
        WatchKind.KEYWORD, "boats", {"region": "NZ", "language": "zh-Hant"}
    )
    rig.watch("news")
    rig.tick()
    names = ("q", "regionCode", "relevanceLanguage")
    searches = [call for call in rig.calls if call.method == "search"]
    told = [tuple(call.query.get(name) for name in names) for call in searches]
    assert told == [(["boats"], ["NZ"], ["zh-Hant"]), (["news"], None, None)]


def test_a_polled_watch_keeps_what_its_filters_exclude_out_of_its_feed(new_rig: NewRig) -> None:
    videos = before_noon(3)
    rig = new_rig(videos)
    picky = rig.services.watching.create(
        WatchKind.KEYWORD, "title", {"filters": Filters(min_duration_seconds=10_000)}
    )
    rig.tick()
    assert rig.services.watching.get(picky.watch_id)[1] == 0
    rig.services.watching.change(picky.watch_id, {"filters": Filters()})
    assert rig.services.watching.get(picky.watch_id)[0].refiltering
    rig.tick()
    watch, count = rig.services.watching.get(picky.watch_id)
    assert (watch.refiltering, count) == (False, len(videos))
    assert rig.known() == ids_of(videos)


def test_a_known_watch_stays_as_it_is_when_it_is_added_otherwise(rig: Rig) -> None:
    watching = rig.services.watching
    watch, is_new = watching.add(WatchKind.CHANNEL, CHANNEL, {"label": "A channel"})
    assert (is_new, watch.label) == (True, "A channel")
    assert watching.add(WatchKind.CHANNEL, CHANNEL, {"label": "Other"}) == (watch, False)
    assert watching.add_channel("UC0123456789012345678_-B")[0].label == "UC0123456789012345678_-B"
    with pytest.raises(InvalidValueError, match="id of a video"):
        watching.add_channel("dQw4w9WgXcQ")
