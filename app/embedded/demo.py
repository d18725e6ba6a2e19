"""The demo: without an API key the simulator, a second process, stands in for YouTube.

Its videos have a database of their own, so they never mix with real ones.
"""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from app.domain.errors import NewsreelError
from app.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

_PLENTY = 10_000_000
_STOP_SECONDS = 5


_OWN_DATABASE = {
    "demo": True,
    "database_url": "sqlite:///var/demo.db",
    "database_replica_url": "",
}


class DemoError(NewsreelError):
    """The simulator did not start."""

    code = "demo_failed"


def is_wanted(settings: Settings) -> bool:
    """Tell whether there is nothing to fetch from but the simulator.

    A queue for Celery says that this is a full stack: without a key it fetches nothing and says so.
    """
    default = Settings.model_fields["youtube_api_endpoint"].default
    return not (
        settings.youtube_api_keys or settings.youtube_api_endpoint != default or settings.broker_url
    )


def settings_beside(settings: Settings) -> Settings:
    """Return the settings a command needs to work on the database that `serve` uses."""
    return with_own_database(settings) if is_wanted(settings) else settings


def with_own_database(settings: Settings) -> Settings:
    """Return the settings with the demo's database in the place of the configured one."""
    return settings.model_copy(update=_OWN_DATABASE)


@contextmanager
def running(settings: Settings) -> Iterator[Settings]:
    """Run the simulator; give the settings that use it. It ends with this process at the latest.

    Raises:
        DemoError: the simulator did not start.
    """
    command = [sys.executable, "-m", "simulator", "--port", "0", "--while-stdin"]
    command += ["--search-calls-per-day", str(_PLENTY), "--units-per-day", str(_PLENTY)]
    with subprocess.Popen(  # noqa: S603 - our own module
        command,
        stdin=subprocess.PIPE,  # closes when we end, however we end
        stdout=subprocess.PIPE,
        text=True,
        process_group=0,  # a Ctrl-C ends us first, so that no poll meets a YouTube that is gone
    ) as process:
        try:
            yield _settings(settings, _address(process))
        finally:
            _stop(process)


def _address(process: subprocess.Popen[str]) -> str:
    line = process.stdout.readline() if process.stdout else ""
    if not line.startswith("listening on "):
        raise DemoError("the simulator did not start")
    return line.removeprefix("listening on ").strip()


def _settings(settings: Settings, address: str) -> Settings:
    return settings.model_copy(
        update={
            "redis_url": "",
            "redis_read_url": "",
            "celery_broker_url": "",
            "youtube_api_endpoint": f"{address}/",
            "youtube_feed_endpoint": f"{address}/",
            "youtube_api_keys": "demo",
            "invidious_url": "",
            "youtube_search_calls_per_day": _PLENTY,
            "youtube_units_per_day": _PLENTY,
            "keywords": settings.keywords or "music,news",
        }
    )


def _stop(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
