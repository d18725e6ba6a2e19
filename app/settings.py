"""Settings: the environment and `.env`, read once into one frozen value.

Nothing else in the project reads the environment. A wrong value stops the start with one line that
names the variable. Every variable may also be given as `NAME_FILE`, the path of a file that holds
the value, so that secrets need not stand in the environment; `-/PATH` may be missing.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal
from urllib.parse import SplitResult, parse_qsl, urlsplit

from dotenv import dotenv_values
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

# A key is sent as a header, so it is printable ASCII without blanks.
_API_KEY = re.compile(r"([^\s:][^\x00-\x1f]*:)? *[!-9;-~]+", re.ASCII)
LAST_PORT = 65_535
LONGEST_PROJECT = 100
MOST_PER_DAY = 10**9
MOST_PER_MINUTE = 10**6
LEAST_SECRET = 32
LEAST_VARIETY = 10
"""Different characters of a secret: 64 random hex digits have nearly all 16, `change-me` has 8."""
HOW_TO_MAKE_ONE = "make one with python3 -c 'import secrets; print(secrets.token_hex(32))'"

# What a URL may hold after its `?`; a driver would end in a traceback over any other.
_TLS_FILES = ("ssl_ca", "ssl_capath", "ssl_cert", "ssl_key", "ssl_cipher")
_REDIS_TLS = ("ssl_cert_reqs", "ssl_ca_certs", "ssl_certfile", "ssl_keyfile")
_POSTGRESQL_TLS = ("sslmode", "sslrootcert", "sslcert", "sslkey")
DATABASE_OPTIONS: Mapping[str, tuple[str, ...]] = {
    "sqlite": (),
    "mysql+pymysql": ("charset", "unix_socket", *_TLS_FILES),
    "postgresql+psycopg": ("host", "application_name", "target_session_attrs", *_POSTGRESQL_TLS),
}
REDIS_OPTIONS: Mapping[str, tuple[str, ...]] = {"redis": (), "rediss": _REDIS_TLS}

_UNCLEAR = (
    "must be SCHEME://USER:PASSWORD@HOST:PORT/NAME with a port from 0 to 65535; "
    "in a password / # ? @ : and % are percent-encoded"
)
_APPRISE_URL = re.compile(r"[a-z][a-z0-9]*://[^\x00-\x1f]+", re.ASCII | re.IGNORECASE)
_BETWEEN_APPRISE_URLS = re.compile(r"[\s,]+(?=[a-z][a-z0-9]*://)", re.ASCII | re.IGNORECASE)
_TOKEN = re.compile(rf"[A-Za-z0-9._~+/=-]{{{LEAST_SECRET},}}", re.ASCII)
_GOOGLE_KEY = re.compile(r"AIza[0-9A-Za-z_-]{35}")
_MAY_BE_MISSING = "-/"


class SettingsError(Exception):
    """A setting is missing or wrong; the message is one line that names the variable."""


def _http_url(value: str) -> str:
    """Check the base of other addresses; it ends with a slash."""
    address = _http_address(value)
    return address if address.endswith("/") else address + "/"


def _http_address(value: str) -> str:
    if value.partition("://")[0] not in ("http", "https"):
        raise ValueError("must be an http:// or https:// URL")
    if not _parts(value).hostname:
        raise ValueError("must name a host")
    return value


def _optional_http_url(value: str) -> str:
    return _http_url(value) if value else value


def _invidious_url(value: str) -> str:
    """Check the base of an instance; its paths are put after it, and no password is sent."""
    if value and any(mark in value for mark in "@?"):
        raise ValueError("must have neither a user and password nor anything after a ?")
    return _optional_http_url(value)


def _database_url(value: str) -> str:
    if not value:
        return value
    scheme = _scheme(value, DATABASE_OPTIONS)
    if scheme == "sqlite":
        path = value.removeprefix("sqlite:///").partition("?")[0]
        if path in (value, "", ":memory:") or not value.isprintable():
            raise ValueError("must name a file: sqlite:///PATH")
    elif not _parts(value).hostname and scheme == "mysql+pymysql":
        raise ValueError("must name a host")  # PostgreSQL has a usual socket
    _check_options(value, DATABASE_OPTIONS[scheme])
    return value


def _redis_url(value: str) -> str:
    if not value:
        return value
    scheme = _scheme(value, REDIS_OPTIONS)
    parts = _parts(value)
    if not parts.hostname:
        raise ValueError("must name a host")
    if not re.fullmatch(r"/?[0-9]{0,9}", parts.path):
        raise ValueError("must end with the number of a database, as in redis://HOST:PORT/0")
    _check_options(value, REDIS_OPTIONS[scheme])
    return value


def _scheme(url: str, known: Collection[str]) -> str:
    scheme, separator, _ = url.partition("://")
    if not separator or scheme not in known:
        raise ValueError(f"must start with {' or '.join(f'{one}://' for one in known)}")
    return scheme


def _parts(url: str) -> SplitResult:
    """Cut the URL where every library would; refuse one that they could cut differently.

    In our own words, because a library's may hold a part of the password.
    """
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise ValueError(_UNCLEAR) from None
    ambiguous = "#" in url or url.count("@") > 1 or ("@" in url) is not ("@" in parts.netloc)
    if ambiguous or parts.netloc.endswith(":") or not url.isprintable() or " " in url:
        raise ValueError(_UNCLEAR)
    return parts


def _check_options(url: str, known: Collection[str]) -> None:
    given = [name for name, _ in parse_qsl(url.partition("?")[2], keep_blank_values=True)]
    if len(set(given)) < len(given) or not set(given).issubset(known):
        raise ValueError(f"may have after its ? no more than {', '.join(known) or 'nothing'}")


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


def _secret_keys(value: str) -> str:
    """Check what tokens are signed with; no message may hold a part of it."""
    keys = _list(value)
    if value and not keys:
        raise ValueError("holds no key")
    for key in keys:
        if not (key.isascii() and key.isprintable()):
            raise ValueError("must be printable ASCII, with commas between several")
        if len(key) < LEAST_SECRET or len(set(key)) < LEAST_VARIETY:
            raise ValueError(f"must be {LEAST_SECRET} random characters or more: {HOW_TO_MAKE_ONE}")
    return value


def _metrics_token(value: str) -> str:
    """Check what a scraper sends as a header; no message may hold a part of it."""
    if value and not (_TOKEN.fullmatch(value) and len(set(value)) >= LEAST_VARIETY):
        raise ValueError(
            f"must be {LEAST_SECRET} random characters or more of a token: {HOW_TO_MAKE_ONE}"
        )
    return value


def _alert_urls(value: str) -> str:
    for address in split_alert_urls(value):
        if not _APPRISE_URL.fullmatch(address):
            raise ValueError("must be Apprise URLs (SCHEME://...) with commas between several")
    return value


def split_alert_urls(text: str) -> tuple[str, ...]:
    """Return the addresses of a list; a comma inside one belongs to it, as Apprise has it."""
    return tuple(filter(None, _BETWEEN_APPRISE_URLS.split(text.strip())))


AlertUrls = Annotated[str, BeforeValidator(_alert_urls)]
ApiKeys = Annotated[str, BeforeValidator(_api_keys)]
MetricsToken = Annotated[str, BeforeValidator(_metrics_token)]
SecretKeys = Annotated[str, BeforeValidator(_secret_keys)]
HttpUrl = Annotated[str, BeforeValidator(_http_url)]
HubUrl = Annotated[str, BeforeValidator(_http_address)]
OptionalHttpUrl = Annotated[str, BeforeValidator(_optional_http_url)]
InvidiousUrl = Annotated[str, BeforeValidator(_invidious_url)]
DatabaseUrl = Annotated[str, BeforeValidator(_database_url)]
RedisUrl = Annotated[str, BeforeValidator(_redis_url)]


class Settings(BaseModel):
    """Everything that can be configured; field names are the variables in lower case.

    Secrets (keys, passwords, URLs with passwords) are kept out of `repr`.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    youtube_api_keys: ApiKeys = Field(default="", repr=False)
    youtube_api_endpoint: HttpUrl = "https://youtube.googleapis.com/"
    youtube_feed_endpoint: HttpUrl = "https://www.youtube.com/"
    youtube_search_calls_per_day: int = Field(default=100, ge=0, le=MOST_PER_DAY)
    youtube_units_per_day: int = Field(default=10_000, ge=0, le=MOST_PER_DAY)
    on_demand_units_per_day: int = Field(default=500, ge=0, le=MOST_PER_DAY)
    websub_hub: HubUrl = "https://pubsubhubbub.appspot.com/subscribe"
    public_url: OptionalHttpUrl = ""
    invidious_url: InvidiousUrl = ""
    keywords: str = ""
    channels: str = ""
    fetch_interval_seconds: int = Field(default=10, ge=1, le=86_400)
    lookback_seconds: int = Field(default=3_600, ge=0, le=7 * 86_400)
    share_searches: bool = True
    follow_channels: int = Field(default=200, ge=0, le=1_000)
    backfill_seconds: int = Field(default=86_400, ge=0, le=365 * 86_400)
    refresh_days: int = Field(default=20, ge=1, le=24)
    fetch_log_days: int = Field(default=30, ge=1, le=3_650)
    audit_days: int = Field(default=365, ge=1, le=3_650)
    database_url: DatabaseUrl = Field(default="sqlite:///var/newsreel.db", repr=False)
    database_replica_url: DatabaseUrl = Field(default="", repr=False)
    redis_url: RedisUrl = Field(default="", repr=False)
    redis_read_url: RedisUrl = Field(default="", repr=False)
    celery_broker_url: RedisUrl | None = Field(default=None, repr=False)
    outgoing_allow: str = ""
    alert_urls: AlertUrls = Field(default="", repr=False)
    alert_stale_minutes: int = Field(default=180, ge=0, le=525_600)
    host: str = "127.0.0.1"
    port: int = Field(default=5001, ge=0, le=LAST_PORT)
    secret_key: SecretKeys = Field(default="", repr=False)
    admin_password: str = Field(default="", repr=False)
    metrics_token: MetricsToken = Field(default="", repr=False)
    proxy_hops: int = Field(default=0, ge=0, le=5)
    rate_limit_per_minute: int = Field(default=1_200, ge=0, le=MOST_PER_MINUTE)
    client_rate_limit_per_minute: int = Field(default=6_000, ge=0, le=MOST_PER_MINUTE)
    read_auth: Literal["public", "required"] = "public"
    demo: bool = False
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @property
    def broker_url(self) -> str:
        """Where Celery's queue is; empty if there is none."""
        return self.redis_url if self.celery_broker_url is None else self.celery_broker_url

    @property
    def secret_keys(self) -> tuple[bytes, ...]:
        """What tokens are signed with (the first) and may have been signed with (all)."""
        return tuple(key.encode() for key in _list(self.secret_key))

    @property
    def keyword_list(self) -> tuple[str, ...]:
        """The keywords to watch, in order, without blanks and repetitions."""
        return _list(self.keywords)

    @property
    def channel_list(self) -> tuple[str, ...]:
        """The channels to watch, as the operator calls them, in order and without repetitions."""
        return _list(self.channels)

    @property
    def alert_url_list(self) -> tuple[str, ...]:
        """Where the operator is told of trouble, as Apprise takes it."""
        return split_alert_urls(self.alert_urls)


def _list(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, (part.strip() for part in text.split(",")))))


def load_settings(environ: Mapping[str, str] = os.environ, dotenv: Path = Path(".env")) -> Settings:
    """Read the settings; the environment goes before `.env`, a value before its `NAME_FILE`.

    A variable set to nothing is as good as unset, but in the environment it still goes before
    `.env`, so that a value there can be taken back for one run. So is one whose `NAME_FILE` has a
    dash before its absolute path, as systemd has it, and is not there.

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
        found = dotenv_values(path, interpolate=False)  # a `${` may be part of a password
        return {name: value for name, value in found.items() if value is not None}
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
    may_be_missing = path.startswith(_MAY_BE_MISSING)
    path = path.removeprefix("-") if may_be_missing else path
    try:
        return Path(path).read_text(encoding="utf-8").strip() or None
    except (OSError, UnicodeDecodeError) as error:
        if may_be_missing and isinstance(error, FileNotFoundError):
            return None
        raise SettingsError(f"{name}_FILE: cannot read {path}: {type(error).__name__}") from None
