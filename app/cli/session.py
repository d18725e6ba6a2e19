"""What commands share: their services, and how they speak to the operator."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from app.bootstrap import Services
    from app.settings import Settings


@contextmanager
def services(settings: Settings) -> Iterator[Services]:
    """Give the services on the database that `serve` uses, made if it is a new file."""
    from app.bootstrap import build_services
    from app.domain.audit import COMMAND_LINE
    from app.embedded.demo import settings_beside

    effective = settings_beside(settings)
    built = build_services(effective, actor=COMMAND_LINE)
    try:
        if effective.database_url.startswith("sqlite:"):
            built.store.migrate()
        yield built
    finally:
        built.close()


def say(text: str) -> None:
    """Say a line on stdout; what its encoding lacks is escaped."""
    encoding = sys.stdout.encoding
    sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding) + "\n")
