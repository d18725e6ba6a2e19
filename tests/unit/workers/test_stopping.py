"""A worker that is asked to end does not wait for polls of twenty seconds."""

import pytest
from celery.signals import worker_shutting_down

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
