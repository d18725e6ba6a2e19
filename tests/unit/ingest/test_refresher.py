"""Stored videos follow YouTube's, and nothing is kept that may not be kept."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

import pytest

from app.domain.changes import Bookmark
from app.domain.clock import pacific_day
from app.domain.errors import NotFoundError
from app.domain.feeds import ALL, CacheState, PageRequest
from app.domain.fetches import FetchQuery, Purpose
from app.domain.intake import Finding
from app.domain.quota import ApiKey, Bucket, Usage
from app.domain.videos import Detail, Source, Video
from app.ingest.refresher import LEASE
from app.sources.base import SearchPage, SearchQuery, VideoBatch, VideoSource
from simulator import video as simulated
from simulator.faults import KINDS
from simulator.video import Event, Fields
from tests.unit.ingest.rig import PLENTY, Rig, before_noon, ids_of, told
from tests.unit.simulator.worlds import NOON, video

NewRig = Callable[..., Rig]

HOUR, DAY = 3_600, 86_400
ABSENCE = 24 * HOUR + 300
"""Long enough for a second reading to confirm a first."""


def refresh(rig: Rig) -> int:
    """What a tick does; returns how many calls it gave out."""
    batches = rig.services.refresher.due()
    for batch in batches:
        rig.services.refresher.run(batch)
    return len(batches)


def refresh_for(rig: Rig, seconds: float, every: float = 300) -> None:
    ends_at = rig.clock() + timedelta(seconds=seconds)
    while rig.clock() < ends_at:
        rig.clock.move(min(every, (ends_at - rig.clock()).total_seconds()))
        refresh(rig)


def change(rig: Rig, video_id: str, **fields: object) -> None:
    rig.publish(Event(rig.clock(), video_id=video_id, fields=Fields(**fields)))  # type: ignore[typeddict-item]  # any field


def delete(rig: Rig, *video_ids: str) -> None:
    for video_id in video_ids:
        change(rig, video_id, deleted_at=rig.clock())


def stored(new_rig: NewRig, videos: Sequence[simulated.Video], **values: object) -> Rig:
    """A rig that has polled these videos."""
    rig = new_rig(videos, **values)
    rig.watch()
    rig.clock.move(1)
    rig.tick()
    assert set(rig.known()) == set(ids_of(videos))
    return rig


def item(rig: Rig, video_id: str) -> dict[str, object]:
    shown: dict[str, object] = json.loads(rig.services.feed.video(video_id).body)
    return shown


def version(rig: Rig, video_id: str) -> int:
    return rig.services.feed.video(video_id).version


def oldest(rig: Rig) -> datetime | None:
    return rig.services.store.read(lambda t: t.videos.oldest_refresh_at())


def keep(rig: Rig, videos: Sequence[Video]) -> None:
    findings = [Finding(each, Source.SEARCH) for each in videos]
    rig.services.store.write(lambda t: t.record(findings, rig.clock()))


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


def everything(rig: Rig) -> None:
    for batch in rig.services.refresher.everything():
        rig.services.refresher.refresh(batch)


def test_a_video_that_was_told_in_between_begins_anew(new_rig: NewRig) -> None:
    rig = stored(new_rig, before_noon(5))
    hidden = HidingSource(rig.youtube)
    services = rig.another(hidden)
    for hides in (True, False, True):
        hidden.hides = {"video000002"} if hides else set()
        for batch in services.refresher.everything():
            services.refresher.refresh(batch)
        rig.clock.move(ABSENCE)
    assert "video000002" in rig.known()


def test_a_search_result_that_youtube_does_not_tell_is_deleted_in_the_end(
    new_rig: NewRig,
) -> None:
    rig = stored(new_rig, before_noon(5))
    keep(rig, [told("ghost-00001", detail=Detail.SNIPPET)])
    refresh_for(rig, 6 * HOUR + 300)
    assert rig.stored("ghost-00001")
    refresh_for(rig, ABSENCE)
    assert not rig.stored("ghost-00001")


@dataclass
class HidingSource:
    """YouTube as it is, but that it leaves some videos out of what videos.list tells."""

    source: VideoSource
    hides: set[str] = field(default_factory=set)
    hides_all: bool = False

    def search(self, key: ApiKey, query: SearchQuery) -> SearchPage:
        return self.source.search(key, query)

    def videos(self, key: ApiKey, video_ids: Sequence[str]) -> VideoBatch:
        batch = self.source.videos(key, video_ids)
        kept = [v for v in batch.videos if not self.hides_all and v.video_id not in self.hides]
        return VideoBatch(tuple(kept), batch.rejected)


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


def without(items: dict[str, dict[str, object]], name: str) -> dict[str, dict[str, object]]:
    return {key: {k: v for k, v in it.items() if k != name} for key, it in items.items()}


def test_a_hidden_video_stays_hidden(new_rig: NewRig) -> None:
    rig = stored(new_rig, before_noon(5))
    now = rig.clock()
    rig.services.store.write(lambda t: t.set_hidden("video000002", hidden=True, now=now))
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


def test_what_a_crash_left_undone_is_due_again_after_its_lease(new_rig: NewRig) -> None:
    rig = stored(new_rig, before_noon(60))
    rig.clock.move(6 * HOUR + 300)
    taken = rig.services.refresher.due()
    assert {video_id for batch in taken for video_id in batch} == set(rig.known())
    assert rig.services.refresher.due() == []
    rig.clock.move(LEASE.total_seconds())
    assert len(rig.services.refresher.due()) == len(taken) == 2


def test_calls_are_full(new_rig: NewRig) -> None:
    rig = stored(new_rig, before_noon(60))
    rig.clock.move(6 * HOUR + 300)
    first, second = rig.services.refresher.due()
    assert (len(first), len(second)) == (50, 50)


def test_without_units_nothing_is_asked_and_nothing_is_lost(new_rig: NewRig) -> None:
    rig = stored(new_rig, before_noon(5), youtube_units_per_day=3)
    day = pacific_day(rig.clock())
    rig.services.store.write(
        lambda t: t.quota.charge("p", Bucket.UNITS, day, 3, 1),
    )
    calls = len(rig.calls)
    refresh_for(rig, 12 * HOUR)
    assert len(rig.calls) - calls <= 1
    assert len(rig.known()) == 5


def test_a_quota_that_youtube_calls_used_up_pauses_until_midnight(new_rig: NewRig) -> None:
    rig = stored(new_rig, before_noon(5))
    rig.simulator.quota.limits["units"] = 0
    rig.clock.move(6 * HOUR + 300)
    refresh(rig)
    calls = len(rig.calls)
    refresh_for(rig, 12 * HOUR)
    assert len(rig.calls) == calls
    rig.simulator.quota.limits["units"] = PLENTY
    change(rig, "video000002", title="Corrected")
    refresh_for(rig, 3 * HOUR)
    assert item(rig, "video000002")["title"] == "Corrected"


def test_units_are_spread_over_the_day_and_a_part_is_left_for_new_videos(new_rig: NewRig) -> None:
    rig = new_rig(youtube_units_per_day=100)
    keep(rig, [told(f"{number:011d}", detail=Detail.FULL) for number in range(1_000)])
    rig.clock.at = datetime(2026, 3, 2, 8, tzinfo=NOON.tzinfo)  # midnight in Los Angeles
    spent = []
    for _ in range(23):
        refresh_for(rig, HOUR)
        spent.append(rig.services.refresher._ring.usable(Bucket.UNITS)[0])
    assert spent[11] == 60
    assert spent[-1] == 24


def usage(rig: Rig, day: date) -> list[Usage]:
    return rig.services.store.read(lambda t: t.quota.list_usage(day))


def test_every_unit_that_youtube_counts_was_charged_before(new_rig: NewRig) -> None:
    rig = stored(new_rig, before_noon(120))
    rig.fault("503", method="videos", times=3)
    refresh_for(rig, DAY)
    used: dict[str, int] = {}
    for days in range(3):
        day = pacific_day(rig.clock() - timedelta(days=days))
        for row in usage(rig, day):
            used[row.bucket] = used.get(row.bucket, 0) + row.used
    assert used["units"] == sum(call.method == "videos" for call in rig.calls)


def test_every_refresh_stands_in_the_log_of_fetches(new_rig: NewRig) -> None:
    rig = stored(new_rig, before_noon(5))
    change(rig, "video000002", title="Corrected")
    refresh_for(rig, 6 * HOUR + 300)
    rig.fault("503", method="videos")
    rig.clock.move(6 * HOUR + 300)
    refresh(rig)
    page = rig.services.fetch_log.page(FetchQuery(100))
    failed, done = [f.record for f in page.fetches if f.record.purpose is Purpose.REFRESH]
    assert (done.units, done.found, done.updated, done.error_code) == (1, 5, 1, None)
    assert (failed.units, failed.found, failed.error_code) == (1, 0, "youtube_unavailable")


def test_the_setting_says_how_long_an_old_video_rests(new_rig: NewRig) -> None:
    old = [video(n, -10 * DAY - n) for n in range(1, 4)]
    rig = new_rig(old, refresh_days=10)
    keep(rig, [replace(told(it.video_id, -10 * DAY), detail=Detail.FULL) for it in old])
    refresh_for(rig, 10 * DAY - HOUR, every=HOUR)
    assert rig.calls == []
    refresh_for(rig, 2 * HOUR, every=HOUR)
    assert len(rig.calls) == 1


def test_the_operator_is_warned_before_anything_is_deleted(new_rig: NewRig) -> None:
    rig = stored(new_rig, before_noon(5))
    rig.fault("503", method="videos")
    refresh_for(rig, 25 * DAY - HOUR, every=5 * HOUR)
    assert "refresh_late" not in rig.problems()
    refresh_for(rig, HOUR, every=HOUR)
    assert "refresh_late" in rig.problems()
    assert len(rig.known()) == 5
    refresh_for(rig, 4 * DAY, every=6 * HOUR)
    assert len(rig.known()) == 5
    refresh_for(rig, DAY - HOUR, every=HOUR)
    assert rig.known() == []
    assert "refresh_late" not in rig.problems()


def test_a_failing_youtube_is_not_asked_about_the_same_all_the_time(new_rig: NewRig) -> None:
    rig = stored(new_rig, before_noon(5))
    rig.fault("503", method="videos")
    calls = len(rig.calls)
    refresh_for(rig, 7 * HOUR, every=10)
    assert len(rig.calls) - calls <= 7


def test_in_sixty_days_nothing_is_older_than_thirty(new_rig: NewRig) -> None:
    """Videos come, change and go; for a week in between YouTube is away.

    Changes end in time for what rests (20 days) to be missed, and missed again a day later.
    """
    arriving = [
        video(n, n * 10 * HOUR, live="upcoming" if n % 25 == 0 else "none") for n in range(100)
    ]
    rig = new_rig(arriving)
    rig.watch()
    for hour in range(0, 60 * 24, 4):
        rig.clock.move(4 * HOUR)
        if hour == 25 * 24:
            rig.fault("503")
        if hour == 32 * 24:
            rig.simulator.faults.clear()
        if hour % 12 == 0:
            rig.tick()
        if hour % 48 == 0 and hour < 36 * 24:
            change(rig, f"video{hour // 16:06d}", title="Corrected")
        if hour % 72 == 0 and hour < 36 * 24:
            delete(rig, f"video{hour // 20:06d}")
        refresh(rig)
        refreshed_at = oldest(rig)
        assert refreshed_at is None or rig.clock() - refreshed_at < timedelta(days=30)
    rig.simulator.faults.clear()
    world = rig.simulator.api.world
    exists = {
        it.video_id
        for it in arriving
        if (found := world.find_video(it.video_id)) and found.deleted_at is None
    }
    assert set(rig.known()) == exists
    for video_id in exists:
        truth = world.find_video(video_id)
        assert truth is not None
        assert item(rig, video_id)["title"] == truth.title


def test_after_a_month_without_keys_nothing_is_left(new_rig: NewRig) -> None:
    rig = stored(new_rig, before_noon(60))
    services = rig.another(youtube_api_keys="")
    for _ in range(10 * 24):
        rig.clock.move(3 * HOUR)
        assert services.refresher.due() == []
    assert rig.stored(*ids_of(before_noon(60))) == {}


def test_tombstones_go_after_thirty_days_and_no_sooner(new_rig: NewRig) -> None:
    rig = stored(new_rig, before_noon(5))
    version_before = rig.services.changes.read(Bookmark(), 100).version
    delete(rig, "video000002")
    refresh_for(rig, 6 * HOUR + ABSENCE)
    refresh_for(rig, 30 * DAY - 2 * HOUR, every=7 * HOUR)
    after = Bookmark(version_before)
    assert any(b'"delete"' in c for c in rig.services.changes.read(after, 100).changes)
    refresh_for(rig, 3 * HOUR, every=HOUR)
    with pytest.raises(Exception, match="start anew"):
        rig.services.changes.read(after, 100)
