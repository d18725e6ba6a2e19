"""`watch`: what is watched, and what a keyword would cost."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from app.cli.session import say, services

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from app.domain.addresses import Target
    from app.domain.watches import Watch
    from app.ingest.planning import Preview
    from app.ingest.watching import Watching
    from app.settings import Settings


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Add the commands of the noun."""
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    add = commands.add_parser("add", help="watch a keyword or a channel")
    add.add_argument(
        "target",
        metavar="TEXT",
        help="a keyword (1 to 200 characters; put -- before one that begins with -), "
        "or a channel's id, @handle or address",
    )
    kind = add.add_mutually_exclusive_group()
    kind.add_argument(
        "--channel", action="store_true", help="it is a channel, whatever it looks like"
    )
    kind.add_argument(
        "--keyword", action="store_true", help="it is a keyword, whatever it looks like"
    )
    add.set_defaults(run=_add)
    plan = commands.add_parser("plan", help="say what a keyword would cost; changes nothing")
    plan.add_argument("keyword", help="1 to 200 characters, after -- if it begins with -")
    plan.add_argument(
        "--videos-per-day", type=float, metavar="N", help="as many as the present watches, if unset"
    )
    plan.set_defaults(run=_plan)
    commands.add_parser("list", help="show the watches").set_defaults(run=_list)
    for name, run, text in (
        ("pause", _pause, "stop fetching, keep the videos"),
        ("resume", _resume, "fetch again"),
        ("backfill", _backfill, "read all that a channel ever published"),
        ("fetch", _fetch, "poll at the next tick, paid from the reserve"),
        ("remove", _remove, "stop watching; videos that only it found go after five minutes"),
    ):
        command = commands.add_parser(name, help=text)
        command.add_argument("watch", help="its id or its term, after -- if it begins with -")
        command.set_defaults(run=run)


def _add(settings: Settings, parsed: argparse.Namespace) -> None:
    kind, text = _target(parsed)
    with _watching(settings) as watching:
        watch, is_new = watching.add(kind, text)
        say(f"{'added' if is_new else 'known already'}: {_line(watch)}")


def _target(parsed: argparse.Namespace) -> Target:
    from app.domain.addresses import parse_target
    from app.domain.watches import WatchKind

    if parsed.channel or parsed.keyword:
        return WatchKind.CHANNEL if parsed.channel else WatchKind.KEYWORD, parsed.target
    return parse_target(parsed.target)


def _plan(settings: Settings, parsed: argparse.Namespace) -> None:
    with services(settings) as opened:
        preview = opened.planning.preview(parsed.keyword, parsed.videos_per_day)
    for line in _plan_lines(preview):
        say(line)


def _list(settings: Settings, _parsed: argparse.Namespace) -> None:
    with _watching(settings) as watching:
        for watch in watching.list_all():
            say(_line(watch))


def _backfill(settings: Settings, parsed: argparse.Namespace) -> None:
    with services(settings) as opened:
        found = opened.watching.find(parsed.watch)
        say(f"wanted from its beginning: {_line(opened.backfill.request(found.watch_id))}")


def _pause(settings: Settings, parsed: argparse.Namespace) -> None:
    with _watching(settings) as watching:
        found = watching.find(parsed.watch)
        say(_line(watching.set_paused(found.watch_id, paused=True)))


def _resume(settings: Settings, parsed: argparse.Namespace) -> None:
    with _watching(settings) as watching:
        found = watching.find(parsed.watch)
        say(_line(watching.set_paused(found.watch_id, paused=False)))


def _fetch(settings: Settings, parsed: argparse.Namespace) -> None:
    with _watching(settings) as watching:
        found = watching.find(parsed.watch)
        say(_line(watching.fetch_now(found.watch_id)))


def _remove(settings: Settings, parsed: argparse.Namespace) -> None:
    with _watching(settings) as watching:
        found = watching.find(parsed.watch)
        watching.remove(found.watch_id)
        say(f"removed: {_line(found)}")


@contextmanager
def _watching(settings: Settings) -> Iterator[Watching]:
    with services(settings) as opened:
        yield opened.watching


def _line(watch: Watch) -> str:
    from app.domain.clock import format_instant

    state = "paused" if watch.paused else f"next {format_instant(watch.next_due_at)}"
    trouble = f"  {watch.last_error.code}" if watch.last_error else ""
    label = f"  {watch.label}" if watch.label != watch.term else ""
    return f"{watch.watch_id}  {watch.kind}  {watch.term}{label}  {state}{trouble}"


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
