"""When Beat asks for what."""

from __future__ import annotations

from typing import TypedDict


class Entry(TypedDict):
    """One line of Beat's schedule; times in seconds."""

    task: str
    schedule: float
    options: dict[str, float]


def beat_schedule(tick_seconds: int) -> dict[str, Entry]:
    """Return the schedule.

    A tick expires before the next one is sent, so a stopped worker finds no pile of them.
    """
    return {
        "tick": {
            "task": "newsreel.tick",
            "schedule": float(tick_seconds),
            "options": {"expires": tick_seconds * 0.9},
        }
    }
