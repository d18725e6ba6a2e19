"""`python -m app webhook`, as an operator uses it."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING

import pytest
import structlog

from app.cli import FAILED, MISUSED, OK, main
from app.settings import Settings
from tests.contract.sources.wire_server import reply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.integration.webhooks.receiver import Receiver

    Run = Callable[..., tuple[int, str]]


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level, configured = root.handlers[:], root.level, structlog.get_config()
    yield
    root.handlers[:], root.level = handlers, level
    structlog.configure(**configured)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command in an empty folder, with a key and loopback allowed; all that it says."""
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("YOUTUBE_API_KEYS", "some-key")
    monkeypatch.setenv("OUTGOING_ALLOW", "127.0.0.1")

    def command(*arguments: str, **values: str) -> tuple[int, str]:
        with monkeypatch.context() as changed:
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

    assert "paused (by_hand)" in run("webhook", "pause", "1")[1]
    assert "sent up to 0" in run("webhook", "resume", "1")[1]
    assert "sent up to 0" in run("webhook", "replay", "1", "0")[1]
    assert run("webhook", "replay", "1", "7") == (
        MISUSED,
        "newsreel: the feed has not come so far\n",
    )
    for wrong in (("replay", "1", "-7"), ("pause", "x"), ("remove", "9" * 19)):
        with pytest.raises(SystemExit):  # as argparse ends it
            run("webhook", *wrong)
    refused = run("webhook", "add", target.url, OUTGOING_ALLOW="")
    assert refused[0] == MISUSED
    assert "public addresses only" in refused[1]
    assert run("webhook", "add", target.url, OUTGOING_ALLOW="10.0.0.1/8")[1].startswith(
        "newsreel: OUTGOING_ALLOW: has '10.0.0.1/8', which is neither"
    )
    assert run("webhook", "remove", "1")[1].startswith("removed: 1  watch 1")
    assert run("webhook", "remove", "1") == (FAILED, "newsreel: there is no webhook 1\n")
