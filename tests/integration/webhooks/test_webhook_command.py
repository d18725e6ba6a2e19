"""`python -m app webhook`, as an operator uses it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.contract.sources.wire_server import reply

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.webhooks.receiver import Receiver
    from tests.processes import ChildProcess, Processes

OK, FAILED, MISUSED = 0, 1, 2


def test_webhooks_are_added_tried_paused_replayed_and_removed(
    processes: Processes, tmp_path: Path, target: Receiver
) -> None:
    env = {
        "YOUTUBE_API_KEYS": "some-key",
        "DATABASE_URL": f"sqlite:///{tmp_path}/newsreel.db",
        "OUTGOING_ALLOW": "127.0.0.1",
        "LOG_LEVEL": "error",
    }

    def run(*arguments: str, **more: str) -> tuple[int, str]:
        process: ChildProcess = processes.python("app", *arguments, env={**env, **more})
        return process.wait(), process.output()

    assert run("watch", "add", "sailing")[0] == OK
    code, said = run("webhook", "add", target.url, "--watch", "sailing")
    assert code == OK
    secret = re.search(r"secret, shown only now: (nws_[\w-]{43})\n", said)
    assert secret is not None
    code, said = run("webhook", "list")
    assert said == f"1  watch 1  {target.url}  sent up to 0\n"

    code, said = run("webhook", "test", "1")
    assert (code, said.startswith("arrived: HTTP 204")) == (OK, True)
    assert target.is_signed(0, secret[1])
    target.answers = [reply(b"canary", status=500)]
    code, said = run("webhook", "test", "1")
    assert (code, said) == (FAILED, "newsreel: it did not arrive: HTTP 500\n")

    assert "paused (by_hand)" in run("webhook", "pause", "1")[1]
    assert "sent up to 0" in run("webhook", "resume", "1")[1]
    assert "sent up to 0" in run("webhook", "replay", "1", "0")[1]
    assert run("webhook", "replay", "1", "7") == (
        MISUSED,
        "newsreel: the feed has not come so far\n",
    )
    assert run("webhook", "replay", "1", "-7")[0] == MISUSED
    assert run("webhook", "pause", "x")[0] == MISUSED
    refused = run("webhook", "add", target.url, OUTGOING_ALLOW="")
    assert refused[0] == MISUSED
    assert "public addresses only" in refused[1]
    assert run("webhook", "add", target.url, OUTGOING_ALLOW="10.0.0.1/8")[1].startswith(
        "newsreel: OUTGOING_ALLOW: has '10.0.0.1/8', which is neither"
    )
    assert run("webhook", "remove", "1")[1].startswith("removed: 1  watch 1")
    assert run("webhook", "remove", "1") == (FAILED, "newsreel: there is no webhook 1\n")
