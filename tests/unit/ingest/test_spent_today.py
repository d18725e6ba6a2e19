"""What today's fetches cost by the hour, after real polls of a simulated YouTube."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from app.domain.quota import Bucket
from tests.unit.ingest.rig import Rig, before_noon

NewRig = Callable[..., Rig]


def test_polls_are_counted_in_their_hour_and_come_to_what_the_ledger_has(new_rig: NewRig) -> None:
    rig = new_rig(before_noon(130), youtube_search_calls_per_day=200)
    rig.watch()
    rig.run_for(3 * 3600, every=600)
    day = rig.services.quota.spent_today()
    by_hour = day.by_hour(Bucket.SEARCH)
    assert len(by_hour) == 24
    noon = int((rig.clock() - timedelta(hours=3) - day.began_at).total_seconds()) // 3600
    assert all(by_hour[noon : noon + 3])
    assert sum(by_hour[noon : noon + 4]) == sum(by_hour)
    for bucket in Bucket:
        [used] = [
            it.used
            for project in rig.services.quota.report().projects
            for it in project.usage
            if it.bucket is bucket
        ]
        assert sum(day.by_hour(bucket)) == used > 0


def test_another_day_begins_with_nothing_spent(new_rig: NewRig) -> None:
    rig = new_rig(before_noon(3))
    rig.watch()
    rig.tick()
    rig.clock.move(86_400)
    assert sum(rig.services.quota.spent_today().by_hour(Bucket.SEARCH)) == 0
