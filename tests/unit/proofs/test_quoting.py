"""Results are taken out of sections as they stand there."""

import pytest

from tests.proofs.quoting import NoResultError, Result, quote, quote_measured

SECTION = """Run on 2026-11-21, seed 200.

Result: 4 stops,
none late.

Result P2: 3 tests passed.

| database | kills | served |
|---|---|---|
| MariaDB + Redis | 25 beat, 175 worker | 9,140 |
| SQLite | 200 service | 8,660 |

| promise | tests | where |
|---|---|---|
| P1 | 5 | `a.py` |
"""


def test_a_promise_has_the_line_that_names_it_else_the_one_for_all() -> None:
    assert quote(SECTION, "P2") == Result("2026-11-21", "3 tests passed.")
    assert quote(SECTION, "P20") == Result("2026-11-21", "4 stops, none late.")


def test_cells_are_told_with_their_row_and_column() -> None:
    told = quote(SECTION, "P1", ("kills", "served")).text
    assert told == (
        "MariaDB + Redis: kills 25 beat, 175 worker, served 9,140;"
        " SQLite: kills 200 service, served 8,660"
    )
    assert quote(SECTION, "P1", ("promise", "tests")).text == "promise P1, tests 5"


@pytest.mark.parametrize(
    ("section", "columns"),
    [(SECTION, ("lost",)), ("Run on 2026-11-21.\n", ()), ("Result: 5\n", ())],
    ids=["no such column", "no result", "no day"],
)
def test_what_is_not_there_is_not_made_up(section: str, columns: tuple[str, ...]) -> None:
    with pytest.raises(NoResultError):
        quote(section, "P1", columns)


def test_a_benchmark_is_quoted_table_by_table() -> None:
    report = "# All\n\n## depth\n\n`python -m benchmarks depth`, 2026-11-21. Here.\n\n" + "\n".join(
        f"### {name}\n\n| page | wall | x |\n|---|---|---|\n| 2 | 5 | 1 |\n| 90 | 9 | {times} |\n"
        for name, times in (("MariaDB", 2), ("SQLite", 3))
    )
    found = quote_measured(f"{report}\n## last\n", "depth", ["90"], ["x"])
    assert found == Result("2026-11-21", "MariaDB: 90: x 2. SQLite: 90: x 3")
    with pytest.raises(NoResultError):
        quote_measured(report, "last", [], ["x"])
