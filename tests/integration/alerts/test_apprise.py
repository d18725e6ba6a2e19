"""Messages through the real Apprise, to a receiver on loopback."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from app.alerts.apprise_sender import AppriseSender
from app.domain.alerts import Message
from tests.contract.sources.wire_server import endless, reply, wire_server
from tests.processes import SECRET_KEY

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from tests.processes import Processes

BAD, GOOD = (
    Message("Newsreel: trouble", "it is bad\n<b>&", good=False),
    Message("t", "b", good=True),
)


def at(endpoint: str, path: str = "canary") -> str:
    return endpoint.replace("http://", "json://") + path


def test_a_message_reaches_every_address() -> None:
    with wire_server(reply(b"")) as one, wire_server(reply(b"")) as other:
        sender = AppriseSender([at(one.endpoint), at(other.endpoint)])
        assert sender.send(BAD) == []
        assert sender.send(GOOD) == []
    for server in (one, other):
        bodies = [json.loads(request.body) for request in server.requests]
        assert [(it["title"], it["message"], it["type"]) for it in bodies] == [
            ("Newsreel: trouble", "it is bad\n<b>&", "failure"),
            ("t", "b", "success"),
        ]


def test_who_does_not_take_it_is_named_by_number_and_scheme() -> None:
    with wire_server(reply(b"")) as works, wire_server(reply(b"", status=500)) as fails:
        urls = [at(works.endpoint), at(fails.endpoint), "nonsense://canary/x"]
        assert AppriseSender(urls).send(BAD) == [
            "ALERT_URLS: no. 2 (json) did not take the message",
            "ALERT_URLS: no. 3 (nonsense) is no address that Apprise knows",
        ]
    assert len(works.requests) == 1


def test_who_takes_too_long_is_left_and_who_took_it_is_known() -> None:
    slow = endless(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n", 0.1)
    with wire_server(slow) as hangs, wire_server(reply(b"")) as works:
        sender = AppriseSender([at(hangs.endpoint), at(works.endpoint)], timeout_seconds=3)
        assert sender.send(BAD) == ["ALERT_URLS: no. 1 (json) did not answer in time"]
    assert len(works.requests) == 1


def test_a_program_that_cannot_run_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    assert AppriseSender(["json://canary/"]).send(BAD) == [
        "ALERT_URLS: no. 1 (json) could not be tried (FileNotFoundError)"
    ]


def test_the_command_says_whether_everybody_was_reached(
    processes: Processes, tmp_path: Path
) -> None:
    with wire_server(reply(b"")) as works, wire_server(reply(b"", status=500)) as fails:
        for urls, code, told in (
            (at(works.endpoint), 0, "sent to 1\n"),
            (f"{at(works.endpoint)},{at(fails.endpoint)}", 1, "no. 2 (json) did not take"),
            ("", 2, "ALERT_URLS: is empty"),
            ("example.org/canary", 2, "ALERT_URLS: must be Apprise URLs"),
        ):
            env = {"ALERT_URLS": urls, "DATABASE_URL": f"sqlite:///{tmp_path}/newsreel.db"}
            process = processes.python("app", "alerts", "test", env=env)
            assert process.wait() == code
            assert told in process.output()
            assert "canary" not in process.output()


def test_apprise_is_in_no_process_that_lives_on(processes: Processes) -> None:
    code = "import app.bootstrap, app.wsgi, sys; sys.exit('apprise' in sys.modules)"
    process = processes.start(sys.executable, "-c", code, env={"SECRET_KEY": SECRET_KEY})
    assert process.wait() == 0, process.output()
