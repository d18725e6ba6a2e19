"""`doctor`: looks at everything the service needs, and says what is wrong and what to do.

It needs nothing to be well: whatever is away is a finding. It changes nothing, but for the unit of
quota that each key is tried with.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from app.cli.session import say

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from app.cli.checkup.findings import Finding
    from app.settings import Settings

ERRORS, WARNINGS = 1, 3
_USUAL_STALE_MINUTES = 180


def add_command(parser: argparse.ArgumentParser) -> None:
    """Add the command."""
    parser.add_argument("--json", action="store_true", help="one JSON object instead of lines")
    parser.add_argument(
        "--no-calls", action="store_true", help="ask YouTube nothing; else each key costs a unit"
    )
    parser.set_defaults(run=_doctor)


def _doctor(settings: Settings, parsed: argparse.Namespace) -> int:
    from app.cli.checkup.findings import Level
    from app.embedded.demo import settings_beside
    from app.telemetry import configure_logging

    configure_logging("critical")  # what is wrong is said once, in the report
    found: list[Finding] = []
    for finding in _findings(settings, settings_beside(settings), calls=not parsed.no_calls):
        found.append(finding)
        if not parsed.json:
            _tell(finding)
    if parsed.json:
        say(json.dumps({"findings": [asdict(finding) for finding in found]}))
    levels = {finding.level for finding in found}
    return ERRORS if Level.ERROR in levels else WARNINGS if Level.WARNING in levels else 0


def _findings(given: Settings, settings: Settings, *, calls: bool) -> Iterator[Finding]:
    """Yield all findings: on the settings as given, then on what the service of these uses."""
    from app.cli.checkup.bounded import examine
    from app.cli.checkup.contradictions import check_keys_are_there, check_settings
    from app.cli.checkup.databases import check_database
    from app.cli.checkup.findings import Level, warning
    from app.cli.checkup.machine import check_disk
    from app.cli.checkup.redis_servers import check_broker, check_cache, check_replica
    from app.domain.clock import system_clock
    from app.embedded.alone import sqlite_file

    yield from examine("settings", lambda: check_settings(given))
    yield from examine("keys", lambda: check_keys_are_there(given))
    if settings.redis_url:
        yield from examine("redis", lambda: check_cache(settings.redis_url, system_clock))
    if read_url := settings.redis_read_url:
        yield from examine("redis_replica", lambda: check_replica(read_url, system_clock))
    if settings.broker_url:
        yield from examine("broker", lambda: check_broker(settings.broker_url, system_clock))
    if replica := settings.database_replica_url:
        yield from examine("replica", lambda: check_database(replica, system_clock, "replica"))
    file = sqlite_file(settings.database_url)
    if file is not None and not file.is_file():
        yield warning("database", f"{file} is not there yet", "`serve` makes it at its first start")
        return
    if file is not None:
        yield from examine("disk", lambda: check_disk(file))
    usable = True
    for finding in examine("database", lambda: check_database(settings.database_url, system_clock)):
        usable = usable and finding.level is not Level.ERROR
        yield finding
    if usable:
        yield from _findings_of_services(settings, calls=calls)


def _findings_of_services(settings: Settings, *, calls: bool) -> Iterator[Finding]:
    """Yield what only a database that answers can tell."""
    from app.bootstrap import build_services
    from app.cli.checkup.bounded import examine
    from app.cli.checkup.ingest import check_ingest
    from app.cli.checkup.quota import check_key, check_quota

    stale_after = timedelta(minutes=settings.alert_stale_minutes or _USUAL_STALE_MINUTES)
    services = build_services(settings, publishes=False)
    try:
        yield from examine("watches", lambda: check_ingest(services, stale_after))
        if settings.youtube_api_keys:
            yield from examine("quota", lambda: check_quota(services))
        if settings.youtube_api_keys and calls:
            for key in services.keys.list_all():
                yield from examine(f"key_{key.fingerprint}", partial(check_key, services, key))
    finally:
        services.close()


def _tell(finding: Finding) -> None:
    say(f"{finding.level:<8} {finding.code:<20} {finding.detail}")
    if finding.advice:
        say(f"{'':<8} {'':<20} -> {finding.advice}")
