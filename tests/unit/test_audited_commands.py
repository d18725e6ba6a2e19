"""What is done by commands stands in the audit log, and no secret does."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from app.bootstrap import build_services
from app.cli import FAILED, MISUSED, OK, main
from app.domain.audit import Action, AuditEntry, AuditQuery
from app.domain.intake import Finding
from app.domain.quota import parse_keys
from app.domain.videos import Source
from app.settings import Settings
from tests.contract.store.tellings import NOW, VIDEO

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., tuple[int, str]]

KEY = "some-key-that-is-a-canary"
CHANNEL = "UC0123456789012345678901"


@pytest.fixture
def run(environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command in an empty folder; returns its code and what it said."""
    environment.setenv("YOUTUBE_API_KEYS", KEY)

    def command(*arguments: str) -> tuple[int, str]:
        capsys.readouterr()
        code = main(arguments)
        return code, capsys.readouterr().out

    assert command("migrate")[0] == OK
    return command


def entries() -> list[AuditEntry]:
    """The log, oldest first."""
    opened = build_services(Settings())
    lines = opened.audit_log.page(AuditQuery(100)).lines[::-1]
    opened.close()
    return list(lines)


def store_a_video() -> None:
    opened = build_services(Settings())
    opened.store.write(lambda t: t.record([Finding(VIDEO, Source.SEARCH)], NOW))
    opened.close()


def test_every_command_that_changes_something_leaves_an_entry(run: Run, tmp_path: Path) -> None:
    [key] = parse_keys(KEY)
    (tmp_path / "list.txt").write_text("sailing\nnews\n")
    store_a_video()
    said = ""
    for command in (
        ("watch", "add", "news"),
        ("watch", "pause", "news"),
        ("watch", "add", CHANNEL),
        ("watch", "fetch", CHANNEL),
        ("watch", "backfill", CHANNEL),
        ("watch", "remove", CHANNEL),
        ("import", "list.txt"),
        ("video", "hide", VIDEO.video_id, "--note", f"see key={KEY}"),
        ("video", "show", VIDEO.video_id),
        ("keys", "disable", key.fingerprint),
        ("keys", "enable", key.fingerprint),
        ("client", "add", "my app", "--scope", "admin"),
        ("client", "rotate", "my app"),
        ("client", "rotate", "my app", "--drop-previous"),
        ("client", "revoke", "my app"),
        ("client", "feed-token", "add"),
        ("client", "feed-token", "revoke", "1"),
    ):
        code, out = run(*command)
        assert code == OK, command
        said += out
    noted = entries()
    assert [entry.action for entry in noted] == [
        *(Action.WATCH_ADDED, Action.WATCH_CHANGED, Action.WATCH_ADDED, Action.WATCH_FETCHED),
        *(Action.WATCH_BACKFILLED, Action.WATCH_REMOVED),
        *(Action.WATCH_ADDED, Action.WATCHES_IMPORTED),
        *(Action.VIDEO_HIDDEN, Action.VIDEO_SHOWN, Action.KEY_DISABLED, Action.KEY_ENABLED),
        *(Action.CLIENT_ADDED, Action.CLIENT_ROTATED, Action.CLIENT_ROTATED),
        *(Action.CLIENT_REVOKED, Action.FEED_TOKEN_ADDED, Action.FEED_TOKEN_REVOKED),
    ]
    assert {(entry.actor.name, entry.actor.address) for entry in noted} == {("cli", None)}
    imported = next(entry for entry in noted if entry.action == Action.WATCHES_IMPORTED)
    assert imported.details == {"file": "list.txt", "new": 1, "known": 1, "rejected": 0}
    secrets = {KEY, *re.findall(r"nr[sf]_[\w-]+", said)}
    assert len(secrets) == 4
    assert not any(secret in str(noted) for secret in secrets)


def test_what_changes_nothing_or_fails_leaves_no_entry(run: Run, tmp_path: Path) -> None:
    [key] = parse_keys(KEY)
    for done in (
        ("watch", "add", "news"),
        ("watch", "add", CHANNEL),
        ("watch", "backfill", CHANNEL),
        ("keys", "disable", key.fingerprint),
        ("client", "add", "my app", "--scope", "admin"),
    ):
        assert run(*done)[0] == OK
    (tmp_path / "list.txt").write_text("sailing\n")
    before = entries()
    for code, command in (
        (OK, ("watch", "add", "news")),
        (OK, ("watch", "backfill", CHANNEL)),
        (OK, ("keys", "disable", key.fingerprint)),
        (OK, ("client", "rotate", "my app", "--drop-previous")),
        (OK, ("watch", "resume", "news")),
        (OK, ("import", "--dry-run", "list.txt")),
        (FAILED, ("watch", "remove", "other")),
        (FAILED, ("video", "hide", VIDEO.video_id)),
        (FAILED, ("video", "hide", "überlang!!!")),
        (FAILED, ("keys", "disable", "nothing")),
        (FAILED, ("client", "revoke", "nobody")),
        (FAILED, ("client", "feed-token", "revoke", "7")),
    ):
        assert run(*command)[0] == code, command
    assert entries() == before
    assert run("keys", "enable", key.fingerprint)[0] == OK
    before = entries()
    assert run("keys", "enable", key.fingerprint)[0] == OK
    assert entries() == before


def test_hidden_videos_are_listed_with_who_hid_them_and_why(run: Run) -> None:
    store_a_video()
    assert run("video", "hidden") == (OK, "")
    code, out = run("video", "hide", VIDEO.video_id, "--note", "spam")
    assert (code, out.startswith(f"hidden: {VIDEO.video_id}  A title  since 2")) == (OK, True)
    assert out.endswith("by cli  spam\n")
    assert run("video", "hidden") == (OK, out.removeprefix("hidden: "))
    assert run("video", "show", VIDEO.video_id) == (OK, f"shown: {VIDEO.video_id}\n")
    assert run("video", "hidden") == (OK, "")


def test_a_note_of_more_than_a_line_is_refused(run: Run) -> None:
    store_a_video()
    assert run("video", "hide", VIDEO.video_id, "--note", "a\nb")[0] == MISUSED
    assert run("video", "hide", VIDEO.video_id, "--note", "x" * 501)[0] == MISUSED
    assert entries() == []
