"""The proof of the promises that tests show: those tests in one run, counted by promise."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from tests.processes import PROJECT
from tests.proofs.promises import BY_TESTS, PROMISES
from tests.proofs.report import Options, Proof

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from tests.proofs.promises import Promise

DEADLINE_SECONDS = 1800.0

_SECTION = """Run on {day}.

The tests that show a promise in seconds, in one run, on real servers of their own; `make test` runs
them, too. A test counts once for each of its backends or examples given by name.

| promise | tests passed | where |
|---|---|---|
{rows}

{results}
"""


def _run(_options: Options, folder: Path) -> str:
    """Run them all; the first that fails ends it.

    Raises:
        AssertionError: a test failed, was skipped, or is not there.
    """
    shown = [promise for promise in PROMISES if promise.tests]
    counts = count(shown, passed(sorted({t for p in shown for t in p.tests}), folder))
    return section(shown, counts)


def passed(tests: Sequence[str], folder: Path) -> list[tuple[str, str]]:
    """Run tests and return file and name of each that passed.

    Raises:
        AssertionError: not all of them did.
    """
    report = folder / "junit.xml"
    all_of_them = ("-m", "slow or not slow")
    run = (sys.executable, "-m", "pytest", "-q", "-x", *all_of_them)
    command = (*run, f"--junitxml={report}", *tests)
    done = subprocess.run(
        command, cwd=PROJECT, capture_output=True, text=True, timeout=DEADLINE_SECONDS, check=False
    )
    assert done.returncode == 0, f"pytest ended with {done.returncode}:\n{done.stdout[-5000:]}"
    # Made by our own pytest a moment ago.
    cases = ET.parse(report).getroot().iter("testcase")
    return [(_file(case.attrib["classname"]), _plain(case.attrib["name"])) for case in cases]


def count(promises: Iterable[Promise], cases: Iterable[tuple[str, str]]) -> Mapping[str, int]:
    """Return how many of the tests that passed show each promise, by its number.

    Raises:
        AssertionError: a test that should show one was not among them.
    """
    ran = Counter(node for file, name in cases for node in (file, f"{file}::{name}"))
    for promise in promises:
        absent = [test for test in promise.tests if not ran[test]]
        assert not absent, f"{promise.number}: {absent} did not run"
    return {promise.number: sum(ran[test] for test in promise.tests) for promise in promises}


def section(promises: Iterable[Promise], counts: Mapping[str, int]) -> str:
    """Return the text of the section."""
    rows, results = [], []
    for promise in promises:
        number, tests = promise.number, counts[promise.number]
        rows.append(f"| {number} | {tests} | {_places(promise.tests)} |")
        results.append(f"Result {number}: {tests} tests passed.")
    return _SECTION.format(
        day=datetime.now(UTC).date(), rows="\n".join(rows), results="\n\n".join(results)
    )


def _places(tests: Iterable[str]) -> str:
    files = sorted({test.partition("::")[0] for test in tests})
    return ", ".join(f"`{file}`" for file in files)


def _file(classname: str) -> str:
    """Return the file of a test from how junit names its module."""
    return f"{classname.replace('.', '/')}.py"


def _plain(name: str) -> str:
    """Return a test's name without its parameters."""
    return re.sub(r"\[.*", "", name, flags=re.DOTALL)


PROOF = Proof(
    name=BY_TESTS,
    heading="Promises: what tests of seconds show",
    run=_run,
)
