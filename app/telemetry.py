"""Logs: one JSON object a line, no secrets, and trouble told once instead of at every tick."""

from __future__ import annotations

import logging
import re
import sys
from threading import Lock
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager

_GOOGLE_KEY = re.compile(r"AIza[0-9A-Za-z_-]{35}")
_OWN_SECRET = re.compile(r"\b(?:nr[sfb]|nws)_[\w-]{20,}|\beyJ[\w-]+\.eyJ[\w-]+\.[\w-]+")
"""Of clients, feed readers, browsers and webhooks, and tokens of clients."""

_NAMED_SECRET = re.compile(
    r"((?:key|secret|token|password)="
    # A quote that is not escaped would end a text of the line, and what follows is not of it.
    r"|(?:api-key|cookie)(?:[\s:']|\\\")+"
    r"|authorization(?:[\s:']|\\\")+(?:basic|bearer) )[^&\s\"'\\]+",
    re.ASCII | re.IGNORECASE,
)
"""In queries, forms and headers."""

_PASSWORD_IN_URL = re.compile(r"(?<=://)([^/@\s:\"]*):[^/\s\"]+@")


def redact(text: str) -> str:
    """Replace keys, tokens and passwords in URLs; the last guard, nothing should rely on it."""
    unnamed = _NAMED_SECRET.sub(r"\1***", text)
    unkeyed = _OWN_SECRET.sub("***", _GOOGLE_KEY.sub("***", unnamed))
    return _PASSWORD_IN_URL.sub(r"\1:***@", unkeyed)


def configure_logging(level: str) -> None:
    """Send every log line of the process, libraries' included, to stderr as JSON."""
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
            _redact_line,  # last, so that it sees values inside values and other loggers' objects
        ],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for noisy in ("googleapiclient", "httplib2", "alembic", "werkzeug", "apiflask"):
        logging.getLogger(noisy).setLevel(logging.ERROR)
    # A traceback for each connection that a database took along; an incident tells of it, once.
    logging.getLogger("sqlalchemy.pool").setLevel(logging.CRITICAL)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """Return a logger; events are snake_case words, details are keyword arguments."""
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger


def bind_ids(**ids: object) -> None:
    """Put ids into every later line of this context: of a request, or a task."""
    structlog.contextvars.bind_contextvars(**ids)


def clear_ids() -> None:
    """Leave them out again: a thread that is used again begins anew."""
    structlog.contextvars.clear_contextvars()


def bound_ids(**ids: object) -> AbstractContextManager[None]:
    """Put ids into the lines of a block."""
    return structlog.contextvars.bound_contextvars(**ids)


def ids_of_now() -> Mapping[str, object]:
    """Return the ids that lines of this context carry."""
    return structlog.contextvars.get_contextvars()


def _redact_line(_logger: object, _method: str, line: object) -> str:
    return redact(str(line))


class Incidents:
    """Log trouble when it begins and when it ends, not each time it is met.

    Safe to share between threads.
    """

    def __init__(self, logger: structlog.stdlib.BoundLogger) -> None:
        self._logger = logger
        self._open: dict[str, str] = {}
        self._lock = Lock()

    def begin(self, code: str, detail: str, *, cause: Exception | None = None) -> None:
        """Say that `code` is wrong now, with the traceback of its cause; a repetition is silent."""
        if self._replace(code, detail) is None:
            trace = {} if cause is None else {"exc_info": cause}
            self._logger.error("incident_began", code=code, detail=detail, **trace)

    def end(self, code: str) -> None:
        """Say that `code` is right again; silent if it was never wrong."""
        if self._replace(code, None) is not None:
            self._logger.info("incident_ended", code=code)

    def _replace(self, code: str, detail: str | None) -> str | None:
        with self._lock:
            before = self._open.pop(code, None)
            if detail is not None:
                self._open[code] = detail
            return before
