"""No task is forgotten: each is scheduled or sent by another, and its queue has a worker."""

import ast
import re
from collections.abc import Iterator

from ruamel.yaml import YAML

from app.ingest.jobs import JobKind
from tests.architecture.source_tree import PROJECT, source_files
from workers import tasks  # registers the tasks
from workers.celery_app import app

OURS = {name: task for name, task in app.tasks.items() if not name.startswith("celery.")}
QUEUES = {queue.name for queue in app.conf.task_queues}
SCHEDULE = app.conf.beat_schedule


def test_every_task_is_scheduled_or_sent() -> None:
    scheduled = {entry["task"] for entry in SCHEDULE.values()}
    sent = {name for function in _sent_functions() for name in _names_of(function)}
    assert set(OURS) == scheduled | sent


def test_every_kind_of_job_is_looked_for_and_has_a_task() -> None:
    assert tasks.JOBS.keys() == set(JobKind)
    assert app.services.jobs.keys() | app.services.messages.keys() == set(JobKind)


def test_every_task_goes_to_a_queue_that_a_worker_of_the_full_stack_consumes() -> None:
    used = {app.amqp.router.route({}, name)["queue"].name for name in OURS}
    assert used == QUEUES
    assert set().union(*_queues_of_workers()) >= QUEUES


def _names_of(function: str) -> Iterator[str]:
    """The names of what workers/ sends under one of its own: a task, or those of a mapping."""
    sent = getattr(tasks, function)
    yield from (task.name for task in (sent.values() if isinstance(sent, dict) else [sent]))


def _sent_functions() -> Iterator[str]:
    """The names on which workers/ calls `delay` or `apply_async`."""
    for source in source_files("workers"):
        for node in ast.walk(source.tree):
            if not isinstance(node, ast.Attribute) or node.attr not in ("delay", "apply_async"):
                continue
            if ast.unparse(node.value) != "super()":  # what the scheduler sends anyway
                yield ast.unparse(node.value).rpartition(".")[2].partition("[")[0]


def _queues_of_workers() -> Iterator[set[str]]:
    """Per worker of docker-compose.yml; one that names no queues consumes them all."""
    compose = YAML(typ="safe").load(PROJECT / "docker-compose.yml")
    for service in compose["services"].values():
        command = service.get("command", [])
        line = command if isinstance(command, str) else " ".join(command)
        if re.search(r"\bcelery\b.*\bworker\b", line):
            named = re.search(r"(?:-Q|--queues)[ =](\S+)", line)
            yield set(named[1].split(",")) if named else QUEUES
