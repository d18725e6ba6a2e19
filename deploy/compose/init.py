"""Make the secrets of the compose stack and write the settings its services read.

The `init` service runs `python -m deploy.compose.init real` at every start of the stack; with
`--profile demo` the `demo` service then runs it again as `demo`. Secrets are random, made once and
kept in the volumes; settings are written anew each time. Each service mounts one volume only, so
what serves the web cannot read MySQL's root password, and the worker not what signs tokens. It must
print no secret.
"""

from __future__ import annotations

import os
import secrets
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from app.settings import Settings
from deploy.compose import redis_users

if TYPE_CHECKING:
    from collections.abc import Mapping

# Settings with a generated value; a service reads them like any other. Add a name here, no more.
# Only who answers requests has them.
GENERATED: tuple[str, ...] = ("SECRET_KEY", "ADMIN_PASSWORD", "METRICS_TOKEN")

# What Beat and Flower read: when to send, how to log.
OF_THE_QUEUE = frozenset({"FETCH_INTERVAL_SECONDS", "LOG_LEVEL"})

# These belong to the stack: a `.env` written for the embedded mode must not redirect it.
STACK = frozenset(
    {
        "DATABASE_URL",
        "DATABASE_REPLICA_URL",
        "REDIS_URL",
        "REDIS_READ_URL",
        "CELERY_BROKER_URL",
        "HOST",
        "PORT",
        "DEMO",
    }
)


@dataclass(frozen=True)
class Mode:
    """What the stack works on: its own database, its own Redis database, settings that win."""

    database: str
    redis_database: int
    settings: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[str, str] = field(default_factory=dict)


MODES = {
    "real": Mode("newsreel", 0),
    "demo": Mode(
        "newsreel_demo",
        1,
        settings={
            "DEMO": "1",
            "YOUTUBE_API_ENDPOINT": "http://simulator:8800/",
            "YOUTUBE_FEED_ENDPOINT": "http://simulator:8800/",
            "YOUTUBE_API_KEYS": "demo",
            "YOUTUBE_SEARCH_CALLS_PER_DAY": "10000000",
            "YOUTUBE_UNITS_PER_DAY": "10000000",
        },
        defaults={"KEYWORDS": "music,news"},
    ),
}


def initialise(mode: Mode, environ: Mapping[str, str], volumes: Path) -> None:
    """Make the secrets that do not exist yet and write every service's files under `volumes`."""
    mysql, app = volumes / "mysql", volumes / "app"
    secret(mysql / "root_password")
    web_password, owner_password = secret(mysql / "password"), secret(mysql / "owner_password")
    write(mysql / "client.cnf", f"[client]\nuser=newsreel\npassword={web_password}\n")
    flower_password = secret(volumes / "flower" / "flower_password")
    write(volumes / "flower" / "flowerconfig.py", f"basic_auth = ['newsreel:{flower_password}']\n")
    secret(volumes / "grafana" / "grafana_password")
    made = {name: environ.get(name) or secret(app / name.lower()) for name in GENERATED}
    write(volumes / "prometheus" / "metrics_token", made["METRICS_TOKEN"])
    given = {**mode.defaults, **chosen(environ), **mode.settings}
    urls = redis_urls(volumes / "redis", mode.redis_database)
    queue = {"REDIS_URL": urls[redis_users.SERVICE]}
    database = {"DATABASE_URL": database_url("newsreel", web_password, mode.database)}
    hops = {"PROXY_HOPS": behind_nginx(environ.get("PROXY_HOPS") or "0")}
    of_queue = {name: value for name, value in given.items() if name in OF_THE_QUEUE}
    # Only the migration may change tables.
    owner = {"DATABASE_URL": database_url("newsreel_owner", owner_password, mode.database)}
    files = {
        "app": given | made | hops | queue | database,
        "worker": {name: value for name, value in given.items() if name not in made}
        | queue
        | database,
        "beat": of_queue | {"REDIS_URL": urls[redis_users.BEAT]},
        "flower": of_queue | {"REDIS_URL": urls[redis_users.FLOWER]},
        "migrate": owner,
    }
    for service, settings in files.items():
        write(volumes / service / "settings.env", dotenv(settings))


def redis_urls(volume: Path, database: int) -> dict[str, str]:
    """Write who may do what in Redis; return the URL by which each of its roles reaches it."""
    passwords = {
        redis_users.SERVICE: secret(volume / "password"),
        redis_users.BEAT: secret(volume / "beat_password"),
        redis_users.FLOWER: secret(volume / "flower_password"),
        redis_users.OPERATOR: secret(volume / "operator_password"),
    }
    databases = [mode.redis_database for mode in MODES.values()]
    write(volume / "redis.conf", redis_users.configuration(passwords, databases))
    return {
        name: f"redis://{name}:{passwords[name]}@redis:6379/{database}"
        for name in redis_users.ROLES
    }


def chosen(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the settings that the operator gave in `.env` and that are theirs to give."""
    names = {name.upper() for name in Settings.model_fields} - STACK
    return {name: environ[name] for name in sorted(names) if environ.get(name)}


def behind_nginx(hops: str) -> str:
    """Return how many proxies are in front: the operator's, and the stack's own nginx."""
    return str(int(hops) + 1) if hops.isdecimal() else hops  # what is no number stops the start


def database_url(user: str, password: str, database: str) -> str:
    """Return the URL by which a service reaches `database`."""
    return f"mysql+pymysql://{user}:{password}@mysql:3306/{database}?charset=utf8mb4"


def secret(path: Path) -> str:
    """Return the secret in `path`; the first call makes it, of 256 random bits."""
    if not path.exists():
        write(path, secrets.token_hex(32))
    return path.read_text(encoding="utf-8")


def dotenv(settings: Mapping[str, str]) -> str:
    """Return `settings` in the form that python-dotenv reads back unchanged."""
    quoted = {
        name: value.replace("\\", "\\\\").replace("'", "\\'") for name, value in settings.items()
    }
    return "".join(f"{name}='{value}'\n" for name, value in quoted.items())


def write(path: Path, text: str) -> None:
    """Replace `path` in one step, readable for its owner and group only."""
    draft = path.with_name(f".{path.name}")
    draft.unlink(missing_ok=True)
    draft.write_text(text, encoding="utf-8")
    draft.chmod(0o440)
    draft.replace(path)


if __name__ == "__main__":
    initialise(MODES[sys.argv[1]], os.environ, Path("/secrets"))
