from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from app.domain.fetches import FetchSource, Purpose
from app.domain.filters import Filters
from app.domain.follows import Follow
from app.domain.intake import LinkReason
from app.domain.quota import Bucket
from app.domain.videos import Detail, Source, StoredVideo
from app.store.models import VideoRow
from simulator import video as simulated
from simulator.video import Channel, Event
from tests.unit.ingest.channels import DAY, HOUR, MINUTE, feed_calls, lines, since_noon, units
from tests.unit.ingest.pushed import Pushed, pushed
from tests.unit.ingest.refreshes import HidingSource
from tests.unit.ingest.rig import Call, Rig
from tests.unit.simulator.worlds import CHANNEL, NOON, video

NewRig = Callable[..., Rig]
OTHER = Channel("UC" + "b" * 22, "Other Radio", "other", "About trains", CHANNEL.created_at, 7)


def tick(rig: Rig) -> None:
    """What a scheduler does in one turn, following included."""
    rig.tick()
    if rig.services.scout.due():
        rig.services.scout.run()
    for channel_id in rig.services.follower.due():
        rig.services.follower.run(channel_id)


def live(rig: Rig, seconds: float, every: float = MINUTE) -> None:
    ends_at = rig.clock() + timedelta(seconds=seconds)
    while rig.clock() < ends_at:
        tick(rig)
        rig.clock.move(every)
    tick(rig)


def boats(rig: Rig, first: int, count: int = 1, **fields: object) -> list[simulated.Video]:
    """Videos about boats that come in now."""
    now = since_noon(rig)
    usual: dict[str, object] = {"title": "A boat comes in"}
    return [video(first + n, now + n, **{**usual, **fields}) for n in range(count)]


def followed(rig: Rig, watch_id: int = 1) -> list[Follow]:
    return rig.services.watching.followed(watch_id)


def stored(rig: Rig, number: int) -> StoredVideo | None:
    return rig.services.store.read(lambda t: t.feed.find_video(f"video{number:06d}"))


def told_at(rig: Rig) -> dict[str, datetime]:
    """When videos.list told of each video."""
    query = select(VideoRow.video_id, VideoRow.refreshed_at)
    rows = rig.services.store.read(lambda t: t._connection.execute(query).all())
    return {row.video_id: row.refreshed_at for row in rows}


def reasons(rig: Rig) -> set[LinkReason]:
    brought = rig.services.store.read(lambda t: t.follows.list_brought(1, NOON, 99))
    return {each.reason for each in brought}


def end_searches(rig: Rig) -> None:
    """From now on search finds nothing, so what is found is found by following."""
    rig.fault("500", method="search")


def keep_feed(rig: Rig) -> None:
    """From now on the feed is the copy of this minute."""
    feeds = rig.simulator.feeds
    rig.clock.move(16 * MINUTE)
    feeds._kept[CHANNEL.channel_id] = (
        rig.clock() + timedelta(days=9),
        feeds.get(CHANNEL.channel_id),
    )


def scouted(new_rig: NewRig, **values: object) -> Rig:
    """A keyword for which a channel is followed; search fails from now on."""
    rig = new_rig(**values)
    rig.watch("boat")
    rig.publish(*boats(rig, 1, 2))
    live(rig, MINUTE)
    live(rig, HOUR, every=10 * MINUTE)
    assert [each.brings.channel_id for each in followed(rig)] == [CHANNEL.channel_id]
    end_searches(rig)
    return rig


def test_a_channel_that_brought_two_videos_is_followed_and_one_that_brought_one_is_not(
    new_rig: NewRig,
) -> None:
    rig = new_rig()
    rig.watch("boat")
    rig.publish(*boats(rig, 1, 2), *boats(rig, 9, channel=OTHER))
    live(rig, HOUR, every=10 * MINUTE)
    [follow] = followed(rig)
    brings = follow.brings
    assert (brings.channel_id, brings.channel_title) == (CHANNEL.channel_id, CHANNEL.title)
    assert brings.matches == 2


def test_its_new_videos_are_found_without_a_search_and_told_in_full(new_rig: NewRig) -> None:
    rig = scouted(new_rig)
    rig.publish(*boats(rig, 10))
    live(rig, 16 * MINUTE)
    found = stored(rig, 10)
    assert found is not None
    assert (found.source, found.watches) == (Source.RSS, (1,))
    assert found.video.detail is Detail.FULL
    assert LinkReason.FOLLOWED_CHANNEL in reasons(rig)
    line = next(line for line in lines(rig) if line.purpose is Purpose.FOLLOW)
    assert (line.source, line.watch_ids, line.added, line.units) == (FetchSource.RSS, (1,), 1, 1)


def test_what_does_not_match_is_neither_stored_nor_asked_about(new_rig: NewRig) -> None:
    rig = scouted(new_rig)
    live(rig, 16 * MINUTE)
    before = units(rig, "videos")
    rig.publish(*boats(rig, 10, 5, title="A train goes out"))
    live(rig, 2 * HOUR, every=5 * MINUTE)
    assert stored(rig, 10) is None
    assert units(rig, "videos") == before


def test_what_matched_and_is_told_no_more_is_asked_about_once(new_rig: NewRig) -> None:
    rig = scouted(new_rig)
    live(rig, 16 * MINUTE)
    before = units(rig, "videos")
    rig.publish(*boats(rig, 10))
    keep_feed(rig)
    rig.publish(Event(rig.clock(), video_id="video000010", fields={"deleted_at": rig.clock()}))
    live(rig, 2 * HOUR, every=5 * MINUTE)
    assert stored(rig, 10) is None
    assert units(rig, "videos") == before + 1


def test_following_moves_no_ranges(new_rig: NewRig) -> None:
    rig = scouted(new_rig)
    live(rig, MINUTE)
    before = rig.services.coverage.get(1).complete_until
    rig.publish(*boats(rig, 10))
    live(rig, 30 * MINUTE)
    found = stored(rig, 10)
    assert found is not None
    assert any(gap.holds(found.video.published_at) for gap in rig.open_ranges())
    assert rig.services.coverage.get(1).complete_until == before


def test_filters_of_the_keyword_apply(new_rig: NewRig) -> None:
    rig = scouted(new_rig)
    rig.services.watching.change(1, {"filters": Filters(exclude_words=("trailer",))})
    rig.publish(*boats(rig, 10, description="A trailer"), *boats(rig, 11))
    live(rig, 16 * MINUTE)
    excluded, wanted = stored(rig, 10), stored(rig, 11)
    assert wanted is not None
    assert wanted.watches == (1,)
    assert excluded is None
    assert "video000010" in told_at(rig)  # stored, and shown to nobody
    rig.services.watching.change(1, {"filters": Filters()})
    tick(rig)
    assert stored(rig, 10) is not None


def test_where_the_feed_fails_the_uploads_are_read_within_a_tenth_of_the_units(
    new_rig: NewRig,
) -> None:
    rig = scouted(new_rig, youtube_units_per_day=100)
    rig.fault("404", method="feed")
    live(rig, 30 * MINUTE)
    rig.publish(*boats(rig, 10))
    before = units(rig, "playlistItems")
    live(rig, DAY, every=15 * MINUTE)
    found = stored(rig, 10)
    assert found is not None
    assert found.source is Source.UPLOADS
    assert 5 <= units(rig, "playlistItems") - before <= 10


def test_without_units_what_matches_is_stored_as_the_feed_tells_it(new_rig: NewRig) -> None:
    rig = scouted(new_rig)
    rig.fault("500", method="videos")
    rig.publish(*boats(rig, 10))
    live(rig, 16 * MINUTE)
    found = stored(rig, 10)
    assert found is not None
    assert found.video.detail is Detail.FEED


def test_a_barren_channel_is_dropped_after_a_month(new_rig: NewRig) -> None:
    rig = scouted(new_rig)
    rig.clock.move(29 * DAY)
    live(rig, 2 * HOUR, every=30 * MINUTE)
    assert followed(rig)
    rig.clock.move(DAY)
    live(rig, 2 * HOUR, every=30 * MINUTE)
    assert followed(rig) == []
    before = feed_calls(rig)
    live(rig, HOUR, every=10 * MINUTE)
    assert feed_calls(rig) == before


@pytest.mark.parametrize("limit", [0, 1])
def test_no_more_channels_are_followed_than_allowed(new_rig: NewRig, limit: int) -> None:
    rig = new_rig(follow_channels=limit)
    rig.watch("boat")
    rig.publish(*boats(rig, 1, 2), *boats(rig, 9, 3, channel=OTHER))
    live(rig, HOUR, every=10 * MINUTE)
    assert [f.brings.channel_id for f in followed(rig)] == [OTHER.channel_id][:limit]


def test_switched_off_it_ends_at_once(new_rig: NewRig) -> None:
    rig = scouted(new_rig)
    rig.services.watching.change(1, {"follow": False})
    assert followed(rig) == []
    rig.publish(*boats(rig, 10))
    before = feed_calls(rig)
    live(rig, 2 * HOUR, every=10 * MINUTE)
    assert stored(rig, 10) is None
    assert feed_calls(rig) == before


def test_the_channels_of_the_last_keyword_are_let_go_when_it_is_removed(new_rig: NewRig) -> None:
    rig = scouted(new_rig)
    rig.services.watching.remove(1)
    live(rig, 2 * HOUR, every=10 * MINUTE)
    assert rig.services.store.read(lambda t: t.follows.count_channels()) == 0


def test_a_video_whose_keyword_is_removed_during_the_look_is_not_stored(
    new_rig: NewRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = scouted(new_rig)
    rig.publish(*boats(rig, 10))
    rig.clock.move(16 * MINUTE)
    [due] = rig.services.follower.due()
    feeds = rig.services.follower._feeds
    read = feeds.feed

    def feed(channel_id: str) -> object:
        rig.services.watching.remove(1)
        return read(channel_id)

    monkeypatch.setattr(feeds, "feed", feed)
    rig.services.follower.run(due)
    assert stored(rig, 10) is None


def test_a_channel_that_is_watched_as_well_serves_keywords_from_what_is_stored(
    new_rig: NewRig,
) -> None:
    rig = scouted(new_rig)
    live(rig, 16 * MINUTE)
    channel = rig.watch_channel()
    live(rig, HOUR, every=5 * MINUTE)
    rig.publish(*boats(rig, 10), *boats(rig, 11, title="A train"))
    before = feed_calls(rig)
    live(rig, 31 * MINUTE)
    found, train = stored(rig, 10), stored(rig, 11)
    assert found is not None
    assert train is not None
    assert found.watches == (1, channel.watch_id)
    assert train.watches == (channel.watch_id,)
    assert feed_calls(rig) - before <= 3  # its own polls' alone


def test_what_the_watch_of_the_channel_excludes_is_there_for_keywords(new_rig: NewRig) -> None:
    rig = scouted(new_rig)
    live(rig, 16 * MINUTE)
    channel = rig.watch_channel()
    filters = Filters(exclude_words=("comes in",))
    rig.services.watching.change(channel.watch_id, {"filters": filters})
    live(rig, HOUR, every=5 * MINUTE)
    rig.publish(*boats(rig, 10))
    live(rig, 31 * MINUTE)
    found = stored(rig, 10)
    assert found is not None
    assert found.watches == (1,)


def test_what_is_stored_is_not_told_anew_by_being_looked_at(new_rig: NewRig) -> None:
    rig = scouted(new_rig)
    rig.watch_channel()
    live(rig, HOUR, every=5 * MINUTE)
    rig.publish(*boats(rig, 10))
    live(rig, 21 * MINUTE)
    asked = told_at(rig)
    assert asked
    rig.clock.move(HOUR)
    store = rig.services.store
    known = store.read(lambda t: t.follows.find(CHANNEL.channel_id))
    assert known is not None
    store.write(lambda t: t.follows.put(replace(known, seen=())))
    rig.services.follower.run(CHANNEL.channel_id)
    assert told_at(rig) == asked


def test_a_crash_between_taking_and_looking_costs_two_minutes(new_rig: NewRig) -> None:
    rig = scouted(new_rig)
    rig.publish(*boats(rig, 10))
    rig.clock.move(16 * MINUTE)
    assert rig.services.follower.due() == [CHANNEL.channel_id]  # and killed
    assert rig.services.follower.due() == []
    live(rig, 2 * MINUTE)
    assert stored(rig, 10) is not None


def hubbed(new_rig: NewRig, **values: object) -> Pushed:
    """A keyword with a followed channel that is pushed; search fails from now on."""
    made = pushed(new_rig, (), **values)
    rig = made.rig
    rig.watch("boat")
    rig.publish(*boats(rig, 1, 2))
    for _ in range(12):
        push_tick(made)
        rig.clock.move(10 * MINUTE)
    assert made.is_active
    end_searches(rig)
    return made


def push_tick(made: Pushed) -> None:
    made.tick()
    tick(made.rig)


def test_with_push_a_video_is_there_at_the_next_tick(new_rig: NewRig) -> None:
    made = hubbed(new_rig)
    made.rig.publish(*boats(made.rig, 10), *boats(made.rig, 11, title="A train"))
    push_tick(made)
    found = stored(made.rig, 10)
    assert found is not None
    assert (found.source, found.watches) == (Source.WEBSUB, (1,))
    assert stored(made.rig, 11) is None
    hints = made.rig.services.store.read(lambda t: t.subscriptions.count_hints(CHANNEL.channel_id))
    assert hints == 0


def test_a_push_that_comes_during_a_look_is_followed_at_the_next_tick(new_rig: NewRig) -> None:
    made = hubbed(new_rig)
    rig = made.rig

    def push_another(call: Call) -> None:
        if call.method == "videos":
            rig.youtube.wire.before_each = lambda _: None
            rig.publish(*boats(rig, 11))
            made.hub.work()

    rig.publish(*boats(rig, 10))
    rig.youtube.wire.before_each = push_another
    push_tick(made)
    assert stored(rig, 10) is not None
    rig.clock.move(10)
    push_tick(made)
    assert stored(rig, 11) is not None


def test_with_push_the_feed_is_asked_for_every_six_hours(new_rig: NewRig) -> None:
    made = hubbed(new_rig)
    before = feed_calls(made.rig)
    for _ in range(24):
        push_tick(made)
        made.rig.clock.move(HOUR)
    assert feed_calls(made.rig) - before == 4


def test_a_hint_that_could_not_be_asked_about_is_tried_again_not_too_often(
    new_rig: NewRig,
) -> None:
    made = hubbed(new_rig)
    made.rig.fault("500", method="videos")
    made.rig.publish(*boats(made.rig, 10))
    spent = units(made.rig)
    for _ in range(60):
        push_tick(made)
        made.rig.clock.move(MINUTE)
    assert stored(made.rig, 10) is None
    assert units(made.rig) - spent <= 15
    made.rig.simulator.faults.clear()
    end_searches(made.rig)
    for _ in range(16):
        push_tick(made)
        made.rig.clock.move(MINUTE)
    assert stored(made.rig, 10) is not None


def test_a_push_that_comes_before_youtube_knows_the_video_is_followed_until_it_does(
    new_rig: NewRig,
) -> None:
    hides = {"video000010"}
    made = hubbed(new_rig, seed_source=lambda youtube: HidingSource(youtube, hides))
    made.rig.publish(*boats(made.rig, 10))
    push_tick(made)
    assert stored(made.rig, 10) is None
    hides.clear()
    for _ in range(3):
        made.rig.clock.move(MINUTE)
        push_tick(made)
    assert stored(made.rig, 10) is not None


def test_while_units_are_short_pushes_wait_and_the_feed_is_read(new_rig: NewRig) -> None:
    made = hubbed(new_rig, youtube_units_per_day=30)
    rig = made.rig
    while (spare := rig.services.follower._ring.usable(Bucket.UNITS)[0]) > 3:
        rig.services.follower._ring.call(Bucket.UNITS, lambda _: None)
    rig.publish(*boats(rig, 10), *boats(rig, 11, title="A train"))
    for _ in range(20):
        push_tick(made)
        rig.clock.move(MINUTE)
    found = stored(rig, 10)
    assert found is not None
    assert found.source is Source.RSS
    assert found.video.detail is Detail.FEED
    assert rig.services.follower._ring.usable(Bucket.UNITS)[0] == spare
    live(rig, DAY, every=HOUR)
    completed = stored(rig, 10)
    assert completed is not None
    assert completed.video.detail is Detail.FULL


def test_the_hub_is_asked_to_stop_when_nobody_follows(new_rig: NewRig) -> None:
    made = hubbed(new_rig)
    made.rig.services.watching.change(1, {"follow": False})
    for _ in range(8):
        push_tick(made)
        made.rig.clock.move(10 * MINUTE)
    assert made.subscription() is None
