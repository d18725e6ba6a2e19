import json

import pytest
from kombu.utils import functional

from app.ingest.clock_steps import TOLERANCE
from app.ingest.runner import RUN_LIMIT
from app.ingest.tail import LEASE
from tests.processes import free_port
from workers.celery_app import app
from workers.tasks import FETCH_EXPIRES_SECONDS, fetch


def test_messages_are_json_and_nothing_else() -> None:
    assert app.conf.accept_content == ["json"]
    assert app.conf.task_serializer == "json"


def test_no_result_is_kept() -> None:
    assert app.conf.result_backend is None
    assert app.conf.task_ignore_result is True


def test_a_broker_that_is_away_is_waited_for_without_end() -> None:
    assert app.conf.broker_connection_max_retries is None
    assert app.conf.broker_connection_retry_on_startup is True


class _EnoughError(Exception):
    """Ends a wait without end."""


def test_a_broker_that_is_back_after_long_is_noticed_within_seconds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slept: list[float] = []
    monkeypatch.setattr(functional, "sleep", slept.append)
    waits: list[float] = []

    def told(_: Exception, wait: float) -> None:
        waits.append(wait)
        if len(waits) == 20:
            raise _EnoughError

    for connect in (app.connection_for_read, app.connection_for_write):
        with connect(f"redis://127.0.0.1:{free_port()}/0") as connection:
            waits.clear()
            with pytest.raises(_EnoughError):
                connection.ensure_connection(told)
        assert max(waits) <= 5
    assert sum(slept) <= 2 * 19 * 5


def test_a_message_is_not_delivered_twice_to_a_task_that_still_runs() -> None:
    visibility = app.conf.broker_transport_options["visibility_timeout"]
    assert visibility > 2 * app.conf.task_time_limit


def test_a_poll_ends_by_itself_before_celery_ends_it() -> None:
    assert RUN_LIMIT.total_seconds() < app.conf.task_soft_time_limit < app.conf.task_time_limit


def test_no_fetch_is_dropped_because_clocks_differ_by_as_much_as_they_may() -> None:
    waits = FETCH_EXPIRES_SECONDS - 2 * TOLERANCE.total_seconds()
    assert 0 < waits < LEASE.total_seconds()


def test_a_fetch_carries_numbers_only() -> None:
    signature = fetch.s(7, 3)
    assert json.loads(json.dumps(signature.args)) == [7, 3]
    assert signature.kwargs == {}
