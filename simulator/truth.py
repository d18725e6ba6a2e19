"""What really exists and what was really charged: the answer of GET /_truth.

Texts are as videos.list serves them (unescaped, whole), so a checker can compare byte for
byte. It never influences the simulation.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from simulator import wire

if TYPE_CHECKING:
    from datetime import datetime

    from simulator.faults import Faults
    from simulator.quota import Quota
    from simulator.video import Edit, Video
    from simulator.world import World

PART = 2000


def report(world: World, quota: Quota, faults: Faults, after_seq: int, limit: int) -> wire.Json:
    """Videos of `seq` > after_seq in order of arrival, up to `limit`, and all calls counted.

    `next_after` continues where this part ends; `more` says that there is something left now.
    """
    with world.lock:
        now = world.now()
        videos = world.arrived(after_seq, limit + 1)
    part = videos[:limit]
    return {
        "now": wire.instant(now),
        "videos": [video_truth(video) for video in part],
        "next_after": part[-1].seq if part else after_seq,
        "more": len(videos) > limit,
        "calls": [{**asdict(usage), "day": usage.day.isoformat()} for usage in quota.usage()],
        "limits": quota.limits,
        "faults": faults.counts(),
    }


def video_truth(video: Video) -> wire.Json:
    """Every field of a video; `duration_seconds` is 0 until a stream has ended."""
    return {
        "seq": video.seq,
        "video_id": video.video_id,
        "title": video.title,
        "description": video.description,
        "published_at": wire.instant(video.published_at),
        "added_at": wire.instant(video.added_at),
        "visible_at": wire.instant(video.visible_at),
        "deleted_at": _instant(video.deleted_at),
        "channel_id": video.channel.channel_id,
        "channel_title": video.channel.title,
        "thumbnails": wire.thumbnails(video),
        "tags": list(video.tags),
        "category_id": video.category_id,
        "language": video.language,
        "duration_seconds": video.duration_seconds if video.live == "none" else 0,
        "view_count": video.views,
        "like_count": video.likes,
        "live": video.live,
        "scheduled_at": _instant(video.scheduled_at),
        "started_at": _instant(video.started_at),
        "ended_at": _instant(video.ended_at),
        "edits": [_edit(edit) for edit in video.edits],
    }


def _edit(edit: Edit) -> wire.Json:
    return {**asdict(edit), "at": wire.instant(edit.at)}


def _instant(at: datetime | None) -> str | None:
    return None if at is None else wire.instant(at)
