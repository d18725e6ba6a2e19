"""The report keeps what was not proved anew, and its table tells what the sections tell."""

from pathlib import Path

from tests.proofs.promises import Promise, Shown
from tests.proofs.report import INTRODUCTION, Options, Proof, merged
from tests.proofs.table import HEADING


def _nothing(_options: Options, _folder: Path) -> str:
    return ""


PROOFS = (Proof("one", "The first", _nothing), Proof("two", "The second", _nothing))
PROMISES = (Promise("P1", "Kept.", shown=(Shown("one"), Shown("two"))),)


def test_a_proof_replaces_its_own_section_and_no_other() -> None:
    before = merged("", PROOFS, {"one": "Once.\n\n### Details\n", "two": "Old."})

    after = merged(before, PROOFS, {"two": "New."})

    assert after.startswith(f"{INTRODUCTION}\n## {HEADING}\n\n")
    assert after.endswith(
        "\n\n## The first\n\nOnce.\n\n### Details\n\n## The second\n\nNew.\n",
    )
    assert merged(after, PROOFS, {}) == after


def test_sections_stand_in_the_order_of_the_proofs_whichever_ran_first() -> None:
    late = merged(merged("", PROOFS, {"two": "2"}), PROOFS, {"one": "1"})
    assert late.index("The first") < late.index("The second")


def test_each_run_brings_its_line_of_the_table_up_to_date_and_no_other() -> None:
    before = merged("", PROOFS, {"one": "Run on 2026-01-02.\n\nResult: 5 of 5.\n"}, PROMISES)
    assert "| `make prove ONLY=one` | 5 of 5. (2026-01-02) |" in before
    assert "| `make prove ONLY=two` | not run |" in before

    after = merged(before, PROOFS, {"two": "Run on 2026-01-03.\n\nResult: 7.\n"}, PROMISES)
    assert "| `make prove ONLY=one` | 5 of 5. (2026-01-02) |" in after
    assert "| `make prove ONLY=two` | 7. (2026-01-03) |" in after
