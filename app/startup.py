"""What every process does first: read its settings, or end with one line that names the variable.

It imports little, because gunicorn's master and the command line import it before anything else.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from app.domain.addresses import parse_channel_reference
from app.domain.errors import InvalidValueError
from app.domain.passwords import check_password, check_server_password
from app.domain.targets import parse_allowance
from app.domain.watches import parse_keyword
from app.settings import HOW_TO_MAKE_ONE, Settings, SettingsError, load_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

WRONG_SETTINGS = 2
"""The exit code of a process whose settings are wrong."""


def checked_settings(*, needs_broker: bool = False, needs_secret: bool = False) -> Settings:
    """Read the settings and hold them against the domain's rules, which they cannot know.

    Args:
        needs_broker: the process is one of Celery's, which would look for a queue of its own.
        needs_secret: the process is one of several that take each other's tokens.

    Raises:
        SettingsError: a setting is wrong.
    """
    settings = load_settings()
    _check("KEYWORDS", settings.keyword_list, parse_keyword)
    _check("CHANNELS", settings.channel_list, parse_channel_reference)
    _check("OUTGOING_ALLOW", [settings.outgoing_allow], parse_allowance)
    _check("ADMIN_PASSWORD", filter(None, [settings.admin_password]), check_password)
    if needs_broker and not settings.broker_url:
        raise SettingsError("REDIS_URL: needed by Celery")
    if settings.redis_read_url and not settings.redis_url:
        raise SettingsError("REDIS_READ_URL: a replica of nothing: REDIS_URL is not set")
    if needs_secret and not settings.secret_key:
        raise SettingsError(f"SECRET_KEY: {HOW_TO_MAKE_ONE}")
    if needs_broker or needs_secret:
        _check_servers(settings)
    return settings


def _check_servers(settings: Settings) -> None:
    """In the full stack they are on a network, and whoever takes over the queue runs our tasks."""
    _check("DATABASE_URL", [settings.database_url], check_server_password)
    _check("DATABASE_REPLICA_URL", [settings.database_replica_url], check_server_password)
    _check("REDIS_URL", [settings.redis_url], check_server_password)
    _check("REDIS_READ_URL", [settings.redis_read_url], check_server_password)
    _check("CELERY_BROKER_URL", [settings.broker_url], check_server_password)


def _check(name: str, values: Iterable[str], parse: Callable[[str], object]) -> None:
    for value in values:
        try:
            parse(value)
        except InvalidValueError as error:
            raise SettingsError(f"{name}: {error}") from None


def settings_or_exit(*, needs_broker: bool = False, needs_secret: bool = False) -> Settings:
    """Read the settings like `checked_settings`; the process ends here when they are wrong."""
    try:
        return checked_settings(needs_broker=needs_broker, needs_secret=needs_secret)
    except SettingsError as error:
        tell(error)
        sys.exit(WRONG_SETTINGS)


def tell(error: Exception) -> None:
    """Say on stderr, in the one line that every process uses, why it ends."""
    sys.stderr.write(f"newsreel: {error}\n")
