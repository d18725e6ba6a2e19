"""Settings of which each is right by itself, and that do not go together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.cli.checkup.findings import error, warning, well
from app.embedded import demo

if TYPE_CHECKING:
    from collections.abc import Iterator

    from app.cli.checkup.findings import Finding
    from app.settings import Settings

_CODE = "settings"


def check_settings(settings: Settings) -> Iterator[Finding]:
    """Look at the settings as they were given."""
    found = [*_of_the_full_stack(settings), *_of_the_database(settings), *_of_the_rest(settings)]
    yield from found or [well(_CODE, "nothing contradicts")]


def check_keys_are_there(settings: Settings) -> Iterator[Finding]:
    """Look whether there is a key, or none is needed."""
    if settings.youtube_api_keys:
        yield well("keys", f"{settings.youtube_api_keys.count(',') + 1} configured")
    elif demo.is_wanted(settings) or settings.demo:
        yield well("keys", "none is needed: this is a demo with simulated videos")
    else:
        yield error("keys", "none is configured", "set YOUTUBE_API_KEYS: nothing is fetched")


def _of_the_full_stack(settings: Settings) -> Iterator[Finding]:
    if not settings.broker_url:
        return
    if settings.database_url.startswith("sqlite:"):
        advice = "set DATABASE_URL to a server: a file is for one process"
        yield error(_CODE, "a queue for Celery, and a database that is a file", advice)
    if not settings.redis_url:
        advice = "set REDIS_URL: without it each process keeps pages of its own"
        yield warning(_CODE, "CELERY_BROKER_URL without REDIS_URL", advice)
    if not settings.secret_key:
        advice = "set SECRET_KEY: web processes do not start without"
        yield error(_CODE, "a queue for Celery, and no SECRET_KEY", advice)


def _of_the_database(settings: Settings) -> Iterator[Finding]:
    primary, replica = settings.database_url, settings.database_replica_url
    if replica and replica == primary:
        advice = "leave DATABASE_REPLICA_URL out, or set it to a replica"
        yield warning(_CODE, "the replica is the database itself", advice)
    elif replica and replica.partition(":")[0] != primary.partition(":")[0]:
        advice = "set DATABASE_REPLICA_URL to a replica of DATABASE_URL"
        yield error(_CODE, "the replica is of another kind than its database", advice)


def _of_the_rest(settings: Settings) -> Iterator[Finding]:
    if settings.demo and settings.youtube_api_keys and "demo" not in settings.youtube_api_keys:
        yield warning(
            _CODE, "DEMO with an API key", "leave DEMO out: it says the videos are made up"
        )
    if settings.public_url.startswith("http://"):
        advice = "use https: passwords and cookies go over this address"
        yield warning(_CODE, "PUBLIC_URL is not https", advice)
    if settings.public_url and settings.proxy_hops == 0:
        advice = "set PROXY_HOPS to the proxies in front, or all visitors share one limit"
        yield warning(_CODE, "PUBLIC_URL without PROXY_HOPS", advice)
    if settings.keyword_list and settings.youtube_search_calls_per_day == 0:
        advice = "watch channels instead, or give searches calls"
        yield warning(_CODE, "KEYWORDS, and no search calls a day", advice)
