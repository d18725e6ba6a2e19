"""`python -m app export` at a terminal and in a pipe."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.processes import PROJECT

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {
        **os.environ,
        "YOUTUBE_API_KEYS": "some-key",
        "DATABASE_URL": f"sqlite:///{tmp_path}/newsreel.db",
        "TERM": "xterm",
    }


def app(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "app", *arguments]


def test_a_terminal_shows_a_bar_and_stdout_holds_nothing_of_it(
    environment: dict[str, str],
) -> None:
    ours, terminal = pty.openpty()
    done = subprocess.run(
        app("export", "videos", "--format", "csv"),
        cwd=PROJECT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=terminal,
        check=True,
    )
    os.close(terminal)  # so that reading ends where nothing was shown
    shown = os.read(ours, 10_000).decode()
    os.close(ours)
    assert "Exporting videos" in shown
    assert done.stdout.startswith("\ufeffvideo_id,".encode())
    assert done.stdout.count(b"\n") == 1


def test_a_reader_that_leaves_early_is_no_error_worth_a_word(
    environment: dict[str, str],
) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        app("export", "videos", "--format", "csv"),
        cwd=PROJECT,
        env=environment,
        stdout=writer,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(writer)
    assert done.returncode == 1
    assert done.stderr == b""
