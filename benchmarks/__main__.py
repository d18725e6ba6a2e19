"""`python -m benchmarks [NAME ...]`: runs benchmarks and writes them to benchmarks/report.md.

Without names, all of them; a named one replaces its section of the report and leaves the others.
"""

from __future__ import annotations

import argparse
import re
import sys
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import depth, feed_page, follow, freshness, full_text, ingest, matching, read_feed
from benchmarks.rounds import machine_facts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.results import Result

REPORT = Path(__file__).with_name("report.md")
TITLE = "# Benchmarks: what was measured, and how to measure it again\n"
NAMES = (
    "ingest",
    "matching",
    "freshness",
    "follow",
    "read_feed",
    "depth",
    "full_text",
    "feed_page",
)


def main(arguments: Sequence[str]) -> int:
    """Run what is named and write the report; 1 if a goal was missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(NAMES))
    parser.add_argument(
        "--mariadb-url", help="a server for ingest and read_feed, instead of one of its own"
    )
    parser.add_argument(
        "--corpus", type=Path, help="real videos for freshness, follow and full_text, as JSON lines"
    )
    options = parser.parse_args(arguments)
    benchmarks: dict[str, Callable[[], Result]] = {
        "ingest": partial(ingest.run, options.mariadb_url),
        "matching": matching.run,
        "freshness": partial(freshness.run, options.corpus),
        "follow": partial(follow.run, options.corpus),
        "read_feed": partial(read_feed.run, options.mariadb_url),
        "depth": depth.run,
        "full_text": partial(full_text.run, options.corpus),
        "feed_page": feed_page.run,
    }
    names = options.names or list(NAMES)
    if unknown := set(names) - set(NAMES):
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}")
    sections = _sections(REPORT.read_text(encoding="utf-8") if REPORT.exists() else "")
    missed: list[str] = []
    for name in names:
        head = _head(name)
        result = benchmarks[name]()
        missed += result.missed
        sections[name] = f"{head}\n{result.text}"
    body = "\n".join(f"## {name}\n{sections[name]}" for name in NAMES if name in sections)
    REPORT.write_text(f"{TITLE}\n{body}", encoding="utf-8")
    sys.stdout.write("".join(f"missed: {goal}\n" for goal in missed) or "every goal is met\n")
    return 1 if missed else 0


def _head(name: str) -> str:
    """What the figures depend on, read before the run."""
    day = datetime.now(UTC).date()
    return f"\n`python -m benchmarks {name}`, {day}. Machine: {machine_facts()}.\n"


def _sections(report: str) -> dict[str, str]:
    """The sections of an earlier report by name."""
    parts = re.split(r"^## (\S+)\n", report, flags=re.MULTILINE)
    names, texts = parts[1::2], parts[2::2]
    return {name: text.rstrip("\n") + "\n" for name, text in zip(names, texts, strict=True)}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
