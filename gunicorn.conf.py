"""gunicorn for the web service alone; the embedded service configures its own.

Each process answers first pages in its event loop, and in threads what waits for database and
Redis; a few processes use the cores.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from app.startup import settings_or_exit
from app.telemetry import configure_logging
from app.web.gunicorn_logger import RootLogger
from app.web.request_limits import (
    KEEP_ALIVE_SECONDS,
    MAX_HEADER_BYTES,
    MAX_HEADERS,
    MAX_REQUEST_LINE_BYTES,
)

if TYPE_CHECKING:
    from gunicorn.arbiter import Arbiter
    from gunicorn.workers.base import Worker

    from app.settings import Settings

_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - gunicorn makes files of its own names there
_TMP_DIR = str(_SHARED_MEMORY) if os.access(_SHARED_MEMORY, os.W_OK) else None
_MAX_WORKERS = 4  # of about 110 MB each
_COUNTS = "PROMETHEUS_MULTIPROC_DIR"
_FOLDERS = "newsreel-metrics-"
_YOUNG_SECONDS = 60


def _workers(settings: Settings) -> int:
    """Without Redis a page is kept in the process, and several would keep different ones."""
    return min(2 * (os.cpu_count() or 1), _MAX_WORKERS) if settings.redis_url else 1


def _folder_of_counts() -> str:
    """Return where all workers keep their metrics: an empty folder, new with each master.

    A reload reads this file again, and counting goes on where it was.
    """
    mine = f"{_FOLDERS}{os.getpid()}-"
    named = os.environ.get(_COUNTS, "")
    if Path(named).name.startswith(mine):
        return named
    folder = tempfile.mkdtemp(prefix=mine, dir=_TMP_DIR)
    with suppress(OSError):  # where there are no locks, nobody sweeps either
        _lock(folder)  # until this process and its workers have ended
    _sweep(Path(folder).parent)
    return folder


def _lock(folder: str | Path) -> int:
    """Lock a folder and return what holds the lock.

    Raises:
        OSError: it is gone, somebody else's, or locked by another process.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _sweep(parent: Path) -> None:
    """Take away the folders of masters that were killed: shared memory is small."""
    for folder in parent.glob(f"{_FOLDERS}*"):
        with suppress(OSError):
            if folder.stat().st_mtime < time.time() - _YOUNG_SECONDS:  # else not locked yet, maybe
                descriptor = _lock(folder)
                shutil.rmtree(folder, ignore_errors=True)
                os.close(descriptor)


def child_exit(_server: Arbiter, worker: Worker) -> None:
    """Forget what a worker that is no more was busy with, and keep what it counted."""
    import_module("app.metrics.processes").forget(worker.pid, os.environ[_COUNTS])


def on_exit(_server: Arbiter) -> None:
    """Leave nothing behind."""
    shutil.rmtree(os.environ[_COUNTS], ignore_errors=True)


_loaded = settings_or_exit(needs_secret=True)
configure_logging(_loaded.log_level)
# The library looks for it when it is imported, which is in the workers or later.
os.environ[_COUNTS] = _folder_of_counts()

bind = (
    f"[{_loaded.host}]:{_loaded.port}" if ":" in _loaded.host else f"{_loaded.host}:{_loaded.port}"
)
worker_class = "app.web.event_worker.EventWorker"
workers = _workers(_loaded)
threads = 8
worker_connections = 1000
max_requests = 1_000_000  # a worker begins anew in a while, so that no leak grows for weeks
max_requests_jitter = 100_000
timeout = 30
graceful_timeout = 25  # and a second or two to notice: gone within 30
keepalive = KEEP_ALIVE_SECONDS
limit_request_line = MAX_REQUEST_LINE_BYTES
limit_request_fields = MAX_HEADERS
limit_request_field_size = MAX_HEADER_BYTES
logger_class = RootLogger
accesslog = None
access_log_format = '%(h)s "%(m)s %(U)s" %(s)s %(b)s %(M)sms'  # no query: tokens may stand there
# No proxy may rename us or vouch for a scheme by a header: nothing here asks for either.
forwarded_allow_ips = ""
forwarder_headers = ""
control_socket_disable = True  # it would be written to a home folder that need not exist
if _TMP_DIR is not None:
    worker_tmp_dir = _TMP_DIR
