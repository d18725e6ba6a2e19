"""What the documents name is there."""

import re

from tests.architecture.source_tree import PROJECT


def test_every_control_of_the_security_page_names_tests_that_exist() -> None:
    text = (PROJECT / "docs/security.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    controls = [row for row in rows if not row.startswith("| risk |")]
    assert controls
    for row in controls:
        named = re.findall(r"`(tests/[\w/]+\.py)`", row.split(" | ")[-1])
        assert named, row
        assert [path for path in named if not (PROJECT / path).is_file()] == [], row
