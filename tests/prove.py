"""`python -m tests.prove`: the long proofs, each with its figures, written to docs/reliability.md.

    make prove CORPUS=videos.jsonl.gz
    make prove ONLY=kills
    make prove ONLY=chaos MINUTES=30 SEED=7 RATE=800

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
from tests.proofs import (
    prove_chaos,
    prove_kills,
    prove_machine,
    prove_outages,
    prove_replay,
    prove_schemathesis,
)
from tests.proofs.report import Options, merged

if TYPE_CHECKING:
    from collections.abc import Sequence

REPORT = PROJECT / "docs" / "reliability.md"
PROOFS = (
    prove_replay.PROOF,
    prove_machine.PROOF,
    prove_kills.PROOF,
    prove_schemathesis.PROOF,
    prove_outages.PROOF,
    prove_chaos.PROOF,
)


def main(arguments: Sequence[str]) -> int:
    """Run the proofs; 0 if each holds."""
    parser = argparse.ArgumentParser(prog="python -m tests.prove", description=__doc__)
    parser.add_argument("--corpus", type=Path, help="JSON lines of videos, plain or gzip")
    parser.add_argument("--only", choices=[proof.name for proof in PROOFS], help="one proof alone")
    add, usual = parser.add_argument, Options()
    add("--minutes", type=float, default=usual.minutes, help="of chaos")
    add("--seed", type=int, help="of chaos; else one that is printed")
    add("--rate", type=float, default=usual.rate, help="videos a minute during chaos")
    given = parser.parse_args(arguments)
    only: str | None = given.only
    options = Options(given.corpus, given.minutes, given.seed, given.rate)
    for proof in PROOFS:
        if only in (None, proof.name):
            with TemporaryDirectory() as folder:
                text = proof.run(options, Path(folder))
            before = REPORT.read_text(encoding="utf-8") if REPORT.exists() else ""
            REPORT.write_text(merged(before, PROOFS, {proof.name: text}), encoding="utf-8")
    sys.stdout.write(REPORT.read_text(encoding="utf-8"))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
