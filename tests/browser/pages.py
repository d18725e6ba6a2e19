"""All pages. One that is new is a line here; a test finds those that are missing."""

from __future__ import annotations

from dataclasses import dataclass

from tests.browser.hostile import TEXTS
from tests.browser.scene import KEYWORD, TITLE


@dataclass(frozen=True)
class ShownPage:
    """A page of the site of scene.py.

    Args:
        path: below the prefix.
        tells: a text that whoever opens it is to see.
        texts: hostile ones that stand on it.
    """

    path: str
    tells: str
    texts: tuple[str, ...] = ()


PAGES: tuple[ShownPage, ...] = (
    ShownPage("/?limit=100", TITLE, TEXTS),
    ShownPage("/dashboard/watches", KEYWORD, TEXTS[:48]),  # of the 50 on a page, two are others
    ShownPage("/login", "Password"),
)
DRAWN_BY_OTHERS = ("/docs",)
"""Swagger UI's, which needs scripts and is not ours to mend."""

PATHS = tuple(page.path for page in PAGES)
