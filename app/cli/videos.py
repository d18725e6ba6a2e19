"""`video`: what nobody is to see."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.cli.session import say, services

if TYPE_CHECKING:
    import argparse

    from app.domain.moderation import HiddenVideo
    from app.settings import Settings


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Add the commands of the noun."""
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    hide = commands.add_parser("hide", help="take a video out of every feed, now and for good")
    hide.add_argument("--note", metavar="TEXT", help="why, up to 500 characters")
    hide.set_defaults(run=_hide)
    show = commands.add_parser("show", help="let it be seen again")
    show.set_defaults(run=_show)
    for command in (hide, show):
        command.add_argument("video", help="its id on YouTube, after -- if it begins with -")
    commands.add_parser("hidden", help="list what is hidden").set_defaults(run=_hidden)


def _hide(settings: Settings, parsed: argparse.Namespace) -> None:
    with services(settings) as opened:
        done = opened.moderation.set_hidden(parsed.video, hidden=True, note=parsed.note)
    if done.hidden is not None:
        say(f"hidden: {_line(done.hidden)}")


def _show(settings: Settings, parsed: argparse.Namespace) -> None:
    with services(settings) as opened:
        opened.moderation.set_hidden(parsed.video, hidden=False)
    say(f"shown: {parsed.video}")


def _hidden(settings: Settings, _parsed: argparse.Namespace) -> None:
    with services(settings) as opened:
        for mark in opened.moderation.list_hidden():
            say(_line(mark))


def _line(mark: HiddenVideo) -> str:
    from app.domain.clock import format_instant

    told = "(not stored now)" if mark.title is None else mark.title
    since = f"since {format_instant(mark.hidden_at)} by {mark.hidden_by}"
    return "  ".join(filter(None, [mark.video_id, told, since, mark.note]))
