"""Stored videos follow YouTube's: edits, premieres, absences and bad answers."""

import json
from datetime import timedelta

import pytest

from app.domain.changes import Bookmark
from app.domain.errors import NotFoundError
from app.domain.feeds import ALL, CacheState, PageRequest
from app.domain.videos import Detail
from app.sources.base import VideoSource
from simulator.faults import KINDS
from tests.unit.ingest.refreshes import (
    ABSENCE,
    DAY,
    HOUR,
    HidingSource,
    NewRig,
    change,
    delete,
    everything,
    item,
    keep,
    oldest,
    refresh_for,
    stored,
    version,
    without,
)
from tests.unit.ingest.rig import before_noon, ids_of, told
from tests.unit.simulator.worlds import NOON, video


def test_an_edit_is_taken_over_and_told_to_followers(new_rig: NewRig) -> None:
    rig = stored(new_rig, before_noon(3))
    before = rig.services.changes.read(Bookmark(), 100).version
    change(rig, "video000002", title="Corrected")
    refresh_for(rig, 6 * HOUR + 300)
    assert item(rig, "video000002")["title"] == "Corrected"
    [told_change] = rig.services.changes.read(Bookmark(before), 100).changes
    assert json.loads(told_change)["video"]["title"] == "Corrected"


def test_an_edit_reaches_the_cached_first_page(new_rig: NewRig) -> None:
    rig = stored(new_rig, before_noon(3))
    rig.known()
    change(rig, "video000002", title="Corrected")
    refresh_for(rig, 6 * HOUR + 300)
    page = rig.services.feed.page(PageRequest(ALL, 10))
    assert page.cache is CacheState.HIT
    assert [json.loads(it)["title"] for it in page.items][1] == "Corrected"


def test_counters_are_stored_in_silence(new_rig: NewRig) -> None:
    rig = stored(new_rig, before_noon(3))
    before, updated_at = version(rig, "video000002"), item(rig, "video000002")["updated_at"]
    change(rig, "video000002", views=4_711)
    refresh_for(rig, 6 * HOUR + 300)
    assert item(rig, "video000002")["view_count"] == 4_711
    assert item(rig, "video000002")["updated_at"] == updated_at
    assert version(rig, "video000002") == before


def test_a_premiere_that_starts_moves_to_its_time_within_a_quarter_of_an_hour(
    new_rig: NewRig,
) -> None:
    premiere = video(9, -600, live="upcoming", scheduled_at=NOON + timedelta(hours=2))
    rig = stored(new_rig, [premiere, *before_noon(5)])
    assert rig.known()[-1] == premiere.video_id
    refresh_for(rig, 2 * HOUR)
    started_at = rig.clock()
    change(rig, premiere.video_id, live="live", published_at=started_at, started_at=started_at)
    refresh_for(rig, 20 * 60)
    assert rig.known()[0] == premiere.video_id
    assert item(rig, premiere.video_id)["live"] == "live"


def test_a_broadcast_that_has_ended_is_completed(new_rig: NewRig) -> None:
    begun = NOON - timedelta(seconds=600)
    live = video(9, -600, live="live", scheduled_at=begun, started_at=begun)
    rig = stored(new_rig, [live, *before_noon(5)])
    change(rig, live.video_id, live="none", ended_at=rig.clock())
    refresh_for(rig, 20 * 60)
    assert item(rig, live.video_id)["live"] == "completed"


def test_a_video_that_is_missed_once_stays(new_rig: NewRig) -> None:
    rig = stored(new_rig, before_noon(5))
    delete(rig, "video000002")
    refresh_for(rig, 6 * HOUR + 300)
    assert "video000002" in rig.known()


def test_a_video_that_is_missed_again_a_day_later_is_deleted(new_rig: NewRig) -> None:
    rig = stored(new_rig, before_noon(5))
    before = rig.services.changes.read(Bookmark(), 100).version
    delete(rig, "video000002")
    refresh_for(rig, 6 * HOUR + ABSENCE)
    assert rig.known() == ["video000001", "video000003", "video000004", "video000005"]
    with pytest.raises(NotFoundError):
        rig.services.feed.video("video000002")
    [told_change] = rig.services.changes.read(Bookmark(before), 100).changes
    assert json.loads(told_change)["op"] == "delete"


def test_readings_within_a_day_do_not_confirm_each_other(new_rig: NewRig) -> None:
    rig = stored(new_rig, before_noon(5))
    delete(rig, "video000002")
    for _ in range(23):
        everything(rig)
        rig.clock.move(HOUR)
    assert "video000002" in rig.known()
    rig.clock.move(HOUR)
    everything(rig)
    assert "video000002" not in rig.known()


def test_a_video_that_was_told_in_between_begins_anew(new_rig: NewRig) -> None:
    rig = stored(new_rig, before_noon(5))
    hidden = HidingSource(rig.youtube)
    services = rig.another(hidden)
    for hides in (True, False, True):
        hidden.hides = {"video000002"} if hides else set()
        for batch in services.refresher.everything():
            services.refresher.refresh(batch)
        rig.clock.move(ABSENCE)
    assert rig.stored("video000002")


def test_a_search_result_that_youtube_does_not_tell_is_deleted_in_the_end(
    new_rig: NewRig,
) -> None:
    rig = stored(new_rig, before_noon(5))
    keep(rig, [told("ghost-00001", detail=Detail.SNIPPET)])
    refresh_for(rig, 6 * HOUR + 300)
    assert rig.stored("ghost-00001")
    refresh_for(rig, ABSENCE)
    assert not rig.stored("ghost-00001")


def test_an_answer_that_misses_most_of_it_deletes_nothing(new_rig: NewRig) -> None:
    sources: list[HidingSource] = []

    def hiding(youtube: VideoSource) -> VideoSource:
        sources.append(HidingSource(youtube))
        return sources[0]

    rig = stored(new_rig, before_noon(70), seed_source=hiding)
    sources[0].hides_all = True
    refresh_for(rig, 3 * DAY, every=600)
    assert len(rig.known()) == 70
    sources[0].hides_all = False
    refresh_for(rig, 4 * DAY, every=600)
    assert len(rig.known()) == 70
    refreshed_at = oldest(rig)
    assert refreshed_at is not None
    assert rig.clock() - refreshed_at <= timedelta(days=1, minutes=10)


def test_what_a_doubtful_answer_does_tell_is_taken_over(new_rig: NewRig) -> None:
    rig = stored(new_rig, before_noon(10))
    delete(rig, *ids_of(before_noon(9)))
    change(rig, "video000010", title="Corrected")
    refresh_for(rig, 6 * HOUR + 300)
    assert item(rig, "video000010")["title"] == "Corrected"
    assert len(rig.known()) == 10


def test_many_videos_that_go_at_once_are_told_from_a_fault(new_rig: NewRig) -> None:
    """A channel that is closed takes most of a call with it."""
    rig = stored(new_rig, before_noon(100))
    gone = ids_of(before_noon(45))
    delete(rig, *gone)
    refresh_for(rig, 5 * DAY, every=HOUR / 2)
    assert set(rig.known()) == set(ids_of(before_noon(100))) - set(gone)


@pytest.mark.parametrize("kind", sorted({*KINDS} - {"slow", "unsorted", "duplicate_on_page_2"}))
def test_a_bad_answer_costs_nothing_but_time(new_rig: NewRig, kind: str) -> None:
    rig = stored(new_rig, before_noon(60))
    shown = {video_id: item(rig, video_id) for video_id in rig.known()}
    rig.fault(kind, method="videos", times=4)
    refresh_for(rig, 6 * HOUR + 300)
    rig.simulator.faults.clear()
    refresh_for(rig, ABSENCE + 6 * HOUR)
    found = {video_id: item(rig, video_id) for video_id in rig.known()}
    assert without(found, "updated_at") == without(shown, "updated_at")
    refreshed_at = oldest(rig)
    assert refreshed_at is not None
    assert rig.clock() - refreshed_at <= timedelta(days=1, minutes=10)


def test_a_hidden_video_stays_hidden(new_rig: NewRig) -> None:
    rig = stored(new_rig, before_noon(5))
    now = rig.clock()
    rig.services.store.write(lambda t: t.set_hidden("video000002", hidden=True, now=now))
    rig.services.ingest.tick(limit=0)  # publishes what is shown now
    change(rig, "video000002", title="Corrected")
    refresh_for(rig, 6 * HOUR + 300)
    assert "video000002" not in rig.known()
    rig.services.store.write(lambda t: t.set_hidden("video000002", hidden=False, now=now))
    assert item(rig, "video000002")["title"] == "Corrected"


def test_a_video_deleted_while_it_was_asked_about_stays_deleted(new_rig: NewRig) -> None:
    rig = stored(new_rig, before_noon(5))
    now = rig.clock()

    def delete_meanwhile(_: object) -> None:
        rig.services.store.write(lambda t: t.delete(["video000002"], now))

    rig.youtube.wire.before_each = delete_meanwhile
    everything(rig)
    assert rig.stored(*ids_of(before_noon(5))).keys() == {*ids_of(before_noon(5))} - {"video000002"}
