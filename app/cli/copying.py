"""`copy`: move to another database, of whichever kind."""

from __future__ import annotations

import os
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from app.cli.session import say
from app.domain.errors import InvalidValueError, NotFoundError
from app.settings import SettingsError, load_settings

if TYPE_CHECKING:
    import argparse

    from app.settings import Settings

_URL_HELP = "a URL as of DATABASE_URL, or @FILE that holds one: a password here is seen by all"


def add_command(parser: argparse.ArgumentParser) -> None:
    """Add the command; `--from` is no name in Python, so both have others."""
    parser.add_argument("--from", dest="source", metavar="URL", required=True, help=_URL_HELP)
    parser.add_argument("--to", dest="destination", metavar="URL", required=True, help="the same")
    parser.set_defaults(run=_copy)


def _copy(_settings: Settings, parsed: argparse.Namespace) -> None:
    import click

    from app.embedded.alone import alone, sqlite_file
    from app.store.copying import Copying
    from app.store.database import Database

    urls = _url("--from", parsed.source), _url("--to", parsed.destination)
    file = sqlite_file(urls[0])
    if file is not None and not file.is_file():
        raise NotFoundError(f"--from: there is no {file}")
    began = time.monotonic()
    with ExitStack() as stack:
        for url in urls:
            if sqlite_file(url) is not None:  # on a server nothing holds it, but it is read twice
                stack.enter_context(alone(url))
        source, destination = Database(urls[0]), Database(urls[1], takes_drafts=True)
        for database in (source, destination):
            stack.callback(database.dispose)
        copying = Copying(source, destination)
        bar = click.progressbar(length=copying.prepare(), label="rows", file=sys.stderr)
        with bar:
            copied = copying.run(bar.update)
    for table in copied:
        say(f"{table.table}  {table.rows} rows  {table.checksum}")
    seconds = time.monotonic() - began
    rows = sum(table.rows for table in copied)
    say(f"{rows} rows in {len(copied)} tables are the same on both sides, after {seconds:.0f} s")


def _url(option: str, given: str) -> str:
    """Return a database's URL, by the rules of DATABASE_URL.

    Raises:
        InvalidValueError: it is none.
    """
    name = "DATABASE_URL_FILE" if given.startswith("@") else "DATABASE_URL"
    value = given.removeprefix("@")
    if value.startswith("-"):  # of a file that may be missing; here it may not
        raise InvalidValueError(f"{option}: must be a URL or @FILE")
    try:
        return load_settings({name: value}, Path(os.devnull)).database_url
    except SettingsError as error:
        _, _, words = str(error).partition(": ")
        raise InvalidValueError(f"{option}: {words}") from None
