"""When Beat asks for what."""

from __future__ import annotations

from typing import TypedDict


class Entry(TypedDict):
    """One line of Beat's schedule; times in seconds."""

    task: str
    schedule: float


def beat_schedule(tick_seconds: int) -> dict[str, Entry]:
    """Return the schedule; that a stopped worker finds no pile of ticks, the scheduler sees to."""
    return {"tick": {"task": "newsreel.tick", "schedule": float(tick_seconds)}}
