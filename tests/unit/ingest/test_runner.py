from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from structlog.testing import capture_logs

from app.domain.clock import parse_instant
from app.domain.errors import UpstreamError
from app.domain.feeds import ALL
from app.domain.ranges import Stretch
from app.sources.base import SearchPage, SearchQuery
from simulator.quota import Key
from tests.unit.ingest.rig import (
    Call,
    Rig,
    ScriptedSource,
    before_noon,
    ids_of,
    listing,
    told,
)
from tests.unit.simulator.worlds import NOON, video

NewRig = Callable[..., Rig]


USUAL = ("ticked", "fetch_over", "committed")  # what the log tells of every poll


def _bounds(call: Call) -> tuple[datetime, datetime]:
    after, before = call.query["publishedAfter"][0], call.query["publishedBefore"][0]
    return parse_instant(after), parse_instant(before)


def _searches(rig: Rig) -> list[Call]:
    return [call for call in rig.calls if call.method == "search"]


def _scripted(new_rig: NewRig, *pages: SearchPage | Exception) -> tuple[Rig, ScriptedSource]:
    source = ScriptedSource(list(pages))
    rig = new_rig(seed_source=lambda _: source)
    rig.watch()
    return rig, source


def test_all_pages_of_a_poll_are_stored_not_the_first_fifty(new_rig: NewRig) -> None:
    videos = before_noon(233)
    rig = new_rig(videos)
    rig.watch()
    rig.tick()
    assert rig.known() == ids_of(videos)
    assert rig.open_ranges() == []


def test_a_new_watch_starts_at_its_backfill_and_reads_no_further_than_now(rig: Rig) -> None:
    rig.watch()
    rig.tick()
    [call] = _searches(rig)
    assert _bounds(call) == (NOON - timedelta(days=1), NOON)


def test_a_window_of_more_than_the_cap_is_read_to_its_end(new_rig: NewRig) -> None:
    videos = before_noon(1240)
    rig = new_rig(videos)
    rig.watch()
    rig.tick()
    assert rig.known() == ids_of(videos)
    assert rig.open_ranges() == []
    starts = {_bounds(call)[1] for call in _searches(rig)}
    assert NOON - timedelta(seconds=499) in starts  # where the first listing was cut


def test_one_second_beyond_the_cap_is_closed_and_told_and_the_rest_is_read(
    new_rig: NewRig,
) -> None:
    older = [video(n, -60) for n in range(900, 905)]
    rig = new_rig([*(video(n) for n in range(1, 621)), *older])
    rig.watch()
    with capture_logs() as logs:
        rig.tick()
    known = rig.known()
    assert len(known) == len(set(known)) == 505
    assert set(ids_of(older)) <= set(known)
    assert rig.open_ranges() == []
    assert [log["second"] for log in logs if log["event"] == "second_capped"] == [NOON.isoformat()]


def test_ties_of_one_second_across_page_borders_are_all_stored(new_rig: NewRig) -> None:
    videos = [video(n, -(n // 60)) for n in range(1, 181)]
    rig = new_rig(videos)
    rig.watch()
    rig.tick()
    assert set(rig.known()) == set(ids_of(videos))


def test_a_poll_that_failed_keeps_its_pages_and_goes_on_later(new_rig: NewRig) -> None:
    videos = before_noon(180)
    rig = new_rig(videos)
    rig.watch()
    rig.fault("503", method="search", skip=2, times=1)
    rig.tick()
    assert rig.known() == ids_of(videos[:100])
    assert rig.problems() == {"youtube_unavailable"}
    rig.clock.move(60)
    rig.tick()
    assert rig.known() == ids_of(videos)
    assert rig.problems() == set()


def test_a_resume_reads_the_boundary_second_and_nothing_above(new_rig: NewRig) -> None:
    videos = before_noon(180)
    rig = new_rig(videos, youtube_search_calls_per_day=1000)
    rig.watch()
    rig.tick()
    boundary = videos[49].published_at
    assert rig.open_ranges() == [Stretch(NOON - timedelta(days=1), boundary)]
    rig.calls.clear()
    rig.clock.move(600)
    rig.tick()
    assert rig.known() == ids_of(videos[:99])
    assert [_bounds(call)[1] for call in _searches(rig)] == [
        NOON + timedelta(seconds=600),
        boundary,
    ]


def test_a_page_out_of_order_narrows_nothing(new_rig: NewRig) -> None:
    videos = before_noon(120)
    rig = new_rig(videos, lookback_seconds=0)
    rig.watch()
    rig.fault("unsorted", method="search", times=1)
    rig.fault("503", method="search", skip=1, times=1)
    rig.tick()
    assert set(rig.known()) == set(ids_of(videos[:50]))
    assert rig.open_ranges() == [Stretch(NOON - timedelta(days=1), NOON)]
    rig.clock.move(60)
    rig.tick()
    assert rig.known() == ids_of(videos)


def test_a_long_listing_out_of_order_is_trouble_and_closes_nothing(new_rig: NewRig) -> None:
    rig = new_rig(before_noon(520), lookback_seconds=0)
    rig.watch()
    rig.fault("unsorted", method="search", skip=3, times=1)
    rig.tick()
    assert rig.problems() == {"youtube_unavailable"}
    assert [stretch.ends_at for stretch in rig.open_ranges()] == [NOON - timedelta(seconds=149)]
    rig.run_for(120)
    assert len(rig.known()) == 520
    assert rig.problems() == set()


def test_a_listing_that_goes_round_is_begun_anew_below_what_it_showed(new_rig: NewRig) -> None:
    first = listing(told("video000001", -1), token="a")
    second = listing(told("video000002", -2), token="b")
    third = listing(told("video000003", -3), token="a")
    below = listing(told("video000003", -3), told("video000004", -4))
    rig, source = _scripted(new_rig, first, second, third, below)
    rig.tick()
    assert source.queries[3].stretch.ends_at == NOON - timedelta(seconds=3)
    assert source.queries[3].page_token is None
    assert len(rig.known()) == 4
    assert rig.open_ranges() == []


def test_a_listing_that_goes_round_and_shows_nothing_is_trouble(new_rig: NewRig) -> None:
    rig, source = _scripted(new_rig, listing(token="a"), listing(token="a"))
    rig.tick()
    assert len(source.queries) == 2
    assert rig.problems() == {"youtube_unavailable"}
    assert [stretch.ends_at for stretch in rig.open_ranges()] == [NOON]


def test_a_listing_without_end_is_trouble_and_not_a_poll_without_end(new_rig: NewRig) -> None:
    pages = [listing(token=f"token {n}") for n in range(1000)]
    rig, source = _scripted(new_rig, *pages)
    rig.tick()
    assert len(source.queries) < 100
    assert rig.problems() == {"youtube_unavailable"}
    assert rig.open_ranges() != []


def test_a_newest_listing_out_of_order_is_asked_again_for_no_more_than_is_new(
    new_rig: NewRig,
) -> None:
    disordered = listing(told("c", 200), told("d", 300), token="more", ordered=False)
    pages = [listing(told("a")), disordered, listing(told("d", 300), told("c", 200))]
    source = ScriptedSource([*pages])
    rig = new_rig(seed_source=lambda _: source, youtube_search_calls_per_day=100)
    rig.watch()
    rig.tick()
    rig.clock.move(86_400)
    rig.tick()
    assert [(q.stretch.starts_at, q.stretch.ends_at, q.page_token) for q in source.queries[1:]] == [
        (NOON - timedelta(days=1), rig.clock(), None),
        (NOON, rig.clock(), None),
    ]
    assert rig.open_ranges() == []


def test_a_newest_listing_of_many_pages_leaves_a_call_for_what_was_left_before(
    new_rig: NewRig,
) -> None:
    rig = new_rig(before_noon(100), youtube_search_calls_per_day=100)
    rig.watch()
    rig.tick()
    boundary = rig.open_ranges()[0].ends_at
    rig.publish(*(video(n, 3600 - n) for n in range(200, 700)))
    rig.calls.clear()
    rig.clock.move(86_400)
    rig.tick()
    tops = [_bounds(call)[1] for call in _searches(rig)]
    assert boundary in tops[1:]


def test_progress_with_what_is_new_does_not_hide_that_the_rest_fails_again_and_again(
    new_rig: NewRig,
) -> None:
    rig = new_rig(before_noon(120), lookback_seconds=0)
    rig.watch()
    rig.fault("503", method="search", skip=1, times=1)
    rig.tick()
    waits = []
    for n in range(4):
        rig.publish(video(500 + n, rig.clock().timestamp() - NOON.timestamp()))
        rig.fault("503", method="search", skip=1, times=1)
        due_at = rig.services.watching.list_all()[0].next_due_at
        rig.clock.move((due_at - rig.clock()).total_seconds() + 10)
        rig.tick()
        waits.append(rig.services.watching.list_all()[0].next_due_at - rig.clock())
    assert waits[-1] > 3 * waits[0]


def test_a_token_belongs_to_one_query_and_one_run(new_rig: NewRig) -> None:
    newest = listing(told("video000001", -1), token="a")
    rig, source = _scripted(new_rig, newest, UpstreamError("HTTP 503"), listing(), listing())
    rig.tick()
    rig.clock.move(60)
    rig.tick()
    assert [query.page_token for query in source.queries[:3]] == [None, "a", None]


def test_results_repeated_by_a_drifting_page_are_stored_once(new_rig: NewRig) -> None:
    videos = before_noon(160)
    rig = new_rig(videos)
    rig.watch()
    rig.fault("duplicate_on_page_2", method="search", skip=1)
    rig.tick()
    assert rig.known() == ids_of(videos)


def test_videos_outside_the_stretch_are_kept_and_narrow_nothing(new_rig: NewRig) -> None:
    outside = listing(told("video000001", -200_000), token="a", ordered=False)
    rig, _ = _scripted(new_rig, outside, UpstreamError("HTTP 503"))
    rig.tick()
    assert rig.known() == ["video000001"]
    assert rig.open_ranges()[0].ends_at == NOON


def test_a_video_that_search_shows_late_is_stored_within_the_look_back(new_rig: NewRig) -> None:
    late = replace(video(1, 0), visible_at=NOON + timedelta(seconds=3000))
    rig = new_rig([late], lookback_seconds=3600)
    rig.watch()
    rig.run_for(2900, every=290)
    assert rig.known() == []
    rig.run_for(600, every=290)
    assert rig.known() == ["video000001"]


@pytest.mark.parametrize("kind", ["channel_item", "missing_video_id"])
def test_a_bad_item_costs_itself_alone(new_rig: NewRig, kind: str) -> None:
    videos = before_noon(120)
    rig = new_rig(videos)
    rig.watch()
    rig.fault(kind, method="search")
    rig.tick()
    assert rig.known() == ids_of(videos)
    assert rig.open_ranges() == []


def test_a_runner_that_was_overtaken_writes_nothing_more(new_rig: NewRig) -> None:
    videos = before_noon(150)
    rig = new_rig(videos)
    rig.watch()
    other = rig.another()
    [claim] = rig.services.ingest.tick()

    def sleep_through_the_lease(call: Call) -> None:
        if "pageToken" in call.query:
            rig.youtube.wire.before_each = lambda _: None
            rig.clock.move(31)
            [taken] = other.ingest.tick()
            assert taken.fence == claim.fence + 1

    rig.youtube.wire.before_each = sleep_through_the_lease
    before = rig.open_ranges()
    with capture_logs() as logs:
        rig.services.ingest.run(claim)
    assert [log["event"] for log in logs if log["event"] not in USUAL] == ["lease_lost"]
    assert len(rig.known()) == 50  # of the page before it was overtaken
    assert rig.open_ranges() != before
    other.close()


def test_what_an_overtaken_runner_read_is_read_again_by_the_one_that_overtook_it(
    new_rig: NewRig,
) -> None:
    videos = before_noon(150)
    rig = new_rig(videos)
    rig.watch()
    [stale] = rig.services.ingest.tick()
    rig.clock.move(31)
    rig.tick()
    rig.publish(video(500, 20))
    rig.services.ingest.run(stale)
    assert rig.known() == ids_of(videos)


def test_a_watch_removed_during_its_poll_ends_the_poll_quietly(new_rig: NewRig) -> None:
    rig = new_rig(before_noon(60))
    rig.watch()
    rig.youtube.wire.before_each = lambda call: (
        rig.services.watching.remove(1) if "pageToken" in call.query else None
    )
    with capture_logs() as logs:
        rig.tick()
    assert [log["event"] for log in logs if log["log_level"] != "info"] == []
    assert len(rig.known()) == 50


def test_a_poll_without_time_left_goes_on_at_the_next_tick(new_rig: NewRig) -> None:
    videos = before_noon(600)
    rig = new_rig(videos)
    rig.watch()
    rig.youtube.wire.before_each = lambda _: rig.clock.move(4)
    rig.tick()
    known = len(rig.known())
    assert 50 <= known <= 200
    rig.tick()
    assert len(rig.known()) > known
    assert rig.problems() == set()
    for _ in range(12):
        rig.tick()
    assert rig.known() == ids_of(videos)


def test_a_stopped_runner_ends_with_its_page_and_the_next_start_goes_on_there(
    new_rig: NewRig,
) -> None:
    videos = before_noon(300)
    rig = new_rig(videos)
    rig.watch()
    rig.youtube.wire.before_each = lambda call: (
        rig.services.ingest.stop() if call.method == "videos" else None
    )
    rig.tick()
    assert rig.known() == ids_of(videos[:50])
    assert rig.problems() == set()
    other = rig.another()
    for claim in other.ingest.tick():
        other.ingest.run(claim)
    assert rig.known(other) == ids_of(videos)
    other.close()


def test_a_budget_that_ends_during_a_poll_leaves_the_rest_for_the_next_day(
    new_rig: NewRig,
) -> None:
    videos = before_noon(400)
    rig = new_rig(videos, search_limit=6)
    rig.watch()
    rig.tick()
    left_at = videos[299].published_at
    assert rig.known() == ids_of(videos[:300])
    assert rig.problems() == {"quota_exhausted"}
    assert rig.open_ranges()[0].ends_at == left_at
    spent = rig.searches()
    rig.run_for(3600, every=600)
    assert rig.searches() == spent
    rig.run_for(10 * 86_400, every=12 * 3600)
    assert set(rig.known()) == set(ids_of(videos))


def test_our_own_limit_is_kept_without_asking_youtube(new_rig: NewRig) -> None:
    rig = new_rig(before_noon(400), youtube_search_calls_per_day=5)
    rig.watch()
    rig.run_for(19 * 3600, every=3600)  # to the end of the day in California
    assert 3 <= rig.searches() <= 5
    assert rig.simulator.quota.usage()[0].refused == 0


def test_a_bucket_that_answered_used_up_is_asked_once_for_each_project(new_rig: NewRig) -> None:
    keys = [Key("a", "p"), Key("b", "p"), Key("c", "q")]
    rig = new_rig(before_noon(10), keys=keys, search_limit=2, youtube_api_keys="p:a,p:b,q:c")
    rig.watch()
    rig.watch("harbour")
    rig.run_for(3600, every=30)
    refused = [usage for usage in rig.simulator.quota.usage() if usage.refused]
    assert (
        sum(usage.charged for usage in rig.simulator.quota.usage() if usage.bucket == "search") == 4
    )
    assert sorted(usage.project for usage in refused) == ["p", "q"]
    assert [usage.refused for usage in refused] == [1, 1]


def test_a_bad_key_does_not_stop_a_poll_that_has_a_good_one(new_rig: NewRig) -> None:
    videos = before_noon(120)
    keys = [Key("bad", "p", "invalid"), Key("old", "q", "expired"), Key("good", "r")]
    rig = new_rig(videos, keys=keys, youtube_api_keys="p:bad,q:old,r:good")
    rig.watch()
    rig.tick()
    assert rig.known() == ids_of(videos)
    assert rig.problems() == {"key_disabled"}


def test_a_page_committed_but_not_published_is_published_by_the_next_tick(
    new_rig: NewRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    videos = before_noon(10)
    rig = new_rig(videos)
    rig.watch()
    rig.tick()
    rig.publish(video(50, 5))
    rig.clock.move(10)

    class Crash(BaseException):
        """The process dies right after its commit."""

    publisher = rig.services.ingest._publisher

    def die(_watches: object) -> None:
        raise Crash

    monkeypatch.setattr(publisher, "publish", die)
    with pytest.raises(Crash):
        rig.tick()
    monkeypatch.undo()
    cached = publisher._cache.version(ALL)
    stored = rig.services.store.read(lambda t: t.feed.version(ALL))
    assert cached is not None
    assert cached < stored
    rig.services.ingest.tick()
    assert publisher._cache.version(ALL) == stored


def test_the_log_tells_of_lasting_trouble_once(new_rig: NewRig) -> None:
    rig = new_rig()
    rig.watch()
    rig.fault("503", times=4)
    with capture_logs() as logs:
        rig.run_for(3600, every=60)
    told = [(log["event"], log["code"]) for log in logs if log["event"].startswith("incident")]
    assert told == [
        ("incident_began", "poll_failed:youtube_unavailable"),
        ("incident_ended", "poll_failed:youtube_unavailable"),
    ]


def test_the_log_tells_of_trouble_that_watches_share_once(new_rig: NewRig) -> None:
    rig = new_rig()
    for number in range(5):
        rig.watch(f"word {number}")
    rig.fault("503", times=7)
    with capture_logs() as logs:
        rig.run_for(600, every=60)
    told = [log["event"] for log in logs if log["event"].startswith("incident")]
    assert told == ["incident_began", "incident_ended"]


def test_a_slow_search_leaves_time_to_complete_its_page(new_rig: NewRig) -> None:
    videos = before_noon(3)
    rig = new_rig(videos)
    rig.watch()
    other = rig.another()
    taken: list[object] = []

    def be_slow(call: Call) -> None:
        rig.clock.move(18)
        taken.extend(other.ingest.tick() if call.method == "videos" else [])

    rig.youtube.wire.before_each = be_slow
    rig.tick()
    assert taken == []
    assert rig.known() == ids_of(videos)
    other.close()


def test_queries_ask_for_whole_seconds(new_rig: NewRig) -> None:
    queries: list[SearchQuery] = []
    rig, source = _scripted(new_rig, listing())
    source.queries = queries
    rig.clock.move(0.75)
    rig.tick()
    assert queries[0].stretch.ends_at == NOON
