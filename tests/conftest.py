"""What every test may use, and the counts per kind at the end of a run."""

import logging
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import settings

from app.settings import Settings
from tests.processes import Processes

pytest_plugins = ["tests.servers.fixtures"]

TESTS = Path(__file__).parent

SLOW = (
    "browser/",
    *("e2e/test_canary.py", "e2e/test_contract.py", "e2e/test_secrets.py", "e2e/test_embedded.py"),
    *(
        "e2e/test_two_redises.py",
        "integration/test_replay.py",
        "integration/ingest/test_refresh.py",
    ),
    *("integration/workers/test_log_ids.py", "integration/workers/test_queues.py"),
    *("contract/web/test_token_processes.py", "contract/web/test_hostile_input.py"),
    *("contract/store/test_full_text.py", "contract/store/test_bytes.py"),
    *("contract/store/test_filters_property.py", "contract/store/test_removal_property.py"),
    *("contract/store/test_paging_property.py", "contract/store/test_feed_property.py"),
    *("contract/deploy/test_redis_users.py", "unit/ingest/test_channel_day.py"),
    "unit/ingest/test_channel_backfill.py",
)
"""What `make test` leaves to `make test-all`: together ten minutes of two cores."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks the slow ones by their files."""
    for item in items:
        if str(item.path.relative_to(TESTS)).startswith(SLOW):
            item.add_marker(pytest.mark.slow)


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Processes]:
    """Starts commands; fails the test when one does not end when asked to."""
    started = Processes(tmp_path)
    yield started
    started.close()


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """What to set variables with, in an empty folder and without any; logging is put back."""
    root = logging.getLogger()
    handlers, level, configured = root.handlers[:], root.level, structlog.get_config()
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    yield monkeypatch
    root.handlers[:], root.level = handlers, level
    structlog.configure(**configured)


def pytest_configure() -> None:
    """Makes SIGTERM end a run as Ctrl-C does: in order, servers stopped and folders removed.

    How long an example takes says more of the machine than of the code, so nothing fails by that.
    Where a test does not say how many examples it takes, it is half of Hypothesis' usual number.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    settings.register_profile("newsreel", deadline=None, max_examples=50)
    settings.load_profile("newsreel")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fails a run that skipped anything: a test that did not run has shown nothing."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and reporter.stats.get("skipped") and session.exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Prints how many tests of each kind passed."""
    passed = Counter(_kind(report.nodeid) for report in terminalreporter.getreports("passed"))
    terminalreporter.section("passed per kind")
    for kind, count in sorted(passed.items()):
        terminalreporter.line(f"{kind:<14}{count:>6}")
    if skipped := terminalreporter.getreports("skipped"):
        terminalreporter.line(f"{len(skipped)} skipped: every test must run", red=True)


def _kind(nodeid: str) -> str:
    """The folder under tests/ that holds the test."""
    return Path(nodeid).parts[1]
