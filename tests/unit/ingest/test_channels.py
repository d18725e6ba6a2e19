from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from app.domain.errors import GoneError
from app.domain.fetches import FetchSource
from app.domain.filters import Filters
from app.domain.quota import ApiKey
from app.domain.videos import Detail, Source
from app.sources.base import UploadsPage
from simulator.video import Event
from tests.unit.ingest.channels import (
    DAY,
    HOUR,
    MINUTE,
    complete_until,
    feed_calls,
    follow,
    gaps,
    lines,
    problem,
    units,
    uploaded,
    watch_of,
)
from tests.unit.ingest.refreshes import HidingSource
from tests.unit.ingest.rig import Rig, before_noon, ids_of
from tests.unit.simulator.worlds import NOON, video

NewRig = Callable[..., Rig]


def test_a_new_channels_videos_are_stored_in_full_and_belong_to_its_watch(new_rig: NewRig) -> None:
    rig = new_rig(before_noon(12, step_seconds=HOUR))
    watch = rig.watch_channel()
    rig.tick()
    assert rig.known() == ids_of(before_noon(12))
    stored = rig.stored(*rig.known())
    assert {told.detail for told in stored.values()} == {Detail.FULL}
    shown = rig.services.store.read(lambda t: t.feed.find_video("video000001"))
    assert shown is not None
    assert (shown.source, shown.watches) == (Source.RSS, (watch.watch_id,))


def test_a_channel_costs_no_search_and_few_units(new_rig: NewRig) -> None:
    rig = new_rig(before_noon(12))
    rig.watch_channel()
    follow(rig, DAY, every=5 * MINUTE)
    assert rig.searches() == 0
    assert feed_calls(rig) == 97
    # One completion, the first reading of the playlist, and a check of it a day later.
    assert (units(rig, "videos"), units(rig, "playlistItems")) == (1, 2)


def test_a_new_video_is_stored_once_the_feeds_copy_is_a_new_one(new_rig: NewRig) -> None:
    rig = new_rig(before_noon(12))
    rig.watch_channel()
    follow(rig, 5 * MINUTE)
    rig.publish(*uploaded(rig, 100, 1))
    follow(rig, 16 * MINUTE)
    assert rig.known()[0] == "video000100"


def test_a_burst_that_a_feed_cannot_hold_is_read_from_the_uploads(new_rig: NewRig) -> None:
    rig = new_rig(before_noon(20))
    rig.watch_channel()
    follow(rig, 5 * MINUTE)
    spent = units(rig, "playlistItems")
    burst = uploaded(rig, 100, 130)
    rig.publish(*burst)
    follow(rig, 40 * MINUTE)
    assert set(ids_of(burst)) <= set(rig.known())
    assert units(rig, "playlistItems") - spent == 3


def test_a_burst_that_a_late_feed_shows_at_once_is_not_taken_for_all_there_is(
    new_rig: NewRig,
) -> None:
    rig = new_rig(before_noon(20))
    rig.watch_channel()
    rig.simulator.feeds.lag = timedelta(minutes=90)
    follow(rig, 2 * HOUR)
    burst = uploaded(rig, 100, 30)
    rig.publish(*burst)
    follow(rig, 3 * HOUR)
    assert set(ids_of(burst)) <= set(rig.known())


def test_what_came_while_nothing_ran_is_all_read(new_rig: NewRig) -> None:
    rig = new_rig(before_noon(20))
    rig.watch_channel()
    rig.tick()
    missed = uploaded(rig, 100, 700, every=100)
    rig.publish(*missed)
    rig.clock.move(700 * 100 + HOUR)
    follow(rig, 5 * MINUTE)
    assert set(ids_of(missed)) <= set(rig.known())
    assert units(rig, "playlistItems") <= 20


def test_a_wave_of_404_loses_nothing_and_is_no_trouble_of_the_channel(new_rig: NewRig) -> None:
    rig = new_rig(before_noon(20))
    rig.watch_channel()
    rig.tick()
    rig.fault("404", method="feed")
    came = uploaded(rig, 100, 40, every=20 * MINUTE)
    rig.publish(*came)
    follow(rig, 14 * HOUR, every=5 * MINUTE)
    assert set(ids_of(came)) <= set(rig.known())
    assert problem(rig) is None
    assert not watch_of(rig).paused
    failed = {line.error_code for line in lines(rig) if line.source is FetchSource.RSS}
    assert failed == {None, "gone"}


def test_a_feed_that_fails_is_asked_again_soon_and_then_less_often(new_rig: NewRig) -> None:
    rig = new_rig(before_noon(20))
    rig.watch_channel()
    rig.fault("500", method="feed")
    follow(rig, 10 * MINUTE, every=10)
    early = feed_calls(rig)
    follow(rig, 3 * HOUR, every=10)
    assert 3 <= early <= 8
    assert feed_calls(rig) - early <= 14


def test_a_feed_with_garbage_is_as_good_as_none(new_rig: NewRig) -> None:
    rig = new_rig(before_noon(20))
    rig.watch_channel()
    rig.tick()
    for kind in ("garbage", "html_200", "truncated", "cut_off", "empty", "reset"):
        rig.fault(kind, method="feed", times=4)
    rig.publish(*uploaded(rig, 100, 20, every=MINUTE))
    follow(rig, 2 * HOUR)
    assert "video000119" in rig.known()


def test_a_channel_that_vanished_is_confirmed_and_then_shown_as_a_problem(new_rig: NewRig) -> None:
    rig = new_rig()
    rig.watch_channel()
    follow(rig, HOUR)
    error = watch_of(rig).last_error
    assert error is not None
    assert error.code == "gone"
    assert "no such channel" in error.detail
    assert units(rig, "channels") == 1
    follow(rig, 2 * DAY, every=10 * MINUTE)
    assert units(rig, "channels") <= 3
    assert problem(rig) == "gone"


def test_a_feed_that_is_not_found_while_youtube_fails_does_not_make_a_channel_gone(
    new_rig: NewRig,
) -> None:
    rig = new_rig(before_noon(10))
    rig.watch_channel()
    rig.tick()
    rig.fault("404", method="feed")
    rig.fault("500", method="playlistItems", times=8)
    problems = set()
    for _ in range(90):
        follow(rig, MINUTE)
        problems.add(problem(rig))
    assert problems == {None, "youtube_unavailable"}
    rig.publish(*uploaded(rig, 100, 1))
    follow(rig, 2 * HOUR)
    assert "video000100" in rig.known()


def test_a_channel_that_comes_back_is_no_problem_any_more(new_rig: NewRig) -> None:
    rig = new_rig()
    rig.watch_channel()
    follow(rig, HOUR)
    rig.publish(*uploaded(rig, 1, 1))
    follow(rig, 40 * MINUTE)
    assert rig.known() == ["video000001"]
    assert problem(rig) is None


def test_without_units_the_feed_goes_on(new_rig: NewRig) -> None:
    rig = new_rig(before_noon(10), youtube_units_per_day=0)
    rig.watch_channel()
    rig.tick()
    rig.publish(*uploaded(rig, 100, 1))
    follow(rig, 40 * MINUTE)
    assert "video000100" in rig.known()
    assert problem(rig) == "quota_exhausted"


def test_a_private_video_in_a_listing_is_not_asked_about_all_day(new_rig: NewRig) -> None:
    hides = {"video000003"}
    rig = new_rig(before_noon(10), seed_source=lambda youtube: HidingSource(youtube, hides))
    rig.watch_channel()
    rig.tick()
    spent = units(rig, "videos")
    follow(rig, 6 * HOUR, every=5 * MINUTE)
    assert units(rig, "videos") == spent


def test_a_feed_vouches_for_nothing_younger_than_its_copy(new_rig: NewRig) -> None:
    rig = new_rig(before_noon(10))
    rig.watch_channel()
    rig.tick()
    assert gaps(rig) == []
    assert complete_until(rig) == NOON
    follow(rig, 16 * MINUTE)
    # The feed was read 15 minutes after noon, as it may have been at noon.
    assert gaps(rig)[0][0] == NOON + timedelta(seconds=1)
    assert gaps(rig)[0][2] == "new"


def test_what_a_feed_showed_is_complete_once_the_uploads_prove_it(new_rig: NewRig) -> None:
    rig = new_rig(before_noon(10))
    rig.watch_channel()
    follow(rig, 6 * HOUR, every=15 * MINUTE)
    assert complete_until(rig) <= NOON + timedelta(seconds=1)
    follow(rig, 19 * HOUR, every=15 * MINUTE)
    assert complete_until(rig) >= NOON + timedelta(days=1)


def test_while_all_ways_fail_the_gap_says_so(new_rig: NewRig) -> None:
    rig = new_rig(before_noon(10))
    rig.watch_channel()
    rig.tick()
    rig.fault("500")
    follow(rig, 3 * HOUR)
    assert [reason for _, _, reason in gaps(rig)][-1] == "error"
    assert problem(rig) == "youtube_unavailable"
    rig.simulator.faults.clear()
    follow(rig, HOUR)
    assert problem(rig) is None
    assert {reason for _, _, reason in gaps(rig)} <= {"new"}
    assert complete_until(rig) > NOON + timedelta(hours=3)


def unlisted(rig: Rig, answer: UploadsPage | None) -> None:
    """Let YouTube list nothing of its channels: an answer that shows nothing, or 404."""

    def uploads(key: ApiKey, playlist_id: str, page_token: str | None = None) -> UploadsPage:
        del key, playlist_id, page_token
        if answer is None:
            raise GoneError("no such playlist")
        return answer

    rig.youtube.uploads = uploads  # type: ignore[method-assign]  # YouTube in trouble


GARBAGE = UploadsPage((), (NOON,) * 3, None, ("item 0: no video id",) * 3)


@pytest.mark.parametrize("answer", [None, UploadsPage((), (), None), GARBAGE])
def test_a_list_that_shows_nothing_of_a_channel_with_videos_proves_nothing(
    new_rig: NewRig, answer: UploadsPage | None
) -> None:
    rig = new_rig(before_noon(30))
    rig.watch_channel()
    rig.tick()
    rig.fault("404", method="feed")
    uploads = rig.youtube.uploads
    unlisted(rig, answer)
    burst = uploaded(rig, 100, 80)
    rig.publish(*burst)
    follow(rig, HOUR)
    assert complete_until(rig) == NOON
    assert problem(rig) == "youtube_unavailable"
    rig.youtube.uploads = uploads  # type: ignore[method-assign]  # and out of it
    follow(rig, 20 * MINUTE)
    assert set(ids_of(burst)) <= set(rig.known())
    assert problem(rig) is None


def test_a_channel_without_videos_is_no_trouble(new_rig: NewRig) -> None:
    rig = new_rig(before_noon(1))
    rig.publish(Event(NOON, video_id="video000001", fields={"deleted_at": NOON}))
    rig.watch_channel()
    follow(rig, HOUR)
    assert problem(rig) is None
    assert gaps(rig)[0][0] > NOON


def test_a_check_that_fails_while_the_feed_shows_all_costs_a_unit_an_hour(new_rig: NewRig) -> None:
    rig = new_rig(before_noon(10))
    rig.watch_channel()
    rig.tick()
    rig.clock.move(DAY)
    rig.fault("500", method="playlistItems")
    spent = units(rig)
    follow(rig, 12 * HOUR, every=5 * MINUTE)
    assert units(rig) - spent <= 13


def test_a_video_published_long_after_its_upload_is_stored(new_rig: NewRig) -> None:
    rig = new_rig(before_noon(80))
    rig.watch_channel()
    rig.tick()
    late = replace(video(500, HOUR), added_at=NOON - timedelta(days=300))
    rig.publish(Event(NOON + timedelta(hours=1), late))
    follow(rig, 2 * HOUR)
    assert "video000500" in rig.known()


def test_somebody_who_wants_a_channel_now_gets_it_from_the_uploads(new_rig: NewRig) -> None:
    rig = new_rig(before_noon(10))
    rig.watch_channel()
    rig.tick()
    rig.clock.move(MINUTE)
    rig.publish(*uploaded(rig, 100, 1))
    rig.services.watching.fetch_now(1)
    rig.tick()
    assert "video000100" in rig.known()
    assert watch_of(rig).wanted_at is None
    spent = units(rig)
    follow(rig, 5 * MINUTE)
    assert units(rig) == spent


def test_a_channel_is_asked_no_oftener_than_its_watch_allows(new_rig: NewRig) -> None:
    rig = new_rig(before_noon(12))
    watch = rig.watch_channel()
    rig.services.watching.change(watch.watch_id, {"min_interval_seconds": 2 * HOUR})
    follow(rig, DAY, every=5 * MINUTE)
    assert feed_calls(rig) == 13


def test_what_a_channels_filters_exclude_is_stored_and_not_in_its_feed(new_rig: NewRig) -> None:
    rig = new_rig(before_noon(12))
    watching = rig.services.watching
    watch = rig.watch_channel()
    watching.change(watch.watch_id, {"filters": Filters(include_words=("nothing like it",))})
    rig.tick()
    assert len(rig.stored(*ids_of(before_noon(12)))) == 12
    assert (watching.get(watch.watch_id)[1], rig.known()) == (0, [])
    follow(rig, 2 * HOUR)  # found before, though not shown: no reason to read on and on
    assert units(rig, "playlistItems") == 1
    watching.change(watch.watch_id, {"filters": Filters()})
    rig.tick()
    assert len(rig.known()) == watching.get(watch.watch_id)[1] == 12


def test_a_channel_removed_and_watched_again_is_read_again(new_rig: NewRig) -> None:
    rig = new_rig(before_noon(12))
    rig.services.watching.remove(rig.watch_channel().watch_id)
    watch = rig.watch_channel()
    rig.tick()
    rig.services.watching.remove(watch.watch_id)
    follow(rig, 6 * MINUTE)
    assert rig.known() == []
    again = rig.watch_channel()
    follow(rig, MINUTE)
    assert rig.services.watching.get(again.watch_id)[1] == 12


@pytest.mark.parametrize("while_it_asks", ["feeds", "youtube"])
def test_a_poll_that_was_overtaken_stores_nothing(new_rig: NewRig, while_it_asks: str) -> None:
    rig = new_rig(before_noon(10))
    rig.watch_channel()
    (claim,) = rig.services.ingest.tick()
    taken_over: list[object] = []

    def take_over(_: object) -> None:
        wire.before_each = lambda _: None
        rig.clock.move(31)
        taken_over.extend(rig.services.ingest.tick())

    wire = rig.feeds.wire if while_it_asks == "feeds" else rig.youtube.wire
    wire.before_each = take_over
    rig.services.ingest.run(claim)
    assert len(taken_over) == 1
    assert rig.known() == []


def test_each_way_leaves_a_line_in_the_log(new_rig: NewRig) -> None:
    rig = new_rig(before_noon(10))
    rig.watch_channel()
    rig.tick()
    told = [(line.source, line.purpose, line.units, line.found, line.added) for line in lines(rig)]
    assert told == [("rss", "poll", 1, 10, 10), ("uploads", "poll", 1, 10, 0)]


def test_channels_take_nothing_from_the_searches_of_keywords(new_rig: NewRig) -> None:
    rig = new_rig(before_noon(10), youtube_search_calls_per_day=100)
    rig.watch("title")
    alone = rig.services.planning.preview("other", 50.0)
    rig.watch_channel()
    assert rig.services.planning.preview("other", 50.0) == alone
