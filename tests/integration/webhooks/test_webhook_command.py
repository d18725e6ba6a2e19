"""`python -m app webhook`, as an operator uses it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from app.cli import FAILED, MISUSED, OK, main
from tests.contract.sources.wire_server import reply

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.webhooks.receiver import Receiver

    Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command in an empty folder, with a key and loopback allowed; all that it says."""
    environment.setenv("YOUTUBE_API_KEYS", "some-key")
    environment.setenv("OUTGOING_ALLOW", "127.0.0.1")

    def command(*arguments: str, **values: str) -> tuple[int, str]:
        with environment.context() as changed:
            for name, value in values.items():
                changed.setenv(name, value)
            code = main(arguments)
        return code, "".join(capsys.readouterr())

    return command


def test_webhooks_are_added_tried_paused_replayed_and_removed(run: Run, target: Receiver) -> None:
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

    code, said = run("webhook", "log", "1")
    assert code == OK
    assert [line.partition("  ")[2].split(" after")[0] for line in said.splitlines()] == [
        "0 videos, seq 0 to 0  HTTP 204",
        "0 videos, seq 0 to 0  HTTP 500",
    ]
    assert run("webhook", "log", "7") == (FAILED, "newsreel: there is no webhook 7\n")

    assert "paused (by_hand)" in run("webhook", "pause", "1")[1]
    assert "sent up to 0" in run("webhook", "resume", "1")[1]
    assert "sent up to 0" in run("webhook", "replay", "1", "0")[1]
    assert run("webhook", "replay", "1", "7") == (
        MISUSED,
        "newsreel: the feed has not come so far\n",
    )
    for wrong in (
        ("replay", "1", "-7"),
        ("pause", "x"),
        ("remove", "9" * 19),
        ("rotate", "1", "--overlap-hours", "169"),
    ):
        with pytest.raises(SystemExit):  # as argparse ends it
            run("webhook", *wrong)
    refused = run("webhook", "add", target.url, OUTGOING_ALLOW="")
    assert refused[0] == MISUSED
    assert "public addresses only" in refused[1]
    assert run("webhook", "add", target.url, OUTGOING_ALLOW="10.0.0.1/8")[1].startswith(
        "newsreel: OUTGOING_ALLOW: has '10.0.0.1/8', which is neither"
    )
    code, said = run("webhook", "rotate", "1", "--overlap-hours", "0")
    assert code == OK
    rotated = re.search(r"secret, shown only now: (nws_[\w-]{43})\n", said)
    assert rotated is not None
    run("webhook", "test", "1")
    assert target.is_signed(-1, rotated[1])
    assert not target.is_signed(-1, secret[1])
    assert run("webhook", "remove", "1")[1].startswith("removed: 1  watch 1")
    assert run("webhook", "remove", "1") == (FAILED, "newsreel: there is no webhook 1\n")
