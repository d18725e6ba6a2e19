"""The command line, a module per noun.

Each command imports what it needs when it runs, so that `--help` is quick.
Exit codes: 0 done, 1 it could not be done now, 2 wrong usage or settings, 130 interrupted; of
`doctor`, 1 the feed does not work, 3 there are warnings.
"""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING

from app.cli import (
    alerts,
    backups,
    clients,
    copying,
    doctor,
    exporting,
    importing,
    keys,
    videos,
    watches,
    webhooks,
)
from app.cli.session import say, services
from app.domain.errors import InvalidValueError, NewsreelError
from app.settings import Settings, SettingsError
from app.startup import WRONG_SETTINGS, checked_settings, tell
from app.telemetry import configure_logging

if TYPE_CHECKING:
    from collections.abc import Sequence

OK, FAILED, MISUSED, INTERRUPTED = 0, 1, WRONG_SETTINGS, 130


def main(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code."""
    parsed = _parser().parse_args(arguments)
    try:
        settings = checked_settings()
        configure_logging(settings.log_level)
        ended: int | None = parsed.run(settings, parsed)
        sys.stdout.flush()
    except BrokenPipeError:  # `export videos | head`: nobody is there to be told
        _drop_output()
        return FAILED
    except (SettingsError, InvalidValueError) as error:
        return _fail(error, MISUSED)
    except (NewsreelError, OSError) as error:
        _drop_output()
        return _fail(error, FAILED)
    except KeyboardInterrupt:
        return INTERRUPTED
    return OK if ended is None else ended


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m app", description="Newsreel")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    serve = commands.add_parser("serve", help="serve and fetch in one process")
    serve.set_defaults(run=_serve)
    migrate = commands.add_parser("migrate", help="bring the database's schema up to date")
    migrate.set_defaults(run=_migrate)
    backups.add_backup(commands.add_parser("backup", help="copy the embedded mode's database"))
    backups.add_restore(commands.add_parser("restore", help="put such a copy in its place"))
    copying.add_command(commands.add_parser("copy", help="copy one database into another"))
    doctor.add_command(commands.add_parser("doctor", help="look for what is wrong"))
    watches.add_commands(commands.add_parser("watch", help="what is watched"))
    videos.add_commands(commands.add_parser("video", help="what nobody is to see"))
    refresh = commands.add_parser("refresh", help="ask about stored videos that are due for it")
    refresh.add_argument("--all", action="store_true", help="ask about every stored video")
    refresh.set_defaults(run=_refresh)
    keys.add_commands(commands.add_parser("keys", help="the API keys, by their fingerprints"))
    clients.add_commands(commands.add_parser("client", help="who may use the API"))
    webhooks.add_commands(commands.add_parser("webhook", help="who is sent new videos"))
    alerts.add_commands(commands.add_parser("alerts", help="how you are told of trouble"))
    importing.add_command(commands.add_parser("import", help="watch what a file lists"))
    openapi = commands.add_parser("openapi", help="write the document of /openapi.json")
    openapi.set_defaults(run=_openapi)
    exporting.add_commands(commands.add_parser("export", help="write watches or videos to a file"))
    return parser


def _serve(settings: Settings, _parsed: argparse.Namespace) -> None:
    from app.embedded.server import serve

    serve(settings)


def _migrate(settings: Settings, _parsed: argparse.Namespace) -> None:
    from app.bootstrap import build_services

    built = build_services(settings)
    built.store.migrate()
    built.close()


def _openapi(settings: Settings, _parsed: argparse.Namespace) -> None:
    from app.bootstrap import build_services
    from app.web.factory import create_app, document_of

    built = build_services(settings)
    sys.stdout.write(document_of(create_app(built)))
    built.close()


def _refresh(settings: Settings, parsed: argparse.Namespace) -> None:
    from app.ingest.refresher import Refreshed

    done = Refreshed()
    with services(settings) as opened:
        refresher = opened.refresher
        try:
            for batch in refresher.everything() if parsed.all else refresher.due_now():
                done.add(refresher.refresh(batch))
        finally:
            say(
                f"asked about {done.asked} videos: {done.told} told, {done.updated} changed, "
                f"{done.missing} missing, {done.deleted} of them deleted"
            )


def _fail(error: Exception, code: int) -> int:
    tell(error)
    return code


def _drop_output() -> None:
    """Let go of what stdout does not take, or the interpreter fails by it once more at its end."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
