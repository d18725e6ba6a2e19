"""`python -m app serve`: gunicorn with one worker that also runs the ticker."""

from __future__ import annotations

import signal
import socket
from contextlib import nullcontext
from importlib import import_module
from typing import TYPE_CHECKING

from gunicorn.app.base import BaseApplication

from app.domain.errors import NewsreelError
from app.embedded import demo
from app.embedded.alone import alone
from app.embedded.secret_key import with_secret_key
from app.telemetry import get_logger
from app.web.gunicorn_logger import RootLogger
from app.web.request_limits import (
    KEEP_ALIVE_SECONDS,
    MAX_HEADER_BYTES,
    MAX_HEADERS,
    MAX_REQUEST_LINE_BYTES,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gunicorn.workers.base import Worker

    from app.embedded.worker import EmbeddedWorker
    from app.settings import Settings

WEB_THREADS = 8


def serve(settings: Settings) -> None:
    """Serve until SIGINT or SIGTERM; with neither an API key nor a queue for Celery, a demo.

    Raises:
        AlreadyRunningError: another process serves this database.
        AddressError: HOST and PORT cannot be listened on.
        DemoError: the simulator did not start.
    """
    is_demo = demo.is_wanted(settings)
    own = demo.with_own_database(settings) if is_demo else settings
    with alone(own.database_url):
        _check_address(own)
        own = with_secret_key(own)
        with demo.running(own) if is_demo else nullcontext(own) as effective:
            if effective.demo:
                get_logger(__name__).warning(
                    "demo", detail="no YOUTUBE_API_KEYS: these videos come from the simulator"
                )
            EmbeddedServer(effective).run()


class AddressError(NewsreelError):
    """HOST and PORT cannot be listened on."""

    code = "address_unusable"


class EmbeddedServer(BaseApplication):
    """gunicorn's master with one worker of threads.

    The master only watches the worker. It does not even import what the worker is made of, which
    keeps it at a third of the worker's memory.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._ours: EmbeddedWorker | None = None
        super().__init__()

    def load_config(self) -> None:
        """Tell gunicorn how to run; its access log is off, the ticker follows the worker."""
        options = {
            "bind": _address(self._settings),
            "workers": 1,
            "worker_class": "app.web.event_worker.EventWorker",
            "threads": WEB_THREADS,
            "control_socket_disable": True,
            "graceful_timeout": 25,
            "keepalive": KEEP_ALIVE_SECONDS,
            "limit_request_line": MAX_REQUEST_LINE_BYTES,
            "limit_request_fields": MAX_HEADERS,
            "limit_request_field_size": MAX_HEADER_BYTES,
            # Nobody stands before us who might rename us or vouch for a scheme by a header.
            "forwarded_allow_ips": "",
            "forwarder_headers": "",
            "logger_class": RootLogger,
            "post_worker_init": self._start,
            "worker_exit": self._stop,
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Callable[..., Iterable[bytes]]:
        """Build everything of ours, in the worker."""
        self._ours = import_module("app.embedded.worker").EmbeddedWorker(self._settings)
        return self._ours.application

    def _start(self, worker: Worker) -> None:
        # A Ctrl-C reaches the worker from the terminal and, as SIGQUIT, from the master. gunicorn's
        # handler of both takes a lock, so the second could block for ever inside the first.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGQUIT, worker.handle_exit)
        if self._ours is not None:
            self._ours.start()

    def _stop(self, _server: object, _worker: Worker) -> None:
        if self._ours is not None:
            self._ours.stop()


def _address(settings: Settings) -> str:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"{host}:{settings.port}"


def _check_address(settings: Settings) -> None:
    """Try the address first: gunicorn would try it for five seconds, twelve lines long."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise AddressError(f"cannot listen on {_address(settings)}: {error.strerror}") from None
