"""gunicorn's target, `app.wsgi:app`: importing this module builds the web application of a process.

It is the one module with an effect when imported. It opens no connection: the process starts, and
says so in /ready, while its database and its Redis are away.
"""

from __future__ import annotations

import atexit
from typing import TYPE_CHECKING

from app.bootstrap import build_services
from app.settings import load_settings
from app.telemetry import configure_logging
from app.web.factory import create_app

if TYPE_CHECKING:
    from flask import Flask


def _build() -> Flask:
    settings = load_settings()
    configure_logging(settings.log_level)
    services = build_services(settings, publishes=False)
    atexit.register(services.close)
    return create_app(services)


app = _build()
