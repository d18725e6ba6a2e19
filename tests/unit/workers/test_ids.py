from __future__ import annotations

from app.parts import QUEUES
from app.telemetry import bound_ids, ids_of_now
from workers.celery_app import app
from workers.ids import begin_task, end_task, send_with_ids
from workers.tasks import fetch, tick


def test_what_a_tick_sends_names_it_and_what_nobody_sends_names_none() -> None:
    headers: dict[str, object] = {"id": "x"}
    send_with_ids(headers)
    assert headers == {"id": "x"}
    with bound_ids(tick_id="t1"):
        send_with_ids(headers)
    assert headers == {"id": "x", "tick_id": "t1"}


def test_a_task_is_named_while_it_runs_and_a_tick_names_itself() -> None:
    begin_task("t1", tick)
    assert ids_of_now() == {"task": "newsreel.tick", "task_id": "t1", "tick_id": "t1"}
    fetch.push_request(tick_id="t1")
    begin_task("f1", fetch)
    assert ids_of_now() == {"task": "newsreel.fetch", "task_id": "f1", "tick_id": "t1"}
    fetch.pop_request()
    end_task()
    assert ids_of_now() == {}


def test_the_queues_whose_lengths_are_told_are_celerys() -> None:
    assert {queue.name for queue in app.conf.task_queues} == set(QUEUES)
