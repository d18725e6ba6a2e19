"""Acts and looks of the tests about refreshing."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from app.domain.intake import Finding
from app.domain.quota import ApiKey
from app.domain.videos import Source, Video
from app.sources.base import SearchPage, SearchQuery, VideoBatch, VideoSource
from simulator import video as simulated
from simulator.video import Event, Fields
from tests.unit.ingest.rig import Rig, ids_of

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


def everything(rig: Rig) -> None:
    for batch in rig.services.refresher.everything():
        rig.services.refresher.refresh(batch)


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


def without(items: dict[str, dict[str, object]], name: str) -> dict[str, dict[str, object]]:
    return {key: {k: v for k, v in it.items() if k != name} for key, it in items.items()}
