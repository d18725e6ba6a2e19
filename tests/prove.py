"""`python -m tests.prove`: the long proofs, each with its figures, written to docs/reliability.md.

    make prove CORPUS=videos.jsonl.gz
    make prove ONLY=kills
    make prove ONLY=chaos MINUTES=30 SEED=7 RATE=800
    python -m tests.prove --table

Without a corpus the replay uses 20,000 generated videos and the report says so. Run it detached:
it takes minutes and uses both cores.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from tests.processes import PROJECT
from tests.proofs.registry import PROOFS
from tests.proofs.report import Options, merged

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

REPORT = PROJECT / "docs" / "reliability.md"
BENCHMARKS = PROJECT / "benchmarks" / "report.md"


def main(arguments: Sequence[str]) -> int:
    """Run the proofs; 0 if each holds."""
    parser = argparse.ArgumentParser(prog="python -m tests.prove", description=__doc__)
    parser.add_argument("--corpus", type=Path, help="JSON lines of videos, plain or gzip")
    parser.add_argument("--only", choices=[proof.name for proof in PROOFS], help="one proof alone")
    add, usual = parser.add_argument, Options()
    add("--minutes", type=float, default=usual.minutes, help="of chaos")
    add("--seed", type=int, help="of chaos; else one that is printed")
    add("--rate", type=float, default=usual.rate, help="videos a minute during chaos")
    add("--table", action="store_true", help="write the table of promises alone")
    given = parser.parse_args(arguments)
    if given.table:
        _write({})
        return 0
    only: str | None = given.only
    options = Options(given.corpus, given.minutes, given.seed, given.rate)
    for proof in PROOFS:
        if only == proof.name or (only is None and not proof.on_request):
            with TemporaryDirectory() as folder:
                _write({proof.name: proof.run(options, Path(folder))})
    sys.stdout.write(REPORT.read_text(encoding="utf-8"))
    return 0


def _write(fresh: Mapping[str, str]) -> None:
    """Bring the report up to date: fresh sections by the names of their proofs, and the table."""
    before = REPORT.read_text(encoding="utf-8") if REPORT.exists() else ""
    benchmarks = BENCHMARKS.read_text(encoding="utf-8")
    REPORT.write_text(merged(before, PROOFS, fresh, benchmarks=benchmarks), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
