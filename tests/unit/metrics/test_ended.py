from __future__ import annotations

import errno
import fcntl
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from prometheus_client import CollectorRegistry

from app.metrics import ended
from app.metrics.ended import add_up, kept_still
from app.metrics.processes import _Counts, forget

if TYPE_CHECKING:
    from pathlib import Path

    Seen = dict[tuple[str, tuple[tuple[str, str], ...]], float]

# Told which route to count, and how often.
_PROCESS = """
import sys
from app.metrics.processes import ProcessMetrics
metrics = ProcessMetrics()
lane = metrics.lane("reads")
for _ in range(int(sys.argv[2])):
    metrics.request(sys.argv[1], "GET", 200, 0.003)
    lane.shed()
lane.begin(0.1)
"""
_WAITS = """
import sys
from pathlib import Path
from app.metrics.ended import kept_still
with kept_still(Path(sys.argv[1])):
    pass
"""
SUMS = {f"{kind}_ended.db" for kind in ended.KINDS}
SHED = "newsreel_lane_shed_total", (("lane", "reads"),)


def process(folder: Path, route: str, times: int) -> int:
    """Run a process that counts and ends; return its id."""
    env = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(folder)}
    with subprocess.Popen([sys.executable, "-c", _PROCESS, route, str(times)], env=env) as child:
        assert child.wait() == 0
    return child.pid


def told(folder: Path) -> Seen:
    counts = _Counts(CollectorRegistry(), str(folder))  # type: ignore[no-untyped-call] # the library has no types here
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for metric in counts.collect()
        for sample in metric.samples
        if sample.name != "newsreel_lane_busy"
    }


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if path.name != "ended.lock"}


def files_of(pid: int) -> set[str]:
    return {f"{kind}_{pid}.db" for kind in ended.KINDS}


def test_what_ended_processes_counted_is_told_as_before_from_one_file_of_each_kind(
    tmp_path: Path,
) -> None:
    sizes = []
    for route, times in (("/videos", 3), ("/videos", 4), ("/ready", 5), ("/videos", 1)):
        pid = process(tmp_path, route, times)
        before = told(tmp_path)
        forget(pid, str(tmp_path))
        assert told(tmp_path) == before
        assert names(tmp_path) == SUMS
        sizes.append((tmp_path / "histogram_ended.db").stat().st_size)
    labels = (("method", "GET"), ("route", "/videos"), ("status", "2xx"))
    assert before["newsreel_http_request_seconds_count", labels] == 8
    assert before[SHED] == 13
    assert sizes[0] == sizes[1] < sizes[2] == sizes[3], "it grows by a route, not by a process"
    assert sizes[3] < 16_384


def test_the_files_of_who_still_counts_are_left_alone(tmp_path: Path) -> None:
    ended_one, living = process(tmp_path, "/videos", 3), os.getppid()
    for kind in ended.KINDS:
        (tmp_path / f"{kind}_{ended_one}.db").rename(tmp_path / f"{kind}_{living}.db")
    forget(ended_one, str(tmp_path))
    assert names(tmp_path) == files_of(living)


def test_while_it_is_read_nothing_is_added_up_and_the_next_time_all_is(tmp_path: Path) -> None:
    first = process(tmp_path, "/videos", 3)
    with kept_still(tmp_path):
        forget(first, str(tmp_path))
        assert names(tmp_path) == files_of(first)
    forget(process(tmp_path, "/videos", 4), str(tmp_path))
    assert names(tmp_path) == SUMS
    assert told(tmp_path)[SHED] == 7


def test_who_reads_waits_until_all_is_added_up(tmp_path: Path) -> None:
    with (tmp_path / "ended.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with subprocess.Popen([sys.executable, "-c", _WAITS, str(tmp_path)]) as reader:
            with pytest.raises(subprocess.TimeoutExpired):
                reader.wait(1)
            fcntl.flock(lock, fcntl.LOCK_UN)
            assert reader.wait(30) == 0


def test_without_room_the_files_stay_and_nothing_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(*_: object) -> None:
        raise OSError(errno.ENOSPC, "no room")

    pid = process(tmp_path, "/videos", 3)
    before = told(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(os, "posix_fallocate", no_room)
        forget(pid, str(tmp_path))
    assert names(tmp_path) == files_of(pid)
    assert told(tmp_path) == before


@pytest.mark.parametrize("left", [b"", b"\0" * 4096, b"\xff\0\0\0"])
def test_of_a_process_that_was_killed_as_it_began_nothing_stays(
    tmp_path: Path, left: bytes
) -> None:
    pid = process(tmp_path, "/videos", 3)
    before = told(tmp_path)
    begun = process(tmp_path, "/videos", 0)
    for name in files_of(begun):
        (tmp_path / name).write_bytes(left)
    forget(begun, str(tmp_path))
    forget(pid, str(tmp_path))
    assert names(tmp_path) == SUMS
    assert told(tmp_path) == before


def test_a_folder_that_is_gone_is_no_trouble(tmp_path: Path) -> None:
    add_up(tmp_path / "gone")
