"""The server programs the tests need: where they lie and which Debian package brings each."""

import shutil
from pathlib import Path

PACKAGES = {
    "mariadbd": "mariadb-server-core",
    "mariadb-install-db": "mariadb-server-core",
    "my_print_defaults": "mariadb-client-core",  # mariadb-install-db calls it
    "redis-server": "redis-server",
    "postgres": "postgresql",
    "initdb": "postgresql",
    "chromium-headless-shell": "chromium-headless-shell",
    "promtool": "prometheus",
    "systemd-analyze": "systemd",
}


class MissingProgramError(Exception):
    """A server program is not installed."""


def find_program(name: str) -> Path | None:
    """Looks on PATH and where Debian keeps servers; of several PostgreSQL versions, the newest."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version, reverse=True)
    path = ":".join(str(folder) for folder in [*versions, "/usr/sbin", "/usr/bin"])
    found = shutil.which(name, path=path) or shutil.which(name)
    return Path(found) if found else None


def get_program(name: str) -> Path:
    """Like `find_program`, but an absent one is an error that names its package."""
    program = find_program(name)
    if program is None:
        message = f"{name} is not installed: it comes with the package {PACKAGES[name]}"
        raise MissingProgramError(message)
    return program


def list_missing_packages() -> list[str]:
    """The packages to install before every test can run, sorted."""
    return sorted({package for name, package in PACKAGES.items() if find_program(name) is None})


def _version(folder: Path) -> int:
    name = folder.parent.name
    return int(name) if name.isdigit() else 0
