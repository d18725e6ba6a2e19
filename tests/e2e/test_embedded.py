"""`python -m app serve` as people run it: one command, in an empty folder."""

import os
import signal
import socket
import sqlite3
import time
from contextlib import closing

import pytest

from tests.e2e.site import Simulated, Site, items_of, living_in, serve, started
from tests.processes import ChildProcess, Processes
from tests.waiting import wait_until

LEAVING_SECONDS = 10.0
KEY = "AIza" + "k" * 35


def _demo(processes: Processes, **env: str) -> tuple[ChildProcess, Site]:
    process, site = serve(processes, **env)
    started(process, site)
    wait_until(site.total, 20, claim="videos arrive")
    return process, site


def _workers(process: ChildProcess) -> list[int]:
    """The gunicorn worker, which is a fork of the master."""
    return [pid for pid in process.survivors() if pid != process.pid]


def _simulators(processes: Processes) -> list[int]:
    living = living_in(processes.folder)
    return [pid for pid, command in living.items() if "-m simulator" in command]


def _fences(processes: Processes) -> list[int]:
    """How often each watch was claimed."""
    with closing(sqlite3.connect(processes.folder / "var/demo.db")) as database:
        rows = database.execute("SELECT fence FROM watches ORDER BY watch_id")
        return [int(fence) for (fence,) in rows]


def _everything_has_ended(processes: Processes) -> None:
    wait_until(lambda: not living_in(processes.folder), LEAVING_SECONDS, claim="all have ended")


def test_without_a_key_simulated_videos_arrive_and_are_marked(processes: Processes) -> None:
    process, site = _demo(processes)
    page = site.get("/videos?limit=100")
    assert page.headers["X-Demo"] == "1"
    times = [str(item["published_at"]) for item in items_of(page.json)]
    assert times == sorted(times, reverse=True)
    assert len(times) > 10
    assert site.get("/health").json == {"status": "ok", "demo": True}
    assert site.get("/ready").json["demo"] is True
    for path in ("/", "/docs", "/openapi.json", "/nowhere", "/videos?page=0"):
        assert site.get(path).headers["X-Demo"] == "1"
    assert b"demo" in site.get("/").body.lower()
    assert process.output().count('"event": "demo"') == 1


@pytest.mark.parametrize("how", ["Ctrl-C", "SIGTERM"])
def test_it_stops_with_all_it_started_and_goes_on_after_a_restart(
    processes: Processes, how: str
) -> None:
    process, site = _demo(processes)
    before = site.total()
    asked_at = time.monotonic()
    if how == "Ctrl-C":
        os.killpg(process.pid, signal.SIGINT)
    else:
        process.send_signal(signal.SIGTERM)
    assert process.wait(LEAVING_SECONDS) == 0
    assert time.monotonic() - asked_at < LEAVING_SECONDS
    _everything_has_ended(processes)
    output = process.output()
    assert "Traceback" not in output
    assert "poll_failed" not in output
    again, site = serve(processes)
    started(again, site)
    assert site.total() >= before
    wait_until(lambda: site.get("/ready").json["problems"] == [], 15, claim="all is well again")


def test_a_killed_worker_is_replaced_and_the_simulator_stays(processes: Processes) -> None:
    process, site = _demo(processes)
    simulators, total = _simulators(processes), site.total()
    [worker] = _workers(process)
    os.kill(worker, signal.SIGKILL)
    wait_until(lambda: _workers(process) not in ([], [worker]) and site.answers(), 20)
    assert _simulators(processes) == simulators
    assert site.total() >= total
    wait_until(lambda: site.get("/ready").json["problems"] == [], 20)
    process.stop()
    _everything_has_ended(processes)


def test_a_killed_master_leaves_nothing_behind_and_the_next_start_goes_on(
    processes: Processes,
) -> None:
    process, site = _demo(processes)
    total = site.total()
    process.kill()
    _everything_has_ended(processes)
    before = _fences(processes)
    _, site = _demo(processes)
    assert site.total() >= total
    wait_until(
        lambda: all(now > then for now, then in zip(_fences(processes), before, strict=True)),
        20,  # a lease of the killed process would hold for 30 s
        claim="every watch is claimed again",
    )


def test_a_second_service_on_the_same_database_is_refused_in_one_line(
    processes: Processes,
) -> None:
    _, site = _demo(processes)
    second, _ = serve(processes)
    assert second.wait() == 1
    [line] = second.output().splitlines()
    assert line == "newsreel: another process holds var/demo.db.lock"
    assert site.answers()


def test_a_port_in_use_is_one_line(processes: Processes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process, _ = serve(processes, PORT=str(port))
        assert process.wait(10) == 1
    [line] = process.output().splitlines()
    assert line == f"newsreel: cannot listen on 127.0.0.1:{port}: Address already in use"
    assert living_in(processes.folder) == {}


@pytest.mark.parametrize("host", ["no.such.host.invalid", "192.0.2.1"])
def test_an_address_that_is_not_ours_is_one_line(processes: Processes, host: str) -> None:
    process, _ = serve(processes, HOST=host)
    assert process.wait(20) == 1
    [line] = process.output().splitlines()
    assert line.startswith(f"newsreel: cannot listen on {host}:")


def test_with_a_key_it_fetches_from_youtube_itself_and_every_video_shown_is_served(
    processes: Processes,
) -> None:
    youtube = Simulated.start(
        processes,
        "--key",
        KEY,
        "--rate",
        "2",
        "--history-seconds",
        "7200",
        "--index-lag",
        "3",
        "--search-calls-per-day",
        "100000",
    )
    env = {
        "YOUTUBE_API_KEYS": KEY,
        "YOUTUBE_API_ENDPOINT": youtube.url,
        "YOUTUBE_SEARCH_CALLS_PER_DAY": "100000",
        "KEYWORDS": "music, boats",
    }
    process, site = serve(processes, **env)
    started(process, site)
    arriving = youtube.publish("Boats at night", index_lag_seconds=2)
    wait_until(lambda: arriving in site.ids(), 20, claim="a new video arrives")
    assert youtube.shown("boats") <= set(site.ids())
    assert len(site.ids()) == len(set(site.ids())) == site.total()
    assert "X-Demo" not in site.get("/videos").headers
    assert site.get("/health").json["demo"] is False
    assert (processes.folder / "var/newsreel.db").exists()
    assert not (processes.folder / "var/demo.db").exists()
    process.stop()
    assert KEY not in process.output()
