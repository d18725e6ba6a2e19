"""`.env.sample` is the list of settings that people copy and read."""

import re

from app.settings import Settings, load_settings
from tests.architecture.source_tree import PROJECT

SAMPLE = PROJECT / ".env.sample"


def test_the_sample_lists_every_setting_once_and_no_other() -> None:
    names = [name for name, _value in _listed()]
    assert sorted(names) == sorted(name.upper() for name in Settings.model_fields)


def test_a_copy_of_the_sample_changes_nothing() -> None:
    assert load_settings(environ={}, dotenv=SAMPLE) == Settings()


def test_the_sample_states_every_default() -> None:
    assert {name for name, value in _listed() if value == ""} == _without_a_default()


def _without_a_default() -> set[str]:
    fields = Settings.model_fields.items()
    return {name.upper() for name, field in fields if field.default in ("", None)}


def _listed() -> list[tuple[str, str]]:
    """The lines `NAME=value`; one whose setting is better left unset starts with `# `."""
    text = SAMPLE.read_text(encoding="utf-8")
    return re.findall(r"^(?:# ?)?([A-Z][A-Z0-9_]*)=(.*)$", text, flags=re.MULTILINE)
