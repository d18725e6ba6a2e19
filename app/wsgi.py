"""gunicorn's target, `app.wsgi:app`: importing this module builds the web application of a process.

Importing has this effect because servers import their target. It opens no connection: the process
starts, and says so in /ready, while its database and its Redis are away.
"""

from __future__ import annotations

import atexit
from typing import TYPE_CHECKING

from app.bootstrap import build_services
from app.startup import settings_or_exit
from app.telemetry import configure_logging
from app.web.factory import create_app

if TYPE_CHECKING:
    from flask import Flask


def _build() -> Flask:
    settings = settings_or_exit(needs_secret=True)
    configure_logging(settings.log_level)
    services = build_services(settings, publishes=False)
    services.start()
    atexit.register(services.close)
    return create_app(
        services,
        public_url=settings.public_url,
        proxy_hops=settings.proxy_hops,
        metrics_token=settings.metrics_token,
    )


app = _build()
