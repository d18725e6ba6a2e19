"""The table at the head of docs/reliability.md: each promise, what shows it, and what came out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.proofs.quoting import NoResultError, quote, quote_measured

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tests.proofs.promises import Measured, Promise, Shown

HEADING = "What is promised, and what shows it"

NOT_RUN = "not run"
NO_RESULT = "its section tells no result"
"""What stands in the table for a mistake of ours."""

_HEAD = """At-least-once reading, effectively-once storage.

Results are quoted from the sections below, each with its day; `python -m tests.prove --table`
quotes them anew. What was not run stands as "not run".

| | promise | shown by | result |
|---|---|---|---|
"""


def table(
    promises: Sequence[Promise],
    not_promised: Sequence[str],
    sections: Mapping[str, str],
    benchmarks: str,
) -> str:
    """Return the text of the section.

    Args:
        promises: in their order.
        not_promised: what people might take for promised.
        sections: what proofs wrote, by the name of the proof; those not run are absent.
        benchmarks: the benchmarks' report.

    Returns:
        Markdown. A section without a result is said to tell none and not refused: the proof may
        have taken an hour.
    """
    lines = [line for promise in promises for line in _lines(promise, sections, benchmarks)]
    left_out = "\n".join(f"- {text}" for text in not_promised)
    return f"{_HEAD}{''.join(lines)}\nNot promised:\n\n{left_out}\n"


def _lines(promise: Promise, sections: Mapping[str, str], benchmarks: str) -> Iterator[str]:
    """A line for each that shows it; number and words stand in the first."""
    number, words = promise.number, promise.words
    for shown in promise.all_shown:
        result = _result(promise.number, shown, sections)
        yield f"| {number} | {words} | `make prove ONLY={shown.by}` | {result} |\n"
        number = words = ""
    if (it := promise.measured) is not None:
        told = _measured(it, benchmarks)
        yield f"| {number} | {words} | `make bench ONLY={it.by}` | {told} |\n"


def _measured(measured: Measured, benchmarks: str) -> str:
    try:
        result = quote_measured(benchmarks, measured.by, measured.rows, measured.columns)
    except NoResultError:
        return NOT_RUN
    return f"{result.text} ([{result.day}](../benchmarks/report.md#{measured.by}))"


def _result(number: str, shown: Shown, sections: Mapping[str, str]) -> str:
    if shown.by not in sections:
        return NOT_RUN
    try:
        result = quote(sections[shown.by], number, shown.columns)
    except NoResultError:
        return NO_RESULT
    return f"{result.text} ({result.day})"
