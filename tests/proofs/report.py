"""docs/reliability.md as sections: each proof owns the one below its heading, and no other."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.proofs.promises import NOT_PROMISED, PROMISES
from tests.proofs.table import HEADING, table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from tests.proofs.promises import Promise

INTRODUCTION = """# Reliability: what was proved, and how to prove it again

Written by `make prove CORPUS=FILE.jsonl.gz`; `make prove ONLY=NAME` runs one proof and replaces its
section alone. Each section tells its day. A proof that fails writes nothing.
"""


@dataclass(frozen=True, slots=True)
class Options:
    """What `make prove` was asked for; each proof takes of it what concerns it.

    Args:
        corpus: real videos to replay.
        minutes: of a proof that takes as long as one likes.
        seed: of its random choices; None: one that the proof prints.
        rate: videos that are published a minute.
    """

    corpus: Path | None = None
    minutes: float = 30
    seed: int | None = None
    rate: float = 800


@dataclass(frozen=True, slots=True)
class Proof:
    """A long proof.

    Args:
        name: as `--only` takes it.
        heading: of its section.
        run: proves and returns the section's text, given the options and a folder of its own; an
            AssertionError says what did not hold.
        on_request: whether it is run by its name alone, as it needs what not every machine has.
    """

    name: str
    heading: str
    run: Callable[[Options, Path], str]
    on_request: bool = False


def merged(
    before: str,
    proofs: Sequence[Proof],
    fresh: Mapping[str, str],
    promises: Sequence[Promise] = PROMISES,
    *,
    benchmarks: str = "",
) -> str:
    """Return the report with the fresh sections, by name, in place of what it said before.

    The table of promises at its head is made anew of all its sections, and of the benchmarks'
    report.
    """
    kept = _sections(before)
    texts = {p.name: fresh.get(p.name, kept.get(p.heading)) for p in proofs}
    told = {name: text.strip() for name, text in texts.items() if text is not None}
    head = _section(HEADING, table(promises, NOT_PROMISED, told, benchmarks))
    below = (_section(p.heading, told[p.name]) for p in proofs if p.name in told)
    return "\n".join([INTRODUCTION, head, *below])


def _section(heading: str, text: str) -> str:
    return f"## {heading}\n\n{text.strip()}\n"


def _sections(report: str) -> dict[str, str]:
    """Return what stands below each heading of the second level."""
    _, *parts = re.split(r"^## ", report, flags=re.MULTILINE)
    return {heading: text for heading, _, text in (part.partition("\n") for part in parts)}
