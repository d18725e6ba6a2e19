"""`python -m app client`: secrets are shown once, and do what the API says of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from app.bootstrap import build_services
from app.cli import FAILED, MISUSED, OK, main
from app.domain.errors import InvalidClientError
from app.domain.feeds import ALL, Feed
from app.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.auth.access import Access

    Run = Callable[..., tuple[int, str, str]]

CHANNEL = "UC0123456789012345678901"


@pytest.fixture
def run(environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command in an empty folder; returns its code and what it said."""
    environment.setenv("YOUTUBE_API_KEYS", "some-key")

    def command(*arguments: str) -> tuple[int, str, str]:
        code = main(arguments)
        said = capsys.readouterr()
        return code, said.out, said.err

    return command


@pytest.fixture
def access(run: Run) -> Access:
    assert run("migrate")[0] == OK
    return build_services(Settings()).access


def holds(access: Access, client_id: str, secret: str) -> bool:
    try:
        access.grants.issue(client_id, secret)
    except InvalidClientError:
        return False
    return True


def shown(out: str) -> tuple[str, str]:
    return re.findall(r"client_id +(\S+)", out)[0], re.findall(r"client_secret +(\S+)", out)[0]


def test_a_client_is_added_listed_rotated_and_revoked(run: Run, access: Access) -> None:
    code, out, _ = run("client", "add", "my app", "--scope", "admin", "--scope", "videos:read")
    client_id, first = shown(out)
    assert (code, holds(access, client_id, first)) == (OK, True)
    assert f"{client_id}  my app  admin videos:read  one secret" in run("client", "list")[1]
    _, second = shown(run("client", "rotate", "my app")[1])
    assert "two secrets" in run("client", "list")[1]
    assert holds(access, client_id, first)
    assert holds(access, client_id, second)
    run("client", "rotate", client_id, "--drop-previous")
    assert not holds(access, client_id, first)
    assert holds(access, client_id, second)
    listed = run("client", "list")[1]
    assert not [it for it in (first, second) if it in listed]
    assert run("client", "revoke", "my app")[0] == OK
    assert not holds(access, client_id, second)
    assert run("client", "list") == (OK, "", "")


@pytest.mark.parametrize("scopes", [["everything"], ["public"], ["admin", "ADMIN"], [""]])
def test_a_scope_that_does_not_exist_is_misuse(run: Run, access: Access, scopes: list[str]) -> None:
    given = [part for scope in scopes for part in ("--scope", scope)]
    code, out, err = run("client", "add", "a", *given)
    assert (code, out) == (MISUSED, "")
    assert err == "newsreel: the scopes are videos:read, videos:write, watches:write, admin\n"
    assert access.clients.list_all() == []


def test_a_client_without_a_scope_is_misuse(run: Run) -> None:
    with pytest.raises(SystemExit) as ended:
        run("client", "add", "a")
    assert ended.value.code == MISUSED


@pytest.mark.parametrize("command", ["rotate", "revoke"])
def test_a_client_that_does_not_exist_cannot_be_changed(run: Run, command: str) -> None:
    assert run("client", command, "x") == (FAILED, "", "newsreel: there is no client 'x'\n")


def test_a_name_is_given_once(run: Run) -> None:
    run("client", "add", "a", "--scope", "admin")
    code, _, err = run("client", "add", "a", "--scope", "admin")
    assert (code, err) == (FAILED, "newsreel: there is a client 'a' already\n")


@pytest.mark.parametrize(
    ("options", "feed", "query"),
    [
        ([], ALL, ""),
        (["--watch", "news"], Feed(watch_id=1), "watch=1&"),
        (["--watch", "1"], Feed(watch_id=1), "watch=1&"),
        (["--channel", CHANNEL], Feed(channel_id=CHANNEL), f"channel_id={CHANNEL}&"),
    ],
)
def test_a_feed_token_is_shown_as_addresses_listed_and_revoked(
    run: Run, access: Access, options: list[str], feed: Feed, query: str
) -> None:
    run("watch", "add", "news")
    out = run("client", "feed-token", "add", *options)[1]
    [token] = set(re.findall(r"token=(\S+)", out))
    assert f"/feed.atom?{query}token={token}\n  /feed.json?{query}token={token}\n" in out
    assert access.feed_tokens.opens(token, feed)
    assert run("client", "feed-token", "list")[1].startswith(f"1  {feed.name}  since ")
    assert token not in run("client", "feed-token", "list")[1]
    assert run("client", "feed-token", "revoke", "1")[0] == OK
    assert not access.feed_tokens.opens(token, feed)
    assert run("client", "feed-token", "revoke", "1")[0] == FAILED


@pytest.mark.parametrize(
    ("option", "code"), [(("--watch", "nothing"), FAILED), (("--channel", "x"), MISUSED)]
)
def test_a_token_is_made_for_no_feed_that_cannot_be(
    run: Run, access: Access, option: tuple[str, str], code: int
) -> None:
    assert run("client", "feed-token", "add", *option)[0] == code
    assert access.feed_tokens.list_all() == []
