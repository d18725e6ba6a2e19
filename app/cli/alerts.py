"""`alerts`: whether the operator can be told of trouble."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.cli.session import say

if TYPE_CHECKING:
    import argparse

    from app.settings import Settings


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Add the commands of the noun."""
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    test = commands.add_parser("test", help="send a message to every address of ALERT_URLS")
    test.set_defaults(run=_test)


def _test(settings: Settings, _parsed: argparse.Namespace) -> None:
    from app.alerts.apprise_sender import AppriseSender
    from app.domain.alerts import Message
    from app.domain.errors import UpstreamError
    from app.settings import SettingsError

    sender = AppriseSender(settings.alert_url_list)
    if not sender.count:
        raise SettingsError("ALERT_URLS: is empty, so nobody is told of anything")
    failures = sender.send(Message("Newsreel: a test", "This is how you are told.", good=True))
    if failures:
        raise UpstreamError("; ".join(failures))
    say(f"sent to {sender.count}")
