"""The proof of the contract: thousands of requests on every database, and its section."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tests.fuzzing.campaign import run_campaign
from tests.fuzzing.service import start_service
from tests.processes import Processes
from tests.proofs.report import Options, Proof
from tests.servers.mariadb import MariaDB
from tests.servers.postgresql import PostgreSQL
from tests.servers.server import running

if TYPE_CHECKING:
    from pathlib import Path

EXAMPLES = 150
_DEADLINE_SECONDS = 800.0  # what a token lasts

_SECTION = """Run on {day}.

schemathesis asks the running service (gunicorn, tests/fuzzing) by every operation of its own
document, with every check on: what the document allows must be accepted, what it does not allow
refused, and every answer's status, content type, headers and body be as described, never a 5xx,
without a token never more than with one, and a removed thing never found again. Requests come from
the document's examples, from the edges of its limits, {examples} at random for each operation, and
in sequences that follow its links.

| database | operations | requests | failures | seconds |
|---|---|---|---|---|
{rows}
"""


def _run(_options: Options, folder: Path) -> str:
    """Ask on each database in turn; the first that fails raises with what was found."""
    rows: list[str] = []
    with ExitStack() as stack:
        mariadb = stack.enter_context(running(MariaDB))
        postgresql = stack.enter_context(running(PostgreSQL))
        urls = {
            "SQLite": f"sqlite:///{folder}/newsreel.db",
            "MariaDB": stack.enter_context(mariadb.fresh_database()),
            "PostgreSQL": stack.enter_context(postgresql.fresh_database()),
        }
        for seed, (name, url) in enumerate(urls.items(), start=1):
            rows.append(f"| {name} | {_row(folder / name, url, seed)} |")
    day = datetime.now(UTC).date()
    return _SECTION.format(day=day, examples=EXAMPLES, rows="\n".join(rows))


def _row(folder: Path, url: str, seed: int) -> str:
    folder.mkdir()
    processes = Processes(folder)
    try:
        service = start_service(processes, url)
        done = run_campaign(
            processes, service, examples=EXAMPLES, seed=seed, deadline_seconds=_DEADLINE_SECONDS
        )
    finally:
        processes.close()
    done.check()
    return f"{done.operations} | {done.cases:,} | {len(done.failures)} | {done.seconds:.0f}"


PROOF = Proof(
    name="schemathesis",
    heading="Contract: every answer is as the OpenAPI document says, whatever is asked",
    run=_run,
)
