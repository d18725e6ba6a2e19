"""What a test may change while the simulator runs: the commands of POST /_control.

A command is a JSON object whose `do` names it. Nothing here advances time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

from simulator.faults import parse_rule
from simulator.quota import parse_state
from simulator.truth import video_truth
from simulator.video import Channel, Event, Fields, Video, stable_id

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from simulator import wire
    from simulator.faults import Faults
    from simulator.quota import Quota
    from simulator.world import World

Command = dict[str, object]
T = TypeVar("T", str, int, list[str])


@dataclass(frozen=True, slots=True)
class Control:
    """Carries out commands; ValueError says what is wrong with one."""

    world: World
    quota: Quota
    faults: Faults

    def run(self, command: object) -> wire.Json:
        """One command; the answer is the video concerned, or empty."""
        name = command.get("do") if isinstance(command, dict) else None
        if not isinstance(command, dict) or not isinstance(name, str) or name not in COMMANDS:
            raise ValueError(f"a command needs `do` of {', '.join(COMMANDS)}")
        with self.world.lock:
            self.world.now()
            return COMMANDS[name](self, command)

    def set_key_state(self, command: Command) -> wire.Json:
        """`key`, `state`: one of quota.KEY_STATES."""
        self.quota.set_state(_required(command, "key"), parse_state(command.get("state")))
        return {}

    def add_fault(self, command: Command) -> wire.Json:
        """`rule`: see faults.Rule."""
        self.faults.add(parse_rule(command.get("rule")))
        return {}

    def clear_faults(self, _: Command) -> wire.Json:
        """Forget all rules."""
        self.faults.clear()
        return {}

    def publish(self, command: Command) -> wire.Json:
        """`title`, optional other fields of the truth; published now, or at `published_at`.

        `index_lag_seconds` delays its appearance in search; `scheduled_at` makes it a premiere.
        """
        now = self.world.now()
        video = _new_video(command, now)
        if self.world.find_video(video.video_id) is not None:
            raise ValueError(f"{video.video_id} exists")
        self.world.add(Event(max(now, video.added_at), video))
        return self._truth(video)

    def edit(self, command: Command) -> wire.Json:
        """`video_id` and a new `title`, `description` or both."""
        fields = Fields()
        if "title" in command:
            fields["title"] = _required(command, "title")
        if "description" in command:
            fields["description"] = _typed(command, "description", "")
        return self._change(command, fields)

    def delete(self, command: Command) -> wire.Json:
        """`video_id`."""
        return self._change(command, {"deleted_at": self.world.now()})

    def redate(self, command: Command) -> wire.Json:
        """`video_id`, `published_at`: as when a premiere starts."""
        published_at = _instant(command, "published_at", None)
        if published_at is None:
            raise ValueError("published_at is missing")
        return self._change(command, {"published_at": published_at})

    def _change(self, command: Command, fields: Fields) -> wire.Json:
        video = self.world.find_video(_required(command, "video_id"))
        if video is None or video.deleted_at is not None:
            raise ValueError("no such video")
        self.world.add(Event(self.world.now(), video_id=video.video_id, fields=fields))
        return self._truth(video)

    def _truth(self, video: Video) -> wire.Json:
        return video_truth(self.world.find_video(video.video_id) or video)


COMMANDS: Mapping[str, Callable[[Control, Command], wire.Json]] = {
    "set_key_state": Control.set_key_state,
    "add_fault": Control.add_fault,
    "clear_faults": Control.clear_faults,
    "publish": Control.publish,
    "edit": Control.edit,
    "delete": Control.delete,
    "redate": Control.redate,
}


def _new_video(command: Command, now: datetime) -> Video:
    title = _required(command, "title")
    published_at = _instant(command, "published_at", now) or now
    scheduled_at = _instant(command, "scheduled_at", None)
    video = Video(
        video_id=_typed(command, "video_id", "") or stable_id(f"{title} {now}", 8),
        channel=_channel(command, now),
        title=title,
        description=_typed(command, "description", ""),
        published_at=published_at,
        added_at=published_at,
        tags=tuple(_typed(command, "tags", list[str]())),
        duration_seconds=_typed(command, "duration_seconds", 60),
        live="none" if scheduled_at is None else "upcoming",
        scheduled_at=scheduled_at,
    )
    if "index_lag_seconds" not in command:
        return video
    lag = timedelta(seconds=_typed(command, "index_lag_seconds", 0))
    return replace(video, visible_at=max(now, published_at) + lag)


def _channel(command: Command, now: datetime) -> Channel:
    title = _typed(command, "channel_title", "Test channel")
    channel_id = _typed(command, "channel_id", "") or "UC" + stable_id(title, 16)
    handle = stable_id(channel_id, 6).lower()
    return Channel(channel_id, title, handle, description="", created_at=now, subscribers=1)


def _required(command: Command, name: str) -> str:
    value = command.get(name)
    if not isinstance(value, str) or not value:
        raise ValueError(f"{name} is missing or not a text")
    return value


def _typed(command: Command, name: str, default: T) -> T:
    value = command.get(name, default)
    if not isinstance(value, type(default)):
        raise ValueError(f"{name} has the wrong type")  # noqa: TRY004 - bad input, not a bug
    return value


def _instant(command: Command, name: str, default: datetime | None) -> datetime | None:
    if command.get(name) is None:
        return default
    at = datetime.fromisoformat(_required(command, name))
    if at.tzinfo is None:
        raise ValueError(f"{name} needs an offset")
    return at.astimezone(UTC).replace(microsecond=0)
