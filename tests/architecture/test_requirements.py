"""The pinned lists: what is tested is what is served."""

import re

from tests.architecture.source_tree import PROJECT


def test_the_tests_run_on_the_versions_that_are_served() -> None:
    served = _pins("requirements.txt")
    tested = _pins("requirements/dev.txt")
    # What the tests need on every platform has no marker there.
    found = {it: tested.get(it) or tested.get(it.partition(" ;")[0]) for it in served}
    assert found == served


def test_every_pinned_package_carries_its_hashes() -> None:
    for path in ("requirements.txt", "requirements/dev.txt"):
        text = (PROJECT / path).read_text(encoding="utf-8")
        pins = re.findall(r"^[a-z0-9-]+==.*$", text, flags=re.MULTILINE)
        hashed = re.findall(r"^[a-z0-9-]+==.* \\\n +--hash=sha256:", text, flags=re.MULTILINE)
        assert len(pins) == len(hashed) > 0
    for path in ("Makefile", "Dockerfile"):
        text = (PROJECT / path).read_text(encoding="utf-8")
        assert re.findall(r"pip install (?!.*--require-hashes).*-r .*", text) == []


def _pins(path: str) -> dict[str, str]:
    """Package and marker -> version."""
    text = (PROJECT / path).read_text(encoding="utf-8")
    pins = re.findall(r"^([a-z0-9-]+)==(\S+)(.*) \\$", text, flags=re.MULTILINE)
    return {name + marker: version for name, version, marker in pins}


def test_the_audit_looks_at_all_that_is_pinned_and_fails_where_it_cannot() -> None:
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    [command] = re.findall(r"^\t.*pip-audit (.*)$", makefile, flags=re.MULTILINE)
    assert "--strict" in command
    assert "-r requirements.txt -r requirements/dev.txt" in command
