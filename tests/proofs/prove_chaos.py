"""The chaos proof: `make prove ONLY=chaos MINUTES=30 SEED=7 RATE=800`."""

from __future__ import annotations

import secrets
import sys
from datetime import UTC, datetime
from statistics import median
from typing import TYPE_CHECKING

from tests.proofs.chaos.run import BACK_WITHIN_SECONDS, ChaosRun, Outcome
from tests.proofs.chaos.site import KEYWORDS, TICK_SECONDS, full_stack
from tests.proofs.report import Options, Proof

if TYPE_CHECKING:
    from pathlib import Path

HISTORY_SECONDS = 600
INDEX_LAG_SECONDS = 3

_SECTION = """Run on {day} for {minutes:g} minutes, seed {seed}, {rate:g} videos a minute.

Result: {shown:,} videos shown and served through {troubles} troubles in {minutes:g} minutes: 0
lost, 0 doubled.

Result P4: {answered:,} answers and {walks} walks by cursor through {troubles} troubles: none went
back, none left a row out.

Result P9: Redis was emptied {emptied} times, killed {killed} times, full {full} times: 0 videos
lost.

The full stack as processes on loopback: two webs (gunicorn), two Celery workers of two processes,
two Beats, MariaDB, Redis, the simulator; a TCP proxy before each server. {keywords} keywords see
every video; a tick is {tick} s. Trouble after trouble, each of {all} there are before any again, in
an order drawn by the seed, lasts 2 to 10 s or, one in five, 31 to 40 s: longer than a lease.
Meanwhile readers ask each web for its first page, walk
by cursor and keep a copy by `/changes`.

Each of these held, or nothing would be written here: nothing that search showed is lost, doubled or
invented; the version a web tells its readers never decreases; each walk saw every row that was
there at its start once; no answer but 200, 503 and 429, and each refusal with its reason; what was
published when a trouble ended was served within {back:g} s.

| | |
|---|---|
| videos shown = served | {shown:,} |
| troubles | {troubles} |
| seconds until ingest was back, median and longest | {median:.1f}, {longest:.1f} ({after}) |
| answers | {answers} |
| walks by cursor | {walks} |

{kinds}
"""


def _run(options: Options, folder: Path) -> str:
    seed = options.seed if options.seed is not None else secrets.randbelow(10**6)
    sys.stderr.write(f"chaos: seed {seed}, {options.minutes:g} minutes\n")
    simulator = (
        *("--rate", str(options.rate), "--history-seconds", str(HISTORY_SECONDS)),
        *("--index-lag", str(INDEX_LAG_SECONDS), "--match-all", "--seed", str(seed)),
    )
    with full_stack(folder, *simulator) as (site, youtube):
        outcome = ChaosRun(site, youtube, seed).run(options.minutes)
        outcome.check()
    return _section(options, seed, outcome)


def _section(options: Options, seed: int, outcome: Outcome) -> str:
    waits = [seconds for seconds, _ in outcome.back]
    longest, after = max(outcome.back)
    kinds = ", ".join(f"{n} {kind}" for kind, n in sorted(outcome.troubles.items()))
    answers = ", ".join(f"{n:,} {status}" for status, n in outcome.answers.most_common())
    return _SECTION.format(
        day=datetime.now(UTC).date(),
        minutes=options.minutes,
        seed=seed,
        rate=options.rate,
        keywords=len(KEYWORDS),
        tick=TICK_SECONDS,
        back=BACK_WITHIN_SECONDS,
        shown=outcome.shown,
        troubles=outcome.troubles.total(),
        median=median(waits),
        longest=longest,
        after=after,
        all=len(outcome.troubles) + len(outcome.unmet),
        answers=answers,
        answered=outcome.answers["200"],
        walks=outcome.walks,
        emptied=outcome.troubles["FLUSHALL"],
        killed=outcome.troubles["Redis killed"],
        full=outcome.troubles["Redis full"],
        kinds=f"The troubles: {kinds}.",
    )


PROOF = Proof(
    name="chaos",
    heading="Chaos: whatever goes wrong around it, readers see nothing wrong and nothing is lost",
    run=_run,
)
