"""The report keeps what was not proved anew."""

from pathlib import Path

from tests.proofs.report import INTRODUCTION, Options, Proof, merged


def _nothing(_options: Options, _folder: Path) -> str:
    return ""


PROOFS = (Proof("one", "The first", _nothing), Proof("two", "The second", _nothing))


def test_a_proof_replaces_its_own_section_and_no_other() -> None:
    before = merged("", PROOFS, {"one": "Once.\n\n### Details\n", "two": "Old."})

    after = merged(before, PROOFS, {"two": "New."})

    assert (
        after == f"{INTRODUCTION}\n## The first\n\nOnce.\n\n### Details\n\n## The second\n\nNew.\n"
    )
    assert merged(after, PROOFS, {}) == after


def test_sections_stand_in_the_order_of_the_proofs_whichever_ran_first() -> None:
    late = merged(merged("", PROOFS, {"two": "2"}), PROOFS, {"one": "1"})
    assert late.index("The first") < late.index("The second")
