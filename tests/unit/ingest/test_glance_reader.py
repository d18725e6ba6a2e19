"""By which way a glance is fetched, what it costs, and what broken answers do to it."""

from datetime import timedelta

import pytest

from app.domain import channels as told
from app.domain.channels import usual_playlist
from app.domain.errors import GoneError
from app.domain.fetches import FetchSource
from app.domain.filters import Filters
from app.domain.quota import ApiKey
from app.domain.videos import Detail
from app.sources.base import UploadsPage
from simulator.faults import KINDS
from simulator.video import Event
from tests.unit.ingest.channels import DAY, HOUR, MINUTE, feed_calls, units
from tests.unit.ingest.glances import NewRig, asked, ids, seen
from tests.unit.ingest.rig import Rig, before_noon, ids_of
from tests.unit.simulator.worlds import CHANNEL, video

NOBODY = "UC" + "n" * 22


def deleted(rig: Rig, video_id: str) -> Event:
    return Event(rig.clock(), video_id=video_id, fields={"deleted_at": rig.clock()})


def test_more_than_a_feed_has_comes_from_the_uploads(new_rig: NewRig) -> None:
    made = asked(new_rig, before_noon(70))
    made.fetched()
    third = made.get("?page=3")
    assert (ids(third), third.get_json()["complete"]) == (ids_of(before_noon(15))[10:], True)
    fourth = made.get(third.get_json()["next"].partition("videos")[2])
    assert seen(fourth) == (200, False, 0)
    made.look()
    assert ids(made.get("?page=4")) == ids_of(before_noon(20))[15:]
    assert seen(made.get("?limit=100")) == (200, True, 50)
    assert made.get("?limit=100").get_json()["next"] is None
    assert units(made.rig, "playlistItems") == 1
    assert made.log()[-1].source is FetchSource.UPLOADS


def test_a_channel_with_few_videos_needs_no_uploads(new_rig: NewRig) -> None:
    made = asked(new_rig, before_noon(9))
    assert seen(made.fetched("?limit=50")) == (200, True, 9)
    assert units(made.rig, "playlistItems") == 0


def test_a_hot_channel_costs_a_unit_an_hour_and_one_for_what_is_new(new_rig: NewRig) -> None:
    made = asked(new_rig, before_noon(20))
    for turn in range(24 * 6):
        if turn == 15:
            made.rig.publish(video(77, turn * 10 * MINUTE))
        assert made.fetched().get_json()["complete"]
        made.rig.clock.move(10 * MINUTE)
    assert units(made.rig, "videos") == 24 + 1
    assert units(made.rig) == 24 + 1


@pytest.mark.parametrize("fault", ["404", "500", "reset", "html_200"])
def test_where_the_feed_fails_the_uploads_are_read(new_rig: NewRig, fault: str) -> None:
    made = asked(new_rig, before_noon(5))
    made.rig.fault(fault, method="feed")
    assert seen(made.fetched()) == (200, True, 5)
    assert made.log()[-1].source is FetchSource.UPLOADS
    assert units(made.rig, "channels") == 0


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_no_answer_however_broken_is_believed_or_breaks_anything(
    new_rig: NewRig, kind: str
) -> None:
    made = asked(new_rig, before_noon(5))
    made.rig.fault(kind)
    assert made.fetched("?limit=20").status_code in (200, 202)
    made.rig.simulator.faults.clear()
    made.rig.clock.move(HOUR)
    assert seen(made.fetched("?limit=20")) == (200, True, 5)


def test_uploads_are_where_youtube_says_they_are(
    new_rig: NewRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = asked(new_rig, before_noon(5))
    made.rig.fault("404", method="feed")
    elsewhere = "PL0123456789"
    youtube, usual = made.rig.youtube, usual_playlist(CHANNEL.channel_id)
    list_uploads = youtube.uploads

    def uploads(key: ApiKey, playlist_id: str, page_token: str | None = None) -> UploadsPage:
        if playlist_id != elsewhere:
            raise GoneError("no such playlist")
        return list_uploads(key, usual, page_token)

    moved = told.Channel(CHANNEL.channel_id, "Harbour Radio", elsewhere)
    monkeypatch.setattr(youtube, "uploads", uploads)
    monkeypatch.setattr(youtube, "channel", lambda _key, _name: moved)
    assert seen(made.fetched()) == (200, True, 5)


def test_an_answer_that_leaves_out_most_is_a_fault_and_no_deletion(
    new_rig: NewRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = asked(new_rig, before_noon(5))
    tell = made.rig.youtube.videos
    monkeypatch.setattr(made.rig.youtube, "videos", lambda key, ids: tell(key, ids[:1]))
    assert seen(made.fetched()) == (200, True, 5)


def test_what_videos_list_told_is_kept_for_a_week_without_it(new_rig: NewRig) -> None:
    made = asked(new_rig, before_noon(5))

    def durations() -> set[int | None]:
        items = made.fetched().get_json()["items"]
        return {item["duration_seconds"] for item in items}

    assert durations() == {60}
    made.rig.fault("500", method="videos")
    for _ in range(6):
        made.rig.clock.move(DAY)
        assert durations() == {60}
    made.rig.clock.move(DAY)
    assert durations() == {None}


def test_a_channel_without_videos_is_complete_and_empty(new_rig: NewRig) -> None:
    made = asked(new_rig, [video(1, -HOUR)])
    made.rig.publish(deleted(made.rig, "video000001"))
    assert seen(made.fetched()) == (200, True, 0)
    made.rig.fault("404", method="feed")
    made.rig.clock.move(20 * MINUTE)
    assert seen(made.fetched()) == (200, True, 0)
    assert units(made.rig, "channels") == 1


def test_without_units_what_the_feed_tells_is_served_and_no_more(new_rig: NewRig) -> None:
    made = asked(new_rig, before_noon(70), on_demand_units_per_day=0)
    served = made.fetched()
    assert seen(served) == (200, True, 5)
    assert {item["duration_seconds"] for item in served.get_json()["items"]} == {None}
    assert seen(made.fetched("?limit=20")) == (200, False, 15)
    calls = feed_calls(made.rig)
    for _ in range(20):
        made.fetched("?limit=20")
        made.rig.clock.move(10)
    assert feed_calls(made.rig) <= calls + 1
    assert units(made.rig) == 0
    assert made.find().videos[0].detail is Detail.FEED


def test_a_video_that_is_gone_when_it_is_completed_is_not_served(new_rig: NewRig) -> None:
    made = asked(new_rig, before_noon(5))
    made.get()
    made.rig.simulator.feeds.get(CHANNEL.channel_id)  # the copy still has it
    made.rig.clock.move(MINUTE)
    made.rig.publish(deleted(made.rig, "video000003"))
    made.look()
    assert ids(made.get()) == [name for name in ids_of(before_noon(5)) if name != "video000003"]


def test_a_feed_that_cannot_be_read_is_no_empty_channel(new_rig: NewRig) -> None:
    made = asked(new_rig, before_noon(5), on_demand_units_per_day=0)
    made.rig.fault("garbage", method="feed")
    assert made.fetched().status_code == 202
    assert made.find().failing_since is not None
    assert made.find().next_try_at >= made.rig.clock() + timedelta(minutes=1)


def test_what_a_keyword_excludes_is_shown_in_full_all_the_same(new_rig: NewRig) -> None:
    made = asked(new_rig, before_noon(5))
    watch = made.rig.watch()
    made.rig.services.watching.change(
        watch.watch_id, {"filters": Filters(exclude_words=("title",))}
    )
    made.rig.run_for(20)
    assert len(made.rig.stored(*ids_of(before_noon(5)))) == 5
    items = made.fetched().get_json()["items"]
    assert len(items) == 5
    assert None not in {item["duration_seconds"] for item in items}
