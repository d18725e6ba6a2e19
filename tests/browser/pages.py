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
    """

    path: str
    tells: str


PAGES: tuple[ShownPage, ...] = (
    ShownPage("/?limit=100", TITLE),
    ShownPage("/dashboard/watches", KEYWORD),
    ShownPage("/dashboard/watches/1?shortest=0:30", "What these filters do"),
    ShownPage("/dashboard/import", "Google Takeout"),
    ShownPage("/dashboard/coverage", KEYWORD),
    ShownPage("/dashboard/quota", "Search calls"),
    ShownPage("/dashboard/activity", "to find new videos"),
    ShownPage("/dashboard/audit", "Newsreel itself"),
    ShownPage("/dashboard/webhooks", "There are no webhooks yet."),
    ShownPage("/dashboard/settings", "YOUTUBE_API_KEYS"),
    ShownPage("/dashboard/help", "YouTube Data API v3"),
    ShownPage("/login", "Password"),
)
DRAWN_BY_OTHERS = ("/docs",)
"""Swagger UI's, which needs scripts and is not ours to mend."""

HOSTILE: dict[str, tuple[str, ...]] = {
    "/?limit=100": TEXTS,
    "/dashboard/watches": TEXTS[:48],  # of the 50 on a page, two are others
}
"""Which hostile texts stand on a page."""

PATHS = tuple(page.path for page in PAGES)
