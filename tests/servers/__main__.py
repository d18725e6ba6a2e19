"""`python -m tests.servers`: installs the server programs that are missing, without starting them.

Needs root and apt for that; without them it names the packages in one line and exits 1.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers.programs import list_missing_packages

# Debian asks this script before it starts any service that a package brings; 101 means no.
POLICY = Path("/usr/sbin/policy-rc.d")


def main() -> int:
    """Installs what is missing; returns the exit status."""
    missing = list_missing_packages()
    if missing and (os.geteuid() != 0 or shutil.which("apt-get") is None):
        sys.stderr.write(f"The tests need servers: install the packages {' '.join(missing)}\n")
        return 1
    if missing:
        sys.stderr.write(f"Installing for the tests: {' '.join(missing)}\n")
        with _services_held_back():
            _install(missing)
    return 0


@contextmanager
def _services_held_back() -> Iterator[None]:
    if POLICY.exists():
        yield
        return
    POLICY.write_text("#!/bin/sh\nexit 101\n")
    POLICY.chmod(0o755)
    try:
        yield
    finally:
        POLICY.unlink()


def _install(packages: list[str]) -> None:
    _apt_get("update")
    _apt_get("install", "--yes", "--no-install-recommends", *packages)


def _apt_get(*arguments: str) -> None:
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(
        ["apt-get", "-qq", *arguments], check=True, env=environment, stdout=subprocess.DEVNULL
    )


if __name__ == "__main__":
    sys.exit(main())
