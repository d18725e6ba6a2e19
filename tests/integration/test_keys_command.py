"""`python -m app keys`, as an operator uses it, against the simulator."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from app.domain.quota import ApiKey
from tests.processes import ChildProcess, Processes
from tests.waiting import wait_until

GOOD, BAD = "good-canary", "expired-canary"
LISTENING = re.compile(r"listening on (http://127\.0\.0\.1:\d+)\n")
Keys = Callable[..., ChildProcess]


def _print(secret: str) -> str:
    return ApiKey(secret, "").fingerprint


@pytest.fixture
def keys(processes: Processes, tmp_path: Path) -> Keys:
    """Runs `keys ...` to its end with a good key and an expired one."""
    simulator = processes.python("simulator", "--port=0", "--key", f"{GOOD}:p", f"{BAD}:q:expired")
    listening = wait_until(lambda: LISTENING.search(simulator.output()), claim="it listens")
    assert listening is not None
    settings = {
        "YOUTUBE_API_KEYS": f"main:{GOOD},spare:{BAD}",
        "YOUTUBE_API_ENDPOINT": listening[1],
        "DATABASE_URL": f"sqlite:///{tmp_path}/newsreel.db",
        "LOG_LEVEL": "error",
    }

    def run(*arguments: str, **env: str) -> ChildProcess:
        process = processes.python("app", "keys", *arguments, env={**settings, **env})
        process.wait()
        assert "canary" not in process.output()
        return process

    return run


def _lines(process: ChildProcess) -> list[str]:
    """What was said to the operator, without the log."""
    return [line for line in process.output().splitlines() if not line.startswith("{")]


def test_keys_are_tested_listed_disabled_and_enabled(keys: Keys) -> None:
    tested = keys("test")
    assert tested.returncode == 1
    good, bad, summary = _lines(tested)
    assert good == f"{_print(GOOD)}  ok"
    assert bad.startswith(f"{_print(BAD)}  expired: ")
    assert summary == "newsreel: 1 of 2 keys cannot be used now"

    first, second = _lines(keys("list"))
    assert first == f"{_print(GOOD)}  main  usable  search 0/100  units 1/10000"
    assert second.startswith(f"{_print(BAD)}  spare  disabled  search 0/100  units 1/10000  since ")
    assert re.search(r" until \S+Z: expired: ", second)

    assert keys("disable", _print(GOOD)).returncode == 0
    [first, _] = _lines(keys("list"))
    assert first.startswith(f"{_print(GOOD)}  main  held ")
    assert first.endswith(": disabled by the operator")
    assert keys("enable", _print(GOOD)).returncode == 0
    assert _lines(keys("test", _print(GOOD))) == [f"{_print(GOOD)}  ok"]


def test_an_unknown_fingerprint_fails_and_a_key_is_not_repeated(keys: Keys) -> None:
    refused = keys("disable", BAD)
    assert refused.returncode == 1
    assert _lines(refused) == ["newsreel: no configured key has this fingerprint"]


def test_without_keys_it_says_so(keys: Keys) -> None:
    process = keys("list", YOUTUBE_API_KEYS="")
    assert process.returncode == 1
    assert _lines(process) == ["newsreel: no YouTube API key is configured"]
