"""The promises name what exists, and the report quotes it."""

import ast
from functools import cache

import pytest

from tests.processes import PROJECT
from tests.proofs.promises import BY_TESTS, PROMISES, Promise
from tests.proofs.prove_promises import count, section
from tests.proofs.quoting import quote
from tests.proofs.registry import PROOFS
from tests.proofs.report import merged
from tests.proofs.table import NO_RESULT

REPORT = PROJECT / "docs" / "reliability.md"
BENCHMARKS = PROJECT / "benchmarks" / "report.md"


@cache
def _tests_of(file: str) -> set[str]:
    tree = ast.parse((PROJECT / file).read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_promises_are_numbered_and_each_is_shown_by_something() -> None:
    assert [promise.number for promise in PROMISES] == [f"P{n}" for n in range(1, 18)]
    assert [promise.number for promise in PROMISES if not promise.all_shown] == []


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.number)
def test_every_test_that_a_promise_names_is_there(promise: Promise) -> None:
    for test in promise.tests:
        file, _, name = test.partition("::")
        assert (PROJECT / file).is_file(), test
        assert not name or name in _tests_of(file), test


def test_the_report_is_as_its_own_sections_have_it() -> None:
    report = REPORT.read_text(encoding="utf-8")
    benchmarks = BENCHMARKS.read_text(encoding="utf-8")
    anew = merged(report, PROOFS, {}, benchmarks=benchmarks)
    assert anew == report, "python -m tests.prove --table"
    assert NO_RESULT not in report


def test_tests_are_counted_for_each_promise_they_show() -> None:
    promises = [
        Promise("P1", "", tests=("tests/a.py", "tests/b.py::test_one")),
        Promise("P2", "", tests=("tests/b.py::test_one",)),
    ]
    ran = [("tests/a.py", "test_x"), ("tests/b.py", "test_one"), ("tests/b.py", "test_one")]

    counts = count(promises, [*ran, ("tests/b.py", "test_one_more")])

    assert counts == {"P1": 3, "P2": 2}
    assert quote(section(promises, counts), "P2").text == "2 tests passed."
    with pytest.raises(AssertionError, match="test_one'\\] did not run"):
        count(promises, ran[:1])


def test_the_proof_of_the_tests_is_among_the_proofs() -> None:
    assert BY_TESTS in {proof.name for proof in PROOFS}
