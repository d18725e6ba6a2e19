"""Ids that tie the log lines of a tick to those of its fetches, through the queue.

A tick is named by the id of its task. What it sends carries that in a header, which a worker of
another release does without.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.telemetry import bind_ids, clear_ids, ids_of_now

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from celery import Task

_HEADER = "tick_id"


def send_with_ids(headers: MutableMapping[str, object]) -> None:
    """Write into the headers of a message which tick sends it."""
    tick_id = ids_of_now().get(_HEADER)
    if tick_id is not None:
        headers[_HEADER] = tick_id


def begin_task(task_id: str, task: Task[..., object]) -> None:
    """Name a task, and its tick, in every line it writes."""
    clear_ids()
    bind_ids(task=task.name, task_id=task_id, tick_id=task.request.get(_HEADER) or task_id)


def end_task() -> None:
    """Name none any more."""
    clear_ids()
