"""`keys`: the API keys, by their fingerprints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.cli.session import say, services
from app.domain.errors import (
    KeyRejectedError,
    NewsreelError,
    NotFoundError,
    NoUsableKeyError,
    SourceError,
)

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from app.bootstrap import Services
    from app.domain.quota import KeyReport, Usage
    from app.settings import Settings


class KeysFailedError(NewsreelError):
    """Some of the keys that were tested cannot be used."""

    code = "keys_failed"


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Add the commands of the noun."""
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    show = commands.add_parser("list", help="show the keys and what was used today")
    show.set_defaults(run=_list)
    test = commands.add_parser("test", help="try the keys, with a call of one unit each")
    test.add_argument("fingerprint", nargs="?", help="of one key; all without it")
    test.set_defaults(run=_test)
    for name, run, text in (
        ("enable", _enable, "let a key be used again, whatever took it out of use"),
        ("disable", _disable, "use a key no more until it is enabled"),
    ):
        command = commands.add_parser(name, help=text)
        command.add_argument("fingerprint", help="as `keys list` shows it")
        command.set_defaults(run=run)


def _list(settings: Settings, _parsed: argparse.Namespace) -> None:
    with services(settings) as opened:
        _known_keys(opened)
        for project in opened.quota.report().projects:
            for key in project.keys:
                say(_key_line(key, project.usage))


def _test(settings: Settings, parsed: argparse.Namespace) -> None:
    with services(settings) as opened:
        named = [parsed.fingerprint] if parsed.fingerprint else _known_keys(opened)
        works = [_tell_tested(opened, fingerprint) for fingerprint in named]
    if not all(works):
        raise KeysFailedError(f"{works.count(False)} of {len(works)} keys cannot be used now")


def _known_keys(opened: Services) -> list[str]:
    known = [key.fingerprint for key in opened.keys.list_all()]
    if not known:
        raise NotFoundError("no YouTube API key is configured")
    return known


def _tell_tested(opened: Services, fingerprint: str) -> bool:
    trouble = opened.keys.test(fingerprint)
    if trouble is None:
        say(f"{fingerprint}  ok")
        return True
    say(f"{fingerprint}  {_name(trouble)}: {trouble}")
    return False


def _enable(settings: Settings, parsed: argparse.Namespace) -> None:
    with services(settings) as opened:
        opened.keys.enable(parsed.fingerprint)
        say(f"enabled: {parsed.fingerprint}")


def _disable(settings: Settings, parsed: argparse.Namespace) -> None:
    with services(settings) as opened:
        opened.keys.disable(parsed.fingerprint)
        say(f"disabled until it is enabled: {parsed.fingerprint}")


def _key_line(key: KeyReport, usage: Sequence[Usage]) -> str:
    from app.domain.clock import format_instant

    spent = (f"{used.bucket} {used.used}/{used.limit}" for used in usage)
    line = "  ".join([key.fingerprint, key.project, key.state, *spent])
    if key.status is None:
        return line
    until = f" until {format_instant(key.status.until)}" if key.status.until else ""
    return f"{line}  since {format_instant(key.status.since)}{until}: {key.status.reason}"


def _name(trouble: SourceError | NoUsableKeyError) -> str:
    if isinstance(trouble, KeyRejectedError | NoUsableKeyError):
        return trouble.reason
    return trouble.code
