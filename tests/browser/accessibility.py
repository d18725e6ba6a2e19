"""axe-core, which says what of a page people with disabilities cannot use."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page

_ASK = """async () => {
    const result = await axe.run(document, { resultTypes: ["violations"] });
    return result.violations
        .filter(({ impact }) => impact === "serious" || impact === "critical")
        .flatMap(({ id, nodes }) => nodes.map((it) => `${id}: ${it.html} ${it.failureSummary}`));
}"""


def serious_faults(page: Page) -> list[str]:
    """Return what axe-core calls serious or critical, each with the element."""
    page.evaluate(_axe())
    found: list[str] = page.evaluate(_ASK)
    return found


@cache
def _axe() -> str:
    return (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
