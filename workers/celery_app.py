"""The Celery application: `celery -A workers.celery_app worker|beat|flower`.

Messages are JSON and hold ids only; there is no result backend. A lost or repeated message does no
harm: claims in the database decide who fetches, and the next tick finds what was dropped.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from celery import Celery
from celery.signals import (
    after_task_publish,
    before_task_publish,
    setup_logging,
    task_postrun,
    task_prerun,
    worker_process_init,
    worker_process_shutdown,
    worker_shutting_down,
)
from kombu import Queue

from app.bootstrap import Services, build_services
from app.startup import settings_or_exit
from app.telemetry import Incidents, configure_logging, get_logger
from workers.ids import begin_task, end_task, send_with_ids
from workers.logs import QUEUE_UNAVAILABLE, quieten
from workers.pool_end import end_unheard
from workers.schedule import beat_schedule
from workers.scheduler import message_waits
from workers.shared_flag import SharedFlag

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping

    from celery import Task

    from app.settings import Settings


class NewsreelCelery(Celery):
    """Celery with our settings; services are built on first use, so after a worker's fork.

    What all processes of a worker share is made before it forks: whether KEYWORDS were added, and
    whether the worker was asked to end.
    """

    amqp_cls = "workers.broker:BrokerAMQP"

    def __init__(self, name: str, *, include: list[str]) -> None:
        super().__init__(name, include=include)
        self._seeded = SharedFlag()
        self._stopping = SharedFlag()

    @cached_property
    def settings(self) -> Settings:
        """The settings, read once; the process ends here when they are wrong or name no queue."""
        return settings_or_exit(needs_broker=True)

    @cached_property
    def services(self) -> Services:
        """The services of this process."""
        return build_services(self.settings, seeded=self._seeded, stopping=self._stopping)

    def end_polls(self) -> None:
        """Let the polls under way end with the page they are at, in all processes of this worker.

        Celery waits for its tasks, and whoever stops us for Celery: not for as long as a poll may
        take. Safe in a signal handler.
        """
        self._stopping.set()

    @cached_property
    def incidents(self) -> Incidents:
        """What is wrong with the queue, told once."""
        return Incidents(get_logger("workers"))


def _configuration(settings: Settings) -> Mapping[str, object]:
    return {
        "broker_url": settings.broker_url,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "broker_transport_options": {
            "visibility_timeout": 300,
            "socket_timeout": 10,
            "socket_connect_timeout": 3,
            "health_check_interval": 25,
        },
        "result_backend": None,
        "task_ignore_result": True,
        "accept_content": ["json"],
        "task_serializer": "json",
        "timezone": "UTC",
        "task_queues": (Queue("tick"), Queue("fetch")),
        "task_default_queue": "fetch",
        "task_routes": {"newsreel.tick": {"queue": "tick"}},
        "task_create_missing_queues": False,
        "task_soft_time_limit": 25,
        "task_time_limit": 40,
        "worker_prefetch_multiplier": 1,
        # What waits stays in the queue, where Beat sees it and another worker may take it.
        "worker_disable_prefetch": True,
        "worker_max_tasks_per_child": 1000,
        "worker_max_memory_per_child": 300_000,
        "worker_soft_shutdown_timeout": 20,
        "worker_send_task_events": True,
        "task_send_sent_event": True,
        "beat_scheduler": "workers.scheduler:SteadyScheduler",
        "beat_schedule": beat_schedule(settings.fetch_interval_seconds),
    }


def make_celery() -> NewsreelCelery:
    """Make the application from the environment; a wrong setting ends the process in one line."""
    celery = NewsreelCelery("newsreel", include=["workers.tasks"])
    celery.conf.update(_configuration(celery.settings))
    return celery


@setup_logging.connect
def _log_as_configured(**_: object) -> None:
    configure_logging(app.settings.log_level)
    quieten(app.incidents)


@before_task_publish.connect
def _name_the_tick(headers: MutableMapping[str, object], **_: object) -> None:
    send_with_ids(headers)


@task_prerun.connect
def _begin(task_id: str, task: Task[..., object], **_: object) -> None:
    begin_task(task_id, task)


@task_postrun.connect
def _end(**_: object) -> None:
    end_task()


@after_task_publish.connect
@message_waits.connect
def _queue_takes_messages(**_: object) -> None:
    app.incidents.end(QUEUE_UNAVAILABLE)


@worker_shutting_down.connect
def _end_polls(**_: object) -> None:
    app.end_polls()


@worker_process_init.connect
def _begin_process(**_: object) -> None:
    end_unheard()


@worker_process_shutdown.connect
def _close(**_: object) -> None:
    if "services" in app.__dict__:
        app.services.close()


app = make_celery()
