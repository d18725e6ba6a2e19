"""A worker that is asked to end does not wait for polls of twenty seconds."""

import time
from types import SimpleNamespace
from typing import Any

import billiard
import pytest
from billiard import pool
from celery.signals import worker_process_init, worker_shutting_down

from workers.celery_app import app
from workers.shared_flag import SharedFlag


def test_a_worker_that_is_asked_to_end_tells_the_polls_of_all_its_processes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stopping = SharedFlag()  # of processes forked later too; see test_shared_flag.py
    monkeypatch.setattr(app, "_stopping", stopping)
    monkeypatch.delitem(app.__dict__, "services", raising=False)
    services = app.services
    polls = services.ingest._runner, services.ingest._channel_runner
    assert not any(it._stopping.is_set() for it in polls)

    worker_shutting_down.send(sender="worker@test", sig="SIGTERM", how="Warm", exitcode=0)

    assert all(it._stopping.is_set() for it in polls)
    services.close()
    del app.__dict__["services"]


def test_a_process_whose_last_answer_nobody_takes_ends_within_seconds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waited: list[float] = []
    monkeypatch.setattr(time, "sleep", waited.append)
    monkeypatch.setattr(pool, "GUARANTEE_MESSAGE_CONSUMPTION_RETRY_LIMIT", 300)
    pipes = billiard.Pipe()
    ends = [SimpleNamespace(_reader=pipe, _writer=pipe) for pipe in pipes]
    worker: Any = pool.Worker  # its stubs leave these out
    process = worker(*ends, on_ready_counter=billiard.Value("i"))

    worker_process_init.send(sender=None)

    assert not process._ensure_messages_consumed(completed=1)
    assert 1 <= sum(waited) <= 5.1
