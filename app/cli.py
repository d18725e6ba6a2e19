"""The command line. Each command imports what it needs when it runs, so that `--help` is quick.

Exit codes: 0 done, 1 it could not be done now, 2 wrong usage or settings, 130 interrupted.
"""

from __future__ import annotations

import argparse
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from app.domain.errors import (
    InvalidValueError,
    KeyRejectedError,
    NewsreelError,
    NotFoundError,
    NoUsableKeyError,
    SourceError,
)
from app.settings import Settings, SettingsError
from app.startup import WRONG_SETTINGS, checked_settings, tell
from app.telemetry import configure_logging

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from app.bootstrap import Services
    from app.domain.quota import KeyReport, Usage
    from app.domain.watches import Watch
    from app.ingest.planning import Preview
    from app.ingest.watching import Watching

OK, FAILED, MISUSED, INTERRUPTED = 0, 1, WRONG_SETTINGS, 130


class KeysFailedError(NewsreelError):
    """Some of the keys that were tested cannot be used."""

    code = "keys_failed"


def main(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code."""
    parsed = _parser().parse_args(arguments)
    try:
        settings = checked_settings()
        configure_logging(settings.log_level)
        parsed.run(settings, parsed)
    except (SettingsError, InvalidValueError) as error:
        return _fail(error, MISUSED)
    except (NewsreelError, OSError) as error:
        return _fail(error, FAILED)
    except KeyboardInterrupt:
        return INTERRUPTED
    return OK


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m app", description="Newsreel")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    serve = commands.add_parser("serve", help="serve and fetch in one process")
    serve.set_defaults(run=_serve)
    migrate = commands.add_parser("migrate", help="bring the database's schema up to date")
    migrate.set_defaults(run=_migrate)
    _add_watch_commands(commands.add_parser("watch", help="what is watched"))
    refresh = commands.add_parser("refresh", help="ask about stored videos that are due for it")
    refresh.add_argument("--all", action="store_true", help="ask about every stored video")
    refresh.set_defaults(run=_refresh)
    _add_key_commands(commands.add_parser("keys", help="the API keys, by their fingerprints"))
    return parser


def _add_watch_commands(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    add = commands.add_parser("add", help="watch a keyword")
    add.add_argument("keyword", help="1 to 200 characters; put -- before one that begins with -")
    add.set_defaults(run=_watch_add)
    plan = commands.add_parser("plan", help="say what a keyword would cost; changes nothing")
    plan.add_argument("keyword", help="as for add")
    plan.add_argument(
        "--videos-per-day", type=float, metavar="N", help="as many as the present watches, if unset"
    )
    plan.set_defaults(run=_watch_plan)
    commands.add_parser("list", help="show the watches").set_defaults(run=_watch_list)
    backfill = commands.add_parser("backfill", help="read all that a channel ever published")
    backfill.add_argument("watch_id", type=int, metavar="ID", help="as `watch list` shows it")
    backfill.set_defaults(run=_watch_backfill)
    for name, run, text in (
        ("pause", _watch_pause, "stop fetching, keep the videos"),
        ("resume", _watch_resume, "fetch again"),
        ("remove", _watch_remove, "stop watching, keep the videos"),
    ):
        command = commands.add_parser(name, help=text)
        command.add_argument("watch", help="its id or its keyword, after -- if it begins with -")
        command.set_defaults(run=run)


def _add_key_commands(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    show = commands.add_parser("list", help="show the keys and what was used today")
    show.set_defaults(run=_keys_list)
    test = commands.add_parser("test", help="try the keys, with a call of one unit each")
    test.add_argument("fingerprint", nargs="?", help="of one key; all without it")
    test.set_defaults(run=_keys_test)
    for name, run, text in (
        ("enable", _keys_enable, "let a key be used again, whatever took it out of use"),
        ("disable", _keys_disable, "use a key no more until it is enabled"),
    ):
        command = commands.add_parser(name, help=text)
        command.add_argument("fingerprint", help="as `keys list` shows it")
        command.set_defaults(run=run)


def _serve(settings: Settings, _parsed: argparse.Namespace) -> None:
    from app.embedded.server import serve

    serve(settings)


def _migrate(settings: Settings, _parsed: argparse.Namespace) -> None:
    from app.bootstrap import build_services

    services = build_services(settings)
    services.store.migrate()
    services.close()


def _watch_add(settings: Settings, parsed: argparse.Namespace) -> None:
    with _watching(settings) as watching:
        watch, is_new = watching.add_keyword(parsed.keyword)
        _say(f"{'added' if is_new else 'known already'}: {_line(watch)}")


def _watch_plan(settings: Settings, parsed: argparse.Namespace) -> None:
    with _services(settings) as services:
        preview = services.planning.preview(parsed.keyword, parsed.videos_per_day)
    for line in _plan_lines(preview):
        _say(line)


def _watch_list(settings: Settings, _parsed: argparse.Namespace) -> None:
    with _watching(settings) as watching:
        for watch in watching.list_all():
            _say(_line(watch))


def _watch_backfill(settings: Settings, parsed: argparse.Namespace) -> None:
    with _services(settings) as services:
        watch = services.backfill.request(parsed.watch_id)
        _say(f"wanted from its beginning: {_line(watch)}")


def _watch_pause(settings: Settings, parsed: argparse.Namespace) -> None:
    with _watching(settings) as watching:
        found = watching.find(parsed.watch)
        _say(_line(watching.set_paused(found.watch_id, paused=True)))


def _watch_resume(settings: Settings, parsed: argparse.Namespace) -> None:
    with _watching(settings) as watching:
        found = watching.find(parsed.watch)
        _say(_line(watching.set_paused(found.watch_id, paused=False)))


def _watch_remove(settings: Settings, parsed: argparse.Namespace) -> None:
    with _watching(settings) as watching:
        found = watching.find(parsed.watch)
        watching.remove(found.watch_id)
        _say(f"removed: {_line(found)}")


def _refresh(settings: Settings, parsed: argparse.Namespace) -> None:
    from app.ingest.refresher import Refreshed

    done = Refreshed()
    with _services(settings) as services:
        refresher = services.refresher
        try:
            for batch in refresher.everything() if parsed.all else refresher.due_now():
                done.add(refresher.refresh(batch))
        finally:
            _say(
                f"asked about {done.asked} videos: {done.told} told, {done.updated} changed, "
                f"{done.missing} missing, {done.deleted} of them deleted"
            )


def _keys_list(settings: Settings, _parsed: argparse.Namespace) -> None:
    with _services(settings) as services:
        _known_keys(services)
        for project in services.quota.report().projects:
            for key in project.keys:
                _say(_key_line(key, project.usage))


def _keys_test(settings: Settings, parsed: argparse.Namespace) -> None:
    with _services(settings) as services:
        named = [parsed.fingerprint] if parsed.fingerprint else _known_keys(services)
        works = [_tell_tested(services, fingerprint) for fingerprint in named]
    if not all(works):
        raise KeysFailedError(f"{works.count(False)} of {len(works)} keys cannot be used now")


def _known_keys(services: Services) -> list[str]:
    known = [key.fingerprint for key in services.keys.list_all()]
    if not known:
        raise NotFoundError("no YouTube API key is configured")
    return known


def _tell_tested(services: Services, fingerprint: str) -> bool:
    trouble = services.keys.test(fingerprint)
    if trouble is None:
        _say(f"{fingerprint}  ok")
        return True
    _say(f"{fingerprint}  {_name(trouble)}: {trouble}")
    return False


def _keys_enable(settings: Settings, parsed: argparse.Namespace) -> None:
    with _services(settings) as services:
        services.keys.enable(parsed.fingerprint)
        _say(f"enabled: {parsed.fingerprint}")


def _keys_disable(settings: Settings, parsed: argparse.Namespace) -> None:
    with _services(settings) as services:
        services.keys.disable(parsed.fingerprint)
        _say(f"disabled until it is enabled: {parsed.fingerprint}")


@contextmanager
def _watching(settings: Settings) -> Iterator[Watching]:
    with _services(settings) as services:
        yield services.watching


@contextmanager
def _services(settings: Settings) -> Iterator[Services]:
    """Give the services on the database that `serve` uses, made if it is a new file."""
    from app.bootstrap import build_services
    from app.embedded.demo import settings_beside

    effective = settings_beside(settings)
    services = build_services(effective)
    try:
        if effective.database_url.startswith("sqlite:"):
            services.store.migrate()
        yield services
    finally:
        services.close()


def _line(watch: Watch) -> str:
    from app.domain.clock import format_instant

    state = "paused" if watch.paused else f"next {format_instant(watch.next_due_at)}"
    trouble = f"  {watch.last_error.code}" if watch.last_error else ""
    return f"{watch.watch_id}  {watch.kind}  {watch.term}  {state}{trouble}"


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


def _plan_lines(preview: Preview) -> Iterator[str]:
    cadence = preview.cadence
    yield f"{preview.term}  ({'watched already' if preview.known else 'not watched yet'})"
    yield f"  reckoned with  {preview.videos_per_day:g} videos a day"
    if cadence.interval_seconds is None or cadence.mean_delay_seconds is None:
        yield "  no search calls to plan with: is a YouTube API key configured?"
        return
    yield f"  search calls   {cadence.calls_per_day:.1f} a day"
    yield f"  polled every   {_duration(cadence.interval_seconds)}"
    yield f"  mean delay     {_duration(cadence.mean_delay_seconds)} after search shows a video"
    if preview.known:
        return
    yield "  slows down" if preview.others else "  slows nothing down"
    for other in preview.others:
        before, after = other.before.interval_seconds, other.after.interval_seconds
        change = f"{_duration(before)} -> {_duration(after)}"
        yield f"    {other.watch.watch_id}  {other.watch.term}  every {change}"


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return "never"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    parts = (f"{hours} h" * bool(hours), f"{minutes} min" * bool(minutes), f"{rest} s" * bool(rest))
    return " ".join(filter(None, parts[:2] if hours else parts)) or f"{seconds:.1f} s"


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")


def _fail(error: Exception, code: int) -> int:
    tell(error)
    return code
