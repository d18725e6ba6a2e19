import logging
from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs

from app.telemetry import Incidents, get_logger
from workers.logs import QUEUE_UNAVAILABLE, quieten

NAMES = ("celery.beat", "celery.worker.strategy", "celery.app.trace")


@pytest.fixture(autouse=True)
def _loggers_as_before() -> Iterator[None]:
    loggers = [logging.getLogger(name) for name in NAMES]
    before = [(logger.level, logger.filters[:]) for logger in loggers]
    yield
    for logger, (level, filters) in zip(loggers, before, strict=True):
        logger.setLevel(level)
        logger.filters[:] = filters


def test_a_queue_that_is_away_is_told_once_and_so_is_its_return(
    caplog: pytest.LogCaptureFixture,
) -> None:
    incidents = Incidents(get_logger("test"))
    quieten(incidents)
    with capture_logs() as logs:
        for _ in range(3):
            _cannot_send()
        incidents.end(QUEUE_UNAVAILABLE)
        _cannot_send()
    assert [log["event"] for log in logs] == ["incident_began", "incident_ended", "incident_began"]
    assert logs[0]["detail"] == "refused"
    assert caplog.records == []


@pytest.mark.parametrize("name", NAMES)
def test_a_line_for_every_message_is_left_out_and_a_warning_is_not(
    caplog: pytest.LogCaptureFixture, name: str
) -> None:
    caplog.set_level(logging.INFO)
    quieten(Incidents(get_logger("test")))
    logging.getLogger(name).info("succeeded")
    logging.getLogger(name).warning("odd")
    assert [record.getMessage() for record in caplog.records] == ["odd"]


def _cannot_send() -> None:
    """What Beat does when `apply_async` raises."""
    error = ConnectionError("refused\nby Redis")
    logging.getLogger("celery.beat").error("Message Error: %s", error, exc_info=error)
