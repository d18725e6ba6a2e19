"""The fallback of search over a SQLite file and a simulator, in its own time."""

from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise

import pytest
from structlog.testing import capture_logs

from app.domain.feeds import Feed
from app.domain.fetches import FetchQuery, FetchRecord, FetchSource, Purpose
from app.domain.filters import Filters
from app.domain.intake import LinkReason
from app.domain.videos import Source, StoredVideo
from app.domain.watches import Watch
from app.sources.bounded_http import RefusedError
from simulator.video import Event, Video
from tests.unit.ingest.rig import Call, Rig, before_noon, ids_of
from tests.unit.simulator.worlds import NOON, video

NewRig = Callable[..., Rig]
MINUTE, HOUR = 60, 3_600
INCIDENT = "fallback_failed:invidious_unavailable"
URL = "http://invidious.invalid"


@pytest.fixture
def rig(new_rig: NewRig) -> Rig:
    """Search without a call, and an instance of Invidious."""
    return new_rig(youtube_search_calls_per_day=0, invidious_url=URL)


def asked(rig: Rig) -> int:
    """How many requests Invidious has seen."""
    return len(rig.invidious.wire.calls)


def units(rig: Rig) -> int:
    return sum(call.method == "videos" for call in rig.calls)


def fall_back(rig: Rig, seconds: float, every: float = 20) -> None:
    """Ticks of the fallback alone until that much time has passed."""
    ends_at = rig.clock() + timedelta(seconds=seconds)
    while rig.clock() <= ends_at:
        for watch_id in rig.services.fallback.due():
            rig.services.fallback.run(watch_id)
        rig.clock.move(every)


def turns(rig: Rig) -> list[FetchRecord]:
    """The fallback's lines in the log of fetches, oldest first."""
    query = FetchQuery(limit=1_000, source=FetchSource.INVIDIOUS)
    return [fetch.record for fetch in rig.services.fetch_log.page(query).lines][::-1]


def feed_of(rig: Rig, watch: Watch) -> list[StoredVideo]:
    feed = Feed(watch.watch_id)
    return rig.services.store.read(lambda t: t.feed.list_from_row(feed, 0, 1_000))


def new_videos(rig: Rig, first: int, count: int, **fields: object) -> list[Video]:
    """Publish videos now, each a second older than the one before."""
    since = (rig.clock() - NOON).total_seconds()
    made = [video(first + n, since - n, **fields) for n in range(count)]
    rig.publish(*made)
    return made


def test_what_is_named_is_stored_as_the_api_tells_it(rig: Rig) -> None:
    watch = rig.watch()
    rig.clock.move(7_000)
    text = "Tea & toast\n" + 500 * "x"
    (new,) = new_videos(rig, 1, 1, description=text, tags=("tea",), duration_seconds=754)
    rig.clock.move(3 * MINUTE + 17)
    rig.tick()
    (stored,) = feed_of(rig, watch)
    told = stored.video
    assert (told.video_id, told.published_at) == (new.video_id, new.published_at)
    assert (told.title, told.description, told.tags) == (new.title, text, '["tea"]')
    assert told.duration_seconds == 754
    assert (stored.source, stored.watches) == (Source.INVIDIOUS, (watch.watch_id,))
    assert LinkReason.SUGGESTED.value == "invidious_search"


def test_a_turn_has_its_line_in_the_log(rig: Rig) -> None:
    watch = rig.watch()
    rig.clock.move(10)
    new_videos(rig, 1, 3)
    rig.tick()
    (line,) = turns(rig)
    assert (line.source, line.purpose) == (FetchSource.INVIDIOUS, Purpose.POLL)
    assert (line.watch_ids, line.stretch) == ((watch.watch_id,), None)
    # The last hour, its next page, and the day, which brings nothing more.
    assert (line.pages, line.found, line.added) == (3, 6, 3)
    assert (line.search_calls, line.units, line.error_code) == (0, 1, None)


def test_it_proves_nothing_and_all_is_read_when_calls_are_back(new_rig: NewRig) -> None:
    rig = new_rig(before_noon(3), search_limit=0, invidious_url=URL)
    watch = rig.watch()
    rig.run_for(20 * MINUTE, every=MINUTE)
    before = rig.services.coverage.get(watch.watch_id)
    open_before = rig.open_ranges()
    assert open_before
    (hidden,) = new_videos(rig, 50, 1, title="Title that nobody names")
    rig.fault("empty", method="invidious")
    assert rig.known() == ids_of(before_noon(3))
    rig.run_for(20 * MINUTE, every=MINUTE)
    after = rig.services.coverage.get(watch.watch_id)
    assert after.complete_until == before.complete_until
    assert open_before[0].starts_at == rig.open_ranges()[-1].starts_at
    rig.simulator.quota.limits["search"] = 10_000
    rig.run_for(22 * HOUR, every=15 * MINUTE)
    assert set(rig.known()) == {hidden.video_id, *ids_of(before_noon(3))}
    assert rig.services.coverage.get(watch.watch_id).complete_until > after.complete_until


def test_nothing_is_asked_while_search_has_calls(new_rig: NewRig) -> None:
    rig = new_rig(before_noon(3), invidious_url=URL)
    rig.watch()
    rig.run_for(16 * MINUTE, every=MINUTE)
    assert (asked(rig), turns(rig)) == (0, [])


def test_without_a_url_nothing_is_asked(new_rig: NewRig) -> None:
    rig = new_rig(before_noon(3), youtube_search_calls_per_day=0)
    rig.watch()
    rig.run_for(16 * MINUTE, every=MINUTE)
    assert (asked(rig), rig.known()) == (0, [])


def test_it_begins_when_youtube_calls_the_bucket_used_up(new_rig: NewRig) -> None:
    rig = new_rig(before_noon(3), search_limit=5, invidious_url=URL)
    watch = rig.watch()
    rig.run_for(5 * MINUTE)
    assert len(turns(rig)) == 1
    (new,) = new_videos(rig, 50, 1)
    rig.run_for(15 * MINUTE)
    assert new.video_id in {stored.video.video_id for stored in feed_of(rig, watch)}


@pytest.mark.parametrize("keys", ["", "held"])
def test_keys_that_make_no_call_at_all_make_the_fallback_useless(
    new_rig: NewRig, keys: str
) -> None:
    """What is named could not be asked about."""
    rig = new_rig(before_noon(3), youtube_api_keys=keys, invidious_url=URL)
    rig.watch()
    for key in rig.services.keys.list_all():
        rig.services.keys.disable(key.fingerprint)
    fall_back(rig, HOUR)
    assert asked(rig) == 0


def test_half_of_the_units_are_left_to_others(new_rig: NewRig) -> None:
    rig = new_rig(youtube_search_calls_per_day=0, youtube_units_per_day=10, invidious_url=URL)
    rig.watch()
    for hour in range(7):
        new_videos(rig, 100 * hour, 1)
        fall_back(rig, HOUR, every=20 * MINUTE)
    assert sum(line.units for line in turns(rig)) == 5
    requests = asked(rig)
    fall_back(rig, HOUR, every=20 * MINUTE)
    assert asked(rig) == requests


def test_a_keyword_is_asked_for_every_15_minutes_at_most(rig: Rig) -> None:
    rig.watch()
    fall_back(rig, 2 * HOUR)
    starts = [line.started_at for line in turns(rig)]
    assert len(starts) == 9
    gaps = [later - before for before, later in pairwise(starts)]
    assert min(gaps) >= timedelta(minutes=15)


def test_a_least_interval_holds_for_the_fallback_too(rig: Rig) -> None:
    watch = rig.watch()
    rig.services.watching.change(watch.watch_id, {"min_interval_seconds": HOUR})
    fall_back(rig, 2 * HOUR)
    assert len(turns(rig)) == 3


def test_many_keywords_have_even_turns_and_the_instance_few_requests_a_minute(rig: Rig) -> None:
    watches = [rig.watch(f"title {n}") for n in range(60)]
    stamps = []
    rig.invidious.wire.before_each = lambda _: stamps.append(rig.clock())
    rig.publish(*(video(n, 0, title=f"Title {n % 60} of it") for n in range(600)))
    fall_back(rig, HOUR)
    a_minute = timedelta(minutes=1)
    busiest = max(sum(at <= other < at + a_minute for other in stamps) for at in stamps)
    assert busiest <= 8
    assert len(stamps) <= 6 * 60
    of_each = [sum(line.watch_ids == (w.watch_id,) for line in turns(rig)) for w in watches]
    assert (min(of_each), max(of_each)) == (1, 2)


def test_two_processes_give_a_keyword_one_turn_between_them(rig: Rig) -> None:
    rig.watch()
    rig.watch("other")
    processes = [
        rig.services,
        rig.another(youtube_search_calls_per_day=0, invidious_url=URL),
    ]
    taken = []
    for _ in range(6 * 16):
        taken += [watch_id for it in processes for watch_id in it.fallback.due()]
        rig.clock.move(10)
    assert taken == [1, 2, 1, 2]
    processes[1].close()


def test_paused_watches_and_channels_are_never_asked_for(rig: Rig) -> None:
    rig.services.watching.set_paused(rig.watch().watch_id, paused=True)
    rig.watch_channel()
    rig.run_for(20 * MINUTE, every=MINUTE)
    assert asked(rig) == 0


def test_a_watch_that_was_removed_meanwhile_is_passed_over(rig: Rig) -> None:
    watch = rig.watch()
    new_videos(rig, 1, 3)
    (taken,) = rig.services.fallback.due()
    rig.services.watching.remove(watch.watch_id)
    rig.services.fallback.run(taken)
    assert (asked(rig), rig.known()) == (0, [])


def test_a_watch_that_was_paused_meanwhile_is_passed_over(rig: Rig) -> None:
    watch = rig.watch()
    new_videos(rig, 1, 3)
    (taken,) = rig.services.fallback.due()
    rig.services.watching.set_paused(watch.watch_id, paused=True)
    rig.services.fallback.run(taken)
    assert (asked(rig), rig.known()) == (0, [])


def test_pages_are_read_while_they_bring_something_new(rig: Rig) -> None:
    rig.watch()
    rig.publish(*(video(1_000 + n, -2 * HOUR - n) for n in range(5)))
    new_videos(rig, 1, 25)
    rig.tick()
    pages = [(c.query["date"][0], c.query["page"][0]) for c in rig.invidious.wire.calls]
    assert pages == [("hour", "1"), ("hour", "2"), ("today", "1"), ("today", "2")]
    assert len(rig.known()) == 30
    fall_back(rig, 16 * MINUTE)
    pages = [(c.query["date"][0], c.query["page"][0]) for c in rig.invidious.wire.calls[4:]]
    assert pages == [("hour", "1"), ("today", "1")]


def test_what_search_shows_late_is_found_by_the_day(new_rig: NewRig) -> None:
    late = video(1, 5 * MINUTE, visible_at=NOON + timedelta(hours=3))
    rig = new_rig([late], youtube_search_calls_per_day=0, invidious_url=URL)
    rig.watch()
    fall_back(rig, 4 * HOUR, every=MINUTE)
    assert rig.known() == [late.video_id]


def test_what_a_watch_has_costs_no_unit(rig: Rig) -> None:
    watch = rig.watch()
    new_videos(rig, 1, 3)
    excluded = new_videos(rig, 50, 1, title="Title of a trailer")
    filters = Filters(exclude_words=("trailer",))
    rig.services.watching.change(watch.watch_id, {"filters": filters})
    fall_back(rig, 6 * HOUR, every=5 * MINUTE)
    assert units(rig) == 1
    assert excluded[0].video_id not in {it.video.video_id for it in feed_of(rig, watch)}


def test_a_video_of_another_watch_is_linked_to_both(rig: Rig) -> None:
    first, second = rig.watch(), rig.watch("harbour")
    new_videos(rig, 1, 1)
    fall_back(rig, 2 * MINUTE)
    (stored,) = feed_of(rig, second)
    assert stored.watches == (first.watch_id, second.watch_id)
    assert len(rig.known()) == 1


def test_a_video_older_than_the_watch_wants_is_left_out(new_rig: NewRig) -> None:
    old, young = video(1, -2 * HOUR), video(2, -HOUR + 5)
    rig = new_rig(
        [old, young], youtube_search_calls_per_day=0, backfill_seconds=HOUR, invidious_url=URL
    )
    rig.watch()
    rig.tick()
    assert rig.known() == [young.video_id]
    assert turns(rig)[0].found > 1


def test_what_is_named_and_does_not_exist_is_not_stored(rig: Rig) -> None:
    rig.watch()
    kept, gone = new_videos(rig, 1, 2)
    rig.youtube.wire.before_each = lambda _: rig.publish(
        Event(rig.clock(), video_id=gone.video_id, fields={"deleted_at": rig.clock()})
    )
    rig.tick()
    assert rig.known() == [kept.video_id]
    assert turns(rig)[0].error_code is None


@pytest.mark.parametrize("kind", ["500", "html_200", "garbage", "reset", "empty", "404"])
def test_trouble_is_told_once_rests_and_stops_nothing_else(new_rig: NewRig, kind: str) -> None:
    rig = new_rig(youtube_search_calls_per_day=0, invidious_url=URL)
    rig.watch_channel()
    for n in range(8):
        rig.watch(f"title {n}")
    rig.fault(kind, method="invidious")
    with capture_logs() as logs:
        fall_back(rig, 3 * HOUR, every=MINUTE)
        new_videos(rig, 1, 1)
        rig.run_for(2 * MINUTE, every=MINUTE)
        assert rig.known() == ["video000001"]  # by the channel
        begun = [it for it in logs if it.get("code") == INCIDENT]
        assert [it["event"] for it in begun] == ["incident_began"]
        # After 1, 1, 2, 4, 8, 16, 32 and 60 minutes.
        assert asked(rig) <= 10
        rig.simulator.faults.clear()
        fall_back(rig, 2 * HOUR, every=MINUTE)
    ended = [it["event"] for it in logs if it.get("code") == INCIDENT]
    assert ended == ["incident_began", "incident_ended"]
    failed = [line for line in turns(rig) if line.error_code]
    assert {line.error_code for line in failed} == {"invidious_unavailable"}
    assert "title" not in str([it["detail"] for it in begun])


def test_the_time_an_instance_asks_for_is_kept(rig: Rig) -> None:
    def busy(_: Call) -> None:
        raise RefusedError(429, {"retry-after": "1200"}, b"")

    for n in range(5):
        rig.watch(f"title {n}")
    rig.invidious.wire.before_each = busy
    fall_back(rig, 19 * MINUTE)
    assert asked(rig) == 1
    fall_back(rig, 3 * MINUTE)
    assert asked(rig) == 2


def test_what_was_named_before_the_trouble_is_stored(rig: Rig) -> None:
    rig.watch()
    new_videos(rig, 1, 30)
    rig.fault("500", method="invidious", skip=1)
    rig.tick()
    assert len(rig.known()) == 20
    assert turns(rig)[0].error_code == "invidious_unavailable"


def test_trouble_of_youtube_itself_leaves_it_all_to_a_later_turn(rig: Rig) -> None:
    rig.watch()
    (new,) = new_videos(rig, 1, 1)
    rig.fault("500", method="videos", times=1)
    rig.tick()
    assert (rig.known(), turns(rig)[0].error_code) == ([], "youtube_unavailable")
    fall_back(rig, 16 * MINUTE)
    assert rig.known() == [new.video_id]


def test_a_clock_that_was_ahead_does_not_hold_up_a_turn(rig: Rig) -> None:
    rig.watch()
    rig.clock.move(10 * HOUR)
    rig.fault("500", method="invidious", times=1)
    rig.tick()
    rig.clock.move(-10 * HOUR)
    rig.tick()
    assert len(turns(rig)) == 2
