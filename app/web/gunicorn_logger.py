"""gunicorn's own lines in the format of all others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gunicorn.glogging import Logger

if TYPE_CHECKING:
    from gunicorn.config import Config


class RootLogger(Logger):
    """Hands gunicorn's lines to the root logger, which the process has configured as JSON."""

    def setup(self, cfg: Config) -> None:
        """Take gunicorn's handlers away."""
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True
