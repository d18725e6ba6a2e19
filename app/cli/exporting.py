"""`export`: watches for feed readers or another Newsreel, videos for programs or spreadsheets."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from app.cli.output import writing
from app.cli.session import services

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator

    from app.bootstrap import Services
    from app.domain.feeds import Feed, Selection
    from app.domain.videos import StoredVideo
    from app.settings import Settings


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Add the commands of the noun."""
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    watches = commands.add_parser("watches", help="what is watched")
    watches.add_argument(
        "--format",
        choices=("opml", "json"),
        default="opml",
        help="json also keeps pauses, filters and the other options",
    )
    watches.set_defaults(run=_export_watches)
    videos = commands.add_parser("videos", help="what is stored, newest first")
    videos.add_argument("--format", choices=("jsonl", "csv"), default="jsonl")
    videos.add_argument("--watch", metavar="WATCH", help="only of this watch, by id or keyword")
    videos.add_argument("--channel", metavar="ID", help="only of this channel")
    for name, text in (("after", "at this instant or later"), ("before", "then or earlier")):
        videos.add_argument(
            f"--{name}", metavar="INSTANT", help=f"only published {text}, as 2026-01-02T18:00:00Z"
        )
    videos.set_defaults(run=_export_videos)
    for command in (watches, videos):
        command.add_argument(
            "-o", "--output", metavar="FILE", help="put in place when it is whole; stdout without"
        )


def _export_watches(settings: Settings, parsed: argparse.Namespace) -> None:
    from app.ingest.exchange.json_lists import write_json
    from app.ingest.exchange.opml import write_opml

    with services(settings) as opened:
        watches = opened.watching.list_all()
    with writing(parsed.output) as file:
        file.write({"opml": write_opml, "json": write_json}[parsed.format](watches))


def _export_videos(settings: Settings, parsed: argparse.Namespace) -> None:
    from app.feed.exporting import VIDEO_FORMATS

    wanted = VIDEO_FORMATS[parsed.format]
    with services(settings) as opened:
        feed, selection = _feed(opened, parsed), _selection(parsed)
        count = opened.export.count(feed, selection)
        with writing(parsed.output) as file:
            file.write(wanted.header)
            for page in _shown(opened.export.pages(feed, selection), count):
                file.write(wanted.encode(page))


def _feed(opened: Services, parsed: argparse.Namespace) -> Feed:
    from app.domain.channels import parse_channel
    from app.domain.errors import InvalidValueError
    from app.domain.feeds import Feed

    if parsed.watch is not None and parsed.channel is not None:
        raise InvalidValueError("--watch and --channel exclude each other")
    if parsed.watch is not None:
        return Feed(watch_id=opened.watching.find(parsed.watch).watch_id)
    return Feed(channel_id=None if parsed.channel is None else parse_channel(parsed.channel))


def _selection(parsed: argparse.Namespace) -> Selection:
    from app.domain.clock import parse_instant
    from app.domain.feeds import Selection

    after, before = parsed.after, parsed.before
    return Selection(
        published_after=None if after is None else parse_instant(after),
        published_before=None if before is None else parse_instant(before),
    )


def _shown(pages: Iterable[list[StoredVideo]], count: int | None) -> Iterator[list[StoredVideo]]:
    """Pass the pages on and show a bar of them where a person sees stderr."""
    import click

    from app.feed.exporting import PAGE_VIDEOS

    length = None if count is None else -(-count // PAGE_VIDEOS)
    hidden = not sys.stderr.isatty()
    with click.progressbar(
        pages, length, "Exporting videos", hidden=hidden, file=sys.stderr
    ) as shown:
        yield from shown
