"""axe-core, which says what of a page people with disabilities cannot use."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from playwright.sync_api import Page

COLOURS = ("color-contrast",)
"""The rules that depend on the colours in use."""

_ASK = """async (rules) => {
    const only = rules.length ? { runOnly: rules } : {};
    const result = await axe.run(document, { resultTypes: ["violations"], ...only });
    return result.violations
        .filter(({ impact }) => impact === "serious" || impact === "critical")
        .flatMap(({ id, nodes }) => nodes.map((it) => `${id}: ${it.html} ${it.failureSummary}`));
}"""


def serious_faults(page: Page, rules: Sequence[str] = ()) -> list[str]:
    """Return what axe-core calls serious or critical, each with the element.

    Args:
        page: is open.
        rules: the only ones to look at; all if there are none.
    """
    page.evaluate(_axe())
    found: list[str] = page.evaluate(_ASK, list(rules))
    return found


@cache
def _axe() -> str:
    return (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
