"""Settings: the environment and `.env`, read once into one frozen value.

Nothing else in the project reads the environment. A wrong value stops the start with one line that
names the variable. Every variable may also be given as `NAME_FILE`, the path of a file that holds
the value, so that secrets need not stand in the environment.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# A key is sent as a header, so it is printable ASCII without blanks.
_API_KEY = re.compile(r"([^:\s][^:\x00-\x1f]*:)? *[!-9;-~]+", re.ASCII)
LAST_PORT = 65_535
LONGEST_PROJECT = 100
DATABASE_SCHEMES = ("sqlite", "mysql+pymysql", "postgresql+psycopg")

_GOOGLE_KEY = re.compile(r"AIza[0-9A-Za-z_-]{35}")


class SettingsError(Exception):
    """A setting is missing or wrong; the message is one line that names the variable."""


def _http_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("must be an http:// or https:// URL")
    return value if value.endswith("/") else value + "/"


def _database_url(value: str) -> str:
    scheme, _, rest = value.partition("://")
    if value and scheme not in DATABASE_SCHEMES:
        raise ValueError(f"must start with one of {', '.join(s + '://' for s in DATABASE_SCHEMES)}")
    if scheme == "sqlite" and rest in ("", "/", "/:memory:"):
        raise ValueError("must name a file: sqlite:///PATH")
    return value if scheme == "sqlite" else _with_port(value)


def _redis_url(value: str) -> str:
    if value and urlsplit(value).scheme not in ("redis", "rediss"):
        raise ValueError("must start with redis:// or rediss://")
    return _with_port(value)


def _with_port(url: str) -> str:
    """Check the port by hand: a library's words may hold a part of the password."""
    host = url.partition("://")[2].rpartition("@")[2].partition("/")[0].partition("?")[0]
    port = host.rpartition("]")[2].partition(":")[2]
    if port and not (port.isascii() and port.isdigit() and int(port[:6]) <= LAST_PORT):
        raise ValueError("has a port that is not a number from 0 to 65535")
    return url


def _api_keys(value: str) -> str:
    for entry in filter(None, (part.strip() for part in value.split(","))):
        project, _, key = entry.rpartition(":")
        if not key.strip():
            raise ValueError("has a project without a key")
        if _GOOGLE_KEY.search(project):
            raise ValueError("is written project:key, not key:project")
        if len(project) > LONGEST_PROJECT:
            raise ValueError(f"has a project name of more than {LONGEST_PROJECT} characters")
        if _API_KEY.fullmatch(entry) is None:
            raise ValueError("must be key or project:key, with commas between several")
    return value


ApiKeys = Annotated[str, BeforeValidator(_api_keys)]
HttpUrl = Annotated[str, BeforeValidator(_http_url)]
DatabaseUrl = Annotated[str, BeforeValidator(_database_url)]
RedisUrl = Annotated[str, BeforeValidator(_redis_url)]


class Settings(BaseModel):
    """Everything that can be configured; field names are the variables in lower case.

    Secrets (keys, passwords, URLs with passwords) are kept out of `repr`.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    youtube_api_keys: ApiKeys = Field(default="", repr=False)
    youtube_api_endpoint: HttpUrl = "https://youtube.googleapis.com/"
    youtube_search_calls_per_day: int = Field(default=100, ge=0)
    youtube_units_per_day: int = Field(default=10_000, ge=0)
    keywords: str = ""
    fetch_interval_seconds: int = Field(default=10, ge=1, le=86_400)
    lookback_seconds: int = Field(default=3_600, ge=0, le=7 * 86_400)
    backfill_seconds: int = Field(default=86_400, ge=0, le=365 * 86_400)
    refresh_days: int = Field(default=20, ge=1, le=24)
    fetch_log_days: int = Field(default=30, ge=1, le=3_650)
    database_url: DatabaseUrl = Field(default="sqlite:///var/newsreel.db", repr=False)
    database_replica_url: DatabaseUrl = Field(default="", repr=False)
    redis_url: RedisUrl = Field(default="", repr=False)
    celery_broker_url: RedisUrl | None = Field(default=None, repr=False)
    host: str = "127.0.0.1"
    port: int = Field(default=5001, ge=0, le=LAST_PORT)
    demo: bool = False
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @property
    def broker_url(self) -> str:
        """The queue's URL; empty means the embedded scheduler."""
        return self.redis_url if self.celery_broker_url is None else self.celery_broker_url

    @property
    def keyword_list(self) -> tuple[str, ...]:
        """The keywords to watch, in order, without blanks and repetitions."""
        return tuple(
            dict.fromkeys(filter(None, (word.strip() for word in self.keywords.split(","))))
        )


def load_settings(environ: Mapping[str, str] = os.environ, dotenv: Path = Path(".env")) -> Settings:
    """Read the settings; the environment goes before `.env`, a value before its `NAME_FILE`.

    A variable set to nothing is as good as unset, but in the environment it still goes before
    `.env`, so that a value there can be taken back for one run.

    Raises:
        SettingsError: a value is wrong or a `NAME_FILE` cannot be read.
    """
    sources = (environ, _dotenv(dotenv))
    values = {name: _value(name.upper(), sources) for name in Settings.model_fields}
    try:
        return Settings.model_validate({k: v for k, v in values.items() if v is not None})
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]).upper()
        raise SettingsError(f"{name}: {first['msg'].removeprefix('Value error, ')}") from None


def _dotenv(path: Path) -> dict[str, str]:
    try:
        return {name: value for name, value in dotenv_values(path).items() if value is not None}
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"cannot read {path}: {type(error).__name__}") from None


def _value(name: str, sources: Sequence[Mapping[str, str]]) -> str | None:
    for given in sources:
        value, path = given.get(name), given.get(f"{name}_FILE")
        if value or (
            value is not None and name == "CELERY_BROKER_URL"
        ):  # here empty says: embedded
            return value
        if path:
            return _read(name, path)
        if value is not None:
            return None
    return None


def _read(name: str, path: str) -> str | None:
    try:
        return Path(path).read_text(encoding="utf-8").strip() or None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{name}_FILE: cannot read {path}: {type(error).__name__}") from None
