"""The report of watches tells what the parts tell, in as many queries for many as for one."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Engine, event

from app.domain.watches import WatchKind
from app.ingest.watch_reports import WatchReport
from tests.unit.ingest.rig import Rig, before_noon
from tests.unit.simulator.worlds import CHANNEL

NewRig = Callable[..., Rig]


def reports(rig: Rig, name: str = "") -> list[WatchReport]:
    return list(rig.services.watch_reports.page(1, 50, name).items)


def test_a_watch_is_told_as_coverage_and_counts_tell_it(new_rig: NewRig) -> None:
    rig = new_rig(before_noon(30), youtube_search_calls_per_day=100)
    rig.watch()
    assert [(it.videos, it.videos_per_day) for it in reports(rig)] == [(0, 0.0)]
    rig.tick()
    [told] = reports(rig)
    coverage = rig.services.coverage.get(1)
    assert (told.complete_until, told.gaps) == (coverage.complete_until, len(coverage.open))
    assert told.watch.last_success_at == rig.clock()
    assert told.videos == 30
    load = rig.services.planning.preview("title").videos_per_day
    assert told.videos_per_day == pytest.approx(load)


def test_gaps_are_what_is_due_and_not_read(new_rig: NewRig) -> None:
    rig = new_rig(before_noon(3))
    rig.watch()
    rig.tick()
    rig.fault("500")
    rig.run_for(3600, every=600)
    [told] = reports(rig)
    coverage = rig.services.coverage.get(1)
    assert told.gaps == len(coverage.open) > 0
    assert told.complete_until == coverage.complete_until < rig.clock() - timedelta(minutes=59)


def test_a_channel_has_the_name_of_its_newest_video_and_is_found_by_it(new_rig: NewRig) -> None:
    rig = new_rig(before_noon(3))
    watch = rig.watch_channel()
    assert [it.name for it in reports(rig)] == [watch.term]
    rig.tick()
    rig.watch("Boats")
    assert [it.name for it in reports(rig)] == [CHANNEL.title, "Boats"]
    assert [it.name for it in reports(rig, CHANNEL.title[1:].upper())] == [CHANNEL.title]
    assert [it.name for it in reports(rig, "oaT")] == ["Boats"]
    assert reports(rig, "nothing like it") == []
    rig.services.watching.change(watch.watch_id, {"label": "Mine"})
    assert [it.name for it in reports(rig, watch.term)] == ["Mine"]


@pytest.mark.parametrize("name", ["", "word"])
def test_a_page_of_many_takes_as_many_queries_as_of_one(rig: Rig, name: str) -> None:
    def count() -> int:
        asked: list[str] = []

        def note(*arguments: object) -> None:
            asked.append(str(arguments[2]))

        event.listen(Engine, "before_cursor_execute", note)
        try:
            page = rig.services.watch_reports.page(1, 50, name)
        finally:
            event.remove(Engine, "before_cursor_execute", note)
        assert page.total == len(rig.services.watching.list_all())
        return len([statement for statement in asked if statement.startswith("SELECT")])

    rig.watch("word 0")
    of_one = count()
    for number in range(1, 60):
        rig.watch(f"word {number}")
    rig.services.watching.create(WatchKind.CHANNEL, CHANNEL.channel_id, {"label": "words"})
    assert count() == of_one <= 6
    assert len(reports(rig)) == 50
    assert len(rig.services.watch_reports.page(2, 50, name).items) == 11
