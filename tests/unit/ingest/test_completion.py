from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from structlog.testing import capture_logs

from app.domain.videos import Detail
from simulator.video import Event
from tests.unit.ingest.rig import Rig, before_noon, ids_of
from tests.unit.simulator.worlds import NOON, video

NewRig = Callable[..., Rig]


def _videos_calls(rig: Rig) -> list[list[str]]:
    return [c.query["id"][0].split(",") for c in rig.calls if c.method == "videos"]


def _missing_since(rig: Rig, video_id: str) -> datetime | None:
    incomplete = rig.services.store.read(lambda t: t.videos.list_incomplete(50))
    return None if video_id in incomplete else rig.clock()


def test_search_tells_in_part_and_the_stored_video_is_whole(new_rig: NewRig) -> None:
    text = "a long description " * 20
    rig = new_rig([video(1, title="Q&A <live>", description=text, tags=("sea",))])
    rig.watch("live")
    rig.tick()
    stored = rig.stored("video000001")["video000001"]
    assert stored.detail is Detail.FULL
    assert (stored.title, stored.description) == ("Q&A <live>", text)
    assert (stored.tags, stored.duration_seconds) == ('["sea"]', 60)


def test_completing_costs_one_unit_for_fifty_new_videos_and_none_for_known_ones(
    new_rig: NewRig,
) -> None:
    rig = new_rig(before_noon(100))
    rig.watch()
    rig.tick()
    assert [len(ids) for ids in _videos_calls(rig)] == [50, 50]
    rig.clock.move(10)
    rig.tick()
    assert len(_videos_calls(rig)) == 2


def test_a_failed_completion_keeps_the_snippet_and_is_made_up_for(new_rig: NewRig) -> None:
    videos = before_noon(30)
    rig = new_rig(videos, lookback_seconds=0)
    rig.watch()
    rig.fault("503", method="videos", times=2)
    with capture_logs() as logs:
        rig.tick()
        assert rig.known() == ids_of(videos)
        assert {v.detail for v in rig.stored(*ids_of(videos)).values()} == {Detail.SNIPPET}
        assert rig.problems() == set()
        rig.run_for(30)
    assert {v.detail for v in rig.stored(*ids_of(videos)).values()} == {Detail.FULL}
    incidents = [log["event"] for log in logs if log.get("code") == "completion_failed"]
    assert incidents == ["incident_began", "incident_ended"]


def test_a_video_deleted_before_it_was_completed_is_asked_for_once(new_rig: NewRig) -> None:
    videos = before_noon(5)
    gone = Event(NOON, video_id=videos[2].video_id, fields={"deleted_at": NOON})
    rig = new_rig(videos, lookback_seconds=0)
    rig.watch()
    rig.youtube.wire.before_each = lambda c: rig.publish(gone) if c.method == "videos" else None
    rig.tick()
    rig.run_for(60)
    assert [ids for ids in _videos_calls(rig) if videos[2].video_id in ids] == [
        _videos_calls(rig)[0]
    ]
    assert rig.stored(videos[2].video_id)[videos[2].video_id].detail is Detail.SNIPPET


def test_an_answer_that_misses_most_of_the_videos_calls_none_of_them_missing(
    new_rig: NewRig,
) -> None:
    videos = before_noon(5)
    deletions = [
        Event(NOON, video_id=item.video_id, fields={"deleted_at": NOON}) for item in videos[:3]
    ]
    rig = new_rig(videos, lookback_seconds=0)
    rig.watch()
    rig.youtube.wire.before_each = lambda c: (
        rig.publish(*deletions) if c.method == "videos" and len(_videos_calls(rig)) == 1 else None
    )
    rig.tick()
    assert [_missing_since(rig, item.video_id) for item in videos[:3]] == [None] * 3
    told = rig.stored(*ids_of(videos[3:])).values()
    assert {item.detail for item in told} == {Detail.FULL}


def test_an_empty_units_bucket_stops_completion_but_not_the_search(new_rig: NewRig) -> None:
    videos = before_noon(51)
    rig = new_rig(videos, youtube_units_per_day=1, lookback_seconds=0)
    rig.watch()
    rig.tick()
    assert rig.known() == ids_of(videos)
    details = [v.detail for v in rig.stored(*ids_of(videos)).values()]
    assert details.count(Detail.FULL) == 50
    rig.clock.move(86_400)
    rig.tick()
    assert {v.detail for v in rig.stored(*ids_of(videos)).values()} == {Detail.FULL}


def test_a_title_edited_at_youtube_is_taken_over_within_the_look_back(new_rig: NewRig) -> None:
    rig = new_rig([video(1)])
    rig.watch()
    rig.tick()
    edit = Event(rig.clock(), video_id="video000001", fields={"title": "Title, corrected"})
    rig.publish(edit)
    rig.clock.move(10)
    rig.tick()
    assert rig.stored("video000001")["video000001"].title == "Title, corrected"


def test_a_premiere_that_moves_is_redated(new_rig: NewRig) -> None:
    premiere = replace(video(1), live="upcoming", scheduled_at=NOON)
    rig = new_rig([premiere, video(2, 1)])
    rig.watch()
    rig.clock.move(20)
    rig.tick()
    assert rig.known() == ["video000002", "video000001"]
    fields = {"published_at": rig.clock(), "live": "live", "started_at": rig.clock()}
    rig.publish(Event(rig.clock(), video_id="video000001", fields=fields))  # type: ignore[arg-type]  # its fields
    rig.clock.move(10)
    rig.tick()
    assert rig.known() == ["video000001", "video000002"]
