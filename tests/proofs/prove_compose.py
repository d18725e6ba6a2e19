"""The compose stack in a real Docker engine, with trouble, and its section of the report."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tests.proofs.compose_stack import Readers, Stack, new_stack
from tests.proofs.report import Options, Proof
from tests.waiting import wait_until

if TYPE_CHECKING:
    from pathlib import Path

AWAY_SECONDS = 60.0
HEALS_WITHIN_SECONDS = 30.0
STOPS_WITHIN_SECONDS = 30.0
ARRIVES_WITHIN_SECONDS = 240.0  # the history of a day comes first
PAGES = ("/videos", "/videos?limit=5", "/feed.atom", "/changes")
SERVERS = ("mysql", "redis", "simulator")
FIRST_PAGE = ("/videos?limit=5",)

# The service, whom it asks, by which port, and whether it is to get there.
WAYS = (
    ("nginx", "web", 5001, True),
    ("nginx", "redis", 6379, False),
    ("nginx", "mysql", 3306, False),
    ("nginx", "flower", 5555, False),
    ("flower", "redis", 6379, True),
    ("flower", "mysql", 3306, False),
    ("flower", "simulator", 8800, False),
    ("mysql", "redis", 6379, False),
    ("mysql", "web", 5001, True),
    ("mysql", "simulator", 8800, False),
    ("beat", "mysql", 3306, False),
    ("worker", "simulator", 8800, True),
)

_SECTION = """Run on {day}, with tests/compose's stand-ins for the images of MySQL, Redis and nginx
(Debian's packages), and the simulated YouTube of `--profile demo`.

Result P7: {reads:,} reads of {pages} pages while Redis ({away:.0f} s), MySQL ({away:.0f} s) and the
web service (a restart) were away: {statuses}.

Result P8: without a hand laid on it, a video published after the trouble was served {healed}
(promised: {promised:.0f} s).

Result P13: `docker compose stop SERVICE` ended each of {services} services with status 0, the
slowest in {stopped:.0f} s; `up` again served all {videos} videos published by hand before.

`up --wait` has every service healthy after {started:.0f} s. Readers come by nginx, two at a time,
each request on a connection of its own; while Redis and MySQL are away a third asks the service
itself for page 1, past what nginx keeps (answered with 200, too). Who reaches whom was tried from
inside the containers: {ways} ways, those that are needed open, the others closed.

| trouble | reads | not 200 | nginx, stale | past nginx | slowest s | served again after s |
|---|---|---|---|---|---|---|
{rows}
"""


@dataclass(frozen=True)
class Trouble:
    """What readers saw during it, and when fetching was there again."""

    name: str
    readers: Readers
    served_after_seconds: float

    @property
    def row(self) -> str:
        seen = self.readers
        failed = seen.statuses.total() - seen.statuses[200]
        return (
            f"| {self.name} | {seen.statuses.total():,} | {failed} | {seen.edges['stale']:,} |"
            f" {seen.passed_on.total():,} | {seen.slowest_seconds:.1f} |"
            f" {self.served_after_seconds:.0f} |"
        )


def _run(_options: Options, _folder: Path) -> str:
    with new_stack() as stack:
        started = stack.up()
        published = [stack.delivers("at first", ARRIVES_WITHIN_SECONDS)[0]]
        for service, host, port, is_open in WAYS:
            assert stack.reaches(service, host, port) is is_open, f"{service} to {host}"
        troubles = [
            _worker_killed(stack, published),
            _away(stack, "redis", published),
            _away(stack, "mysql", published),
            _web_restarted(stack, published),
        ]
        stopped, services = _stop(stack)
        stack.up()
        for video_id in published:
            wait_until(lambda it=video_id: stack.serves(it), 10, claim="what was there is there")  # type: ignore[misc] # bound by its default
    return _section(started, troubles, stopped, services, len(published))


def _worker_killed(stack: Stack, published: list[str]) -> Trouble:
    """Kill Celery's main process; the engine starts the container again."""
    with Readers(stack.site, PAGES).reading() as readers:
        stack.run("worker", "sh", "-c", "kill -9 $(cat /proc/1/task/1/children)")
        return _healed(stack, "worker, kill -9", readers, published)


def _away(stack: Stack, service: str, published: list[str]) -> Trouble:
    """Stop a server for a minute."""
    with Readers(stack.site, PAGES, FIRST_PAGE).reading() as readers:
        stack.compose("stop", service)
        time.sleep(AWAY_SECONDS)
        stack.compose("up", "--detach", "--wait", "--no-deps", service)
        return _healed(stack, f"{service} away for {AWAY_SECONDS:.0f} s", readers, published)


def _web_restarted(stack: Stack, published: list[str]) -> Trouble:
    readers = Readers(stack.site, PAGES)
    for page in PAGES:
        assert stack.site.get(page).status == 200
    with readers.reading():
        stack.compose("restart", "web")
        wait_until(lambda: stack.serves(published[0]), 60, claim="the web is back")
        trouble = _healed(stack, "web restarted", readers, published)
    assert readers.edges["stale"], "the restart was too short to be seen"
    return trouble


def _healed(stack: Stack, name: str, readers: Readers, published: list[str]) -> Trouble:
    video_id, seconds = stack.delivers(f"after {name}", HEALS_WITHIN_SECONDS)
    published.append(video_id)
    assert set(readers.statuses) == {200}, f"{name}: {readers.statuses}"
    assert set(readers.passed_on) <= {200}, f"{name}, past nginx: {readers.passed_on}"
    return Trouble(name, readers, seconds)


def _stop(stack: Stack) -> tuple[float, int]:
    """Stop each service alone, whoever is asked before whom it asks; return the slowest's time."""
    slowest = 0.0
    running = stack.running()
    for service in sorted(running, key=lambda it: (it in SERVERS, it)):
        began = time.monotonic()
        stack.compose("stop", service)
        seconds = time.monotonic() - began
        assert seconds < STOPS_WITHIN_SECONDS, f"{service} took {seconds:.0f} s"
        slowest = max(slowest, seconds)
    codes = stack.exit_codes()
    assert set(codes.values()) == {0}, codes
    return slowest, len(running)


def _section(
    started: float, troubles: list[Trouble], stopped: float, services: int, videos: int
) -> str:
    reads = sum(trouble.readers.statuses.total() for trouble in troubles)
    healed = ", ".join(f"{it.served_after_seconds:.0f} s after {it.name}" for it in troubles)
    return _SECTION.format(
        day=datetime.now(UTC).date(),
        reads=reads,
        pages=len(PAGES),
        away=AWAY_SECONDS,
        statuses="all answered with 200",
        healed=healed,
        promised=HEALS_WITHIN_SECONDS,
        services=services,
        stopped=stopped,
        videos=videos,
        started=started,
        ways=len(WAYS),
        rows="\n".join(trouble.row for trouble in troubles),
    )


PROOF = Proof(
    name="compose",
    heading="Compose: the whole stack in a Docker engine, with trouble",
    run=_run,
    on_request=True,
)
