"""The settings of a process as people may see them. No secret, and no part of one, comes out.

A setting that is marked as secret (`repr=False`) is told as "set" unless its line below shows
something harmless of it, so one that is added later is safe by itself. Any other appears as it is,
but for what a URL holds besides where it leads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from app.domain.configured import Configured
from app.domain.quota import parse_keys
from app.settings import Settings, split_alert_urls
from app.telemetry import redact

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SET = "set"

_LISTS = frozenset({"keywords", "channels", "outgoing_allow"})
"""What may hold several URLs or parts of them, none of which has a password."""


def configured(settings: Settings) -> tuple[Configured, ...]:
    """Return every setting in the order of their definition."""
    return tuple(_configured(settings, name) for name in Settings.model_fields)


def alert_channels(settings: Settings) -> tuple[str, ...]:
    """Return by which ways the operator is told of trouble: the schemes of ALERT_URLS."""
    return tuple(_scheme(url) for url in settings.alert_url_list)


def _configured(settings: Settings, name: str) -> Configured:
    field = Settings.model_fields[name]
    value: object = getattr(settings, name)
    return Configured(
        name.upper(), _shown(name, value, secret=not field.repr), value == field.default
    )


def _shown(name: str, value: object, *, secret: bool) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    text = str(value)
    if secret:
        return _OF_SECRETS.get(name, _only_set)(text)
    return _place(text) if "://" in text and name not in _LISTS else redact(text)


def _only_set(_: str) -> str:
    return SET


def _place(url: str) -> str:
    """Return where a URL leads, without user, password, query and fragment."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    hidden = "***@" if "@" in parts.netloc else ""
    return f"{parts.scheme}://{hidden}{host}{parts.path}"


def _keys(text: str) -> str:
    """Return keys by their fingerprints, with the projects that have a name."""
    return ", ".join(
        key.fingerprint if key.project == key.fingerprint else f"{key.project}: {key.fingerprint}"
        for key in parse_keys(text)
    )


def _schemes(text: str) -> str:
    return ", ".join(_scheme(url) for url in split_alert_urls(text))


def _scheme(url: str) -> str:
    return url.partition(":")[0].lower()


_OF_SECRETS: Mapping[str, Callable[[str], str]] = {
    "youtube_api_keys": _keys,
    "database_url": _place,
    "database_replica_url": _place,
    "redis_url": _place,
    "redis_read_url": _place,
    "celery_broker_url": _place,
    "alert_urls": _schemes,
}
"""What is shown of secrets beyond that they are set."""
