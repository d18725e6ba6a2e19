"""The embedded mode's one worker: the web application and the ticker over the same services."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.bootstrap import build_services
from app.embedded.ticker import Ticker
from app.web.factory import create_app

if TYPE_CHECKING:
    from app.settings import Settings


class EmbeddedWorker:
    """Built in the worker process, after the fork."""

    def __init__(self, settings: Settings) -> None:
        self._services = build_services(settings)
        # The file lock keeps others from a file; on a server anyone may hold leases.
        alone = settings.database_url.startswith("sqlite:")
        interval = settings.fetch_interval_seconds
        self._ticker = Ticker(self._services, interval, void_leases=alone)
        self.application = create_app(
            self._services,
            trusts_this_machine=True,
            public_url=settings.public_url,
            proxy_hops=settings.proxy_hops,
            metrics_token=settings.metrics_token,
        )

    def start(self) -> None:
        """Begin to fetch, and to note what is read."""
        self._services.start()
        self._ticker.start()

    def stop(self) -> None:
        """Stop fetching and let go of all connections."""
        self._ticker.stop()
        self._services.close()
