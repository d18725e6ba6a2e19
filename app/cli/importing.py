"""`import`: what a file lists is added to what is watched, with a report."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from app.cli.session import say, services
from app.domain.errors import NewsreelError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from app.ingest.exchange.entries import Item
    from app.ingest.exchange.importer import Outcome
    from app.settings import Settings

_STDIN = "-"


class RejectedEntriesError(NewsreelError):
    """Some entries of a file cannot be watched; the others are."""

    code = "rejected_entries"


def add_command(parser: argparse.ArgumentParser) -> None:
    """Describe the command."""
    parser.add_argument(
        "file",
        metavar="FILE",
        help="subscriptions of Google Takeout (zip, CSV, JSON), OPML, JSON of `export watches`, or "
        "one keyword or channel a line; - reads stdin",
    )
    parser.add_argument("--dry-run", action="store_true", help="tell what would be done; add none")
    parser.add_argument("--json", action="store_true", help="the report as JSON")
    parser.set_defaults(run=_import)


def _import(settings: Settings, parsed: argparse.Namespace) -> None:
    items = _items(parsed.file)
    outcomes: list[Outcome] = []
    with services(settings) as opened:
        try:
            outcomes.extend(opened.importer.run(items, dry_run=parsed.dry_run))
        finally:  # what was done before the database failed is told too
            _report(outcomes, as_json=parsed.json, dry_run=parsed.dry_run)
        if not parsed.dry_run:
            opened.watching.note_import(Path(parsed.file).name, _counts(outcomes))
    _complain(outcomes)


def _items(name: str) -> list[Item]:
    from app.ingest.exchange.files import buffered, read_file

    with sys.stdin.buffer if name == _STDIN else Path(name).open("rb") as file:
        return read_file(buffered(file), name)


def _report(outcomes: Sequence[Outcome], *, as_json: bool, dry_run: bool) -> None:
    if as_json:
        sys.stdout.buffer.write(_json(outcomes, dry_run=dry_run))
        sys.stdout.buffer.flush()
        return
    for outcome in outcomes:
        say(_line(outcome))
    counts = ", ".join(f"{number} {verdict}" for verdict, number in _counts(outcomes).items())
    say(f"{'would be: ' * dry_run}{counts}")


def _json(outcomes: Sequence[Outcome], *, dry_run: bool) -> bytes:
    import orjson

    report = {"dry_run": dry_run, **_counts(outcomes), "entries": [_shown(o) for o in outcomes]}
    return orjson.dumps(report, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _counts(outcomes: Sequence[Outcome]) -> dict[str, int]:
    from app.ingest.exchange.importer import Verdict

    counts = Counter(outcome.verdict for outcome in outcomes)
    return {verdict.value: counts[verdict] for verdict in Verdict}


def _line(outcome: Outcome) -> str:
    """Write an outcome in one line; what was rejected may hold anything, so it is quoted."""
    head = f"{outcome.verdict:<8}  {outcome.where:<10}"
    if outcome.reason:
        return f"{head}  {outcome.term!r}: {outcome.reason}"
    label = f"  {outcome.label}" if outcome.label not in {"", outcome.term} else ""
    return f"{head}  {outcome.kind}  {outcome.term}{label}"


def _shown(outcome: Outcome) -> dict[str, str | None]:
    from app.domain.text import storable

    return {
        "where": outcome.where,
        "verdict": outcome.verdict,
        "kind": outcome.kind,
        "term": storable(outcome.term),
        "label": outcome.label,
        "reason": outcome.reason,
    }


def _complain(outcomes: Sequence[Outcome]) -> None:
    from app.ingest.exchange.importer import Verdict

    rejected = _counts(outcomes)[Verdict.REJECTED]
    if rejected:
        raise RejectedEntriesError(f"{rejected} of {len(outcomes)} entries cannot be watched")
