"""`client`: programs that may use the API, and the tokens of feed readers."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from app.cli.session import say, services
from app.domain.errors import InvalidScopeError, InvalidValueError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from app.auth.access import Access
    from app.domain.clients import Client, FeedToken
    from app.domain.feeds import Feed
    from app.settings import Settings

_ONCE = "shown this once; it is kept as a hash"


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Add the commands of the noun."""
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    add = commands.add_parser("add", help="let a program ask for tokens; shows its secret once")
    add.add_argument("name", help="for people; 1 to 100 characters")
    add.add_argument(
        "--scope",
        action="append",
        required=True,
        metavar="SCOPE",
        help="videos:read, videos:write, watches:write or admin; give it once for each",
    )
    add.set_defaults(run=_add)
    commands.add_parser("list", help="show the clients").set_defaults(run=_list)
    rotate = commands.add_parser("rotate", help="another secret; the last one holds on")
    rotate.add_argument("client", help="its name or its id")
    rotate.add_argument(
        "--drop-previous",
        action="store_true",
        help="make none: let only the newest hold, once nobody uses the one before",
    )
    rotate.set_defaults(run=_rotate)
    revoke = commands.add_parser("revoke", help="forget a client; its tokens end within seconds")
    revoke.add_argument("client", help="its name or its id")
    revoke.set_defaults(run=_revoke)
    feed_tokens = commands.add_parser("feed-token", help="what opens one feed to a feed reader")
    _add_feed_token_commands(feed_tokens)


def _add_feed_token_commands(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    add = commands.add_parser("add", help="make one; shows the feed's addresses once")
    which = add.add_mutually_exclusive_group()
    which.add_argument("--watch", help="only a watch's feed: its id or its term")
    which.add_argument("--channel", help="only a channel's feed: its id")
    add.set_defaults(run=_add_feed_token)
    commands.add_parser("list", help="show them").set_defaults(run=_list_feed_tokens)
    revoke = commands.add_parser("revoke", help="let one open nothing any more")
    revoke.add_argument("id", type=int, help="as `feed-token list` shows it")
    revoke.set_defaults(run=_revoke_feed_token)


def _add(settings: Settings, parsed: argparse.Namespace) -> None:
    from app.auth.scopes import parse_scopes

    try:
        scopes = parse_scopes(parsed.scope)
    except InvalidScopeError as error:
        raise InvalidValueError(str(error)) from None
    with _access(settings) as access:
        client, secret = access.clients.add(parsed.name, scopes)
    say(f"added: {_line(client)}")
    _say_secret(client, secret)


def _list(settings: Settings, _parsed: argparse.Namespace) -> None:
    with _access(settings) as access:
        for client in access.clients.list_all():
            say(_line(client))


def _rotate(settings: Settings, parsed: argparse.Namespace) -> None:
    with _access(settings) as access:
        if parsed.drop_previous:
            kept = access.clients.drop_previous(parsed.client)
            say(f"only the newest secret holds: {_line(kept)}")
            return
        client, secret = access.clients.rotate(parsed.client)
    say(f"rotated; the last secret holds on: {_line(client)}")
    _say_secret(client, secret)


def _revoke(settings: Settings, parsed: argparse.Namespace) -> None:
    with _access(settings) as access:
        say(f"revoked: {_line(access.clients.revoke(parsed.client))}")


def _add_feed_token(settings: Settings, parsed: argparse.Namespace) -> None:
    with services(settings) as opened:
        watch = opened.watching.find(parsed.watch).watch_id if parsed.watch else None
        feed = _feed(watch, parsed.channel)
        stored, token = opened.access.feed_tokens.add(feed)
    say(f"added: {_feed_token_line(stored)}")
    chosen = {"watch": feed.watch_id, "channel_id": feed.channel_id}
    query = urlencode(
        {name: it for name, it in chosen.items() if it is not None} | {"token": token}
    )
    say(f"  /feed.atom?{query}\n  /feed.json?{query}\n  ({_ONCE})")


def _list_feed_tokens(settings: Settings, _parsed: argparse.Namespace) -> None:
    with _access(settings) as access:
        for stored in access.feed_tokens.list_all():
            say(_feed_token_line(stored))


def _revoke_feed_token(settings: Settings, parsed: argparse.Namespace) -> None:
    with _access(settings) as access:
        access.feed_tokens.revoke(parsed.id)
        say(f"revoked: {parsed.id}")


@contextmanager
def _access(settings: Settings) -> Iterator[Access]:
    with services(settings) as opened:
        yield opened.access


def _feed(watch_id: int | None, channel: str | None) -> Feed:
    from app.domain.channels import parse_channel
    from app.domain.feeds import Feed

    return Feed(watch_id, None if channel is None else parse_channel(channel))


def _say_secret(client: Client, secret: str) -> None:
    say(f"  client_id      {client.client_id}\n  client_secret  {secret}\n  ({_ONCE})")


def _line(client: Client) -> str:
    from app.domain.clock import format_instant

    secrets = "two secrets" if client.previous_hash else "one secret"
    made = format_instant(client.rotated_at or client.created_at)
    scopes = " ".join(sorted(client.scopes))
    return f"{client.client_id}  {client.name}  {scopes}  {secrets}, the newest of {made}"


def _feed_token_line(stored: FeedToken) -> str:
    from app.domain.clock import format_instant

    return f"{stored.feed_token_id}  {stored.feed.name}  since {format_instant(stored.created_at)}"
