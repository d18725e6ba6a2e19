"""Whatever trouble is named by its code, a page says what it means and what to do."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import pytest

from app.domain.errors import (
    CacheReplicaUnavailableError,
    CacheUnavailableError,
    CacheWriteFailedError,
    LeaseLostError,
    NewsreelError,
    PollCrashedError,
    SourceError,
    StoreUnavailableError,
)
from app.ingest.clock_steps import CLOCK_DIFFERS
from app.ingest.trouble import WRITES_FAIL
from app.quota.on_demand import SPENT
from app.web.dashboard.advice import ADVICE, advice_on
from tests.architecture.source_tree import source_files

if TYPE_CHECKING:
    from collections.abc import Iterator

    from apiflask import APIFlask

CONSTANTS = {"CLOCK_DIFFERS": CLOCK_DIFFERS, "WRITES_FAIL": WRITES_FAIL, "SPENT": SPENT}
PASSED_ON = {
    *("code", "row.error_code", "trouble.reason"),
    *("error.code", "it.code", "alert.code", "problem.code"),
}
"""Arguments whose values are made elsewhere: by errors, or by a call that is found itself."""

NAMING = {"Problem", "NoUsableKeyError", "trouble"}
"""Calls whose first argument is a code; in the file below `self._seen` is another one."""

READINESS = "app/ingest/readiness.py"


def codes_of_errors() -> set[str]:
    """The codes by which fetches and watches name what ended them."""
    ending: tuple[type[NewsreelError], ...] = (
        *below(SourceError),
        *(SourceError, LeaseLostError, PollCrashedError),
        *(StoreUnavailableError, CacheUnavailableError, CacheWriteFailedError),
        CacheReplicaUnavailableError,
    )
    return {kind.code for kind in ending}


def below(kind: type[NewsreelError]) -> Iterator[type[NewsreelError]]:
    for each in kind.__subclasses__():
        yield each
        yield from below(each)


def codes_in_the_code() -> set[str]:
    """The codes that stand in calls which name a problem, whatever is after a colon left out."""
    found = {code_in(first) for first in named_in_calls()}
    return {code for code in found if code is not None}


def named_in_calls() -> Iterator[ast.expr]:
    for file in source_files("app"):
        naming = NAMING | ({"self._seen"} if file.path == READINESS else set())
        for node in ast.walk(file.tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in naming and node.args:
                yield node.args[0]


def code_in(argument: ast.expr) -> str | None:
    if isinstance(argument, ast.JoinedStr):  # f"key_disabled:{fingerprint}"
        argument = argument.values[0]
    if isinstance(argument, ast.Constant):
        return str(argument.value).partition(":")[0]
    written = ast.unparse(argument)
    return None if written in PASSED_ON else CONSTANTS[written]


def test_every_code_of_trouble_has_advice_and_no_other_has() -> None:
    known = codes_of_errors() | codes_in_the_code()
    assert {"ingest_stalled", "data_stale", "webhook_paused", SPENT, WRITES_FAIL} <= known
    assert set(ADVICE) == known


@pytest.mark.parametrize("code", sorted(ADVICE))
def test_advice_says_what_it_is_and_what_to_do(code: str) -> None:
    advice = ADVICE[code]
    for sentence in (advice.meaning, advice.action):
        assert sentence[0].isupper()
        assert sentence.rstrip(".").strip()
    assert not advice.title.endswith(".")
    assert "_" not in advice.title, "words, no code"
    assert bool(advice.endpoint) == bool(advice.link)


def test_advice_leads_only_to_pages_that_are_there(app: APIFlask) -> None:
    named = {advice.endpoint for advice in ADVICE.values()} - {""}
    assert named <= set(app.view_functions)


def test_which_key_or_webhook_it_is_does_not_matter_to_the_advice() -> None:
    assert advice_on("key_disabled:0123456789ab") is ADVICE["key_disabled"]
    assert advice_on("webhook_paused:7") is ADVICE["webhook_paused"]


def test_of_an_unknown_code_nothing_is_made_up() -> None:
    assert advice_on("of_an_older_release") is None
