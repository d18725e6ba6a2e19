"""Celery's application is made when it is imported, and not without a queue."""

import importlib

import pytest

with pytest.MonkeyPatch.context() as _environment:
    _environment.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    importlib.import_module("workers.celery_app")
