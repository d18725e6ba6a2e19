"""What refreshing costs, and that nothing is kept that may not be kept."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from app.domain.changes import Bookmark
from app.domain.clock import pacific_day
from app.domain.fetches import FetchQuery, Purpose
from app.domain.quota import Bucket, Usage
from app.domain.videos import Detail
from app.ingest.refresher import LEASE
from tests.unit.ingest.refreshes import (
    ABSENCE,
    DAY,
    HOUR,
    NewRig,
    change,
    delete,
    item,
    keep,
    oldest,
    refresh,
    refresh_for,
    stored,
)
from tests.unit.ingest.rig import PLENTY, Rig, before_noon, ids_of, told
from tests.unit.simulator.worlds import NOON, video


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
    failed, done = [f.record for f in page.lines if f.record.purpose is Purpose.REFRESH]
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
