"""`python -m tests.screenshots`: pictures of the pages for the README, in docs/screenshots.

The site is that of tests/browser/showcase.py; nothing is fetched and time stands still, so the
pictures change only with the pages.
"""

from __future__ import annotations

import sys
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from app.telemetry import configure_logging
from tests.browser.chromium import Chromium
from tests.browser.showcase import open_showcase
from tests.browser.visitors import Device, open_visitor
from tests.processes import PROJECT

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.browser.sites import Site

FOLDER = PROJECT / "docs" / "screenshots"
MOST_BYTES = 2_000_000
SIZES = ((360, 680), (768, 760), (1440, 860))


@dataclass(frozen=True)
class Picture:
    """What is shown; `dark` says whether also in dark colours, at the largest size."""

    name: str
    path: str
    dark: bool = False


PICTURES = (
    Picture("feed", "/", dark=True),
    Picture("watches", "/dashboard/watches"),
    Picture("watch", "/dashboard/watches/1"),
    Picture("coverage", "/dashboard/coverage", dark=True),
    Picture("quota", "/dashboard/quota"),
    Picture("activity", "/dashboard/activity"),
    Picture("settings", "/dashboard/settings"),
    Picture("import", "/dashboard/import"),
)


def main() -> int:
    """Draw all pictures; 1 if a page had trouble or they are too large together."""
    configure_logging("error")  # the site meets trouble on purpose
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.png"):
        old.unlink()
    with (
        TemporaryDirectory(prefix="newsreel-screenshots-") as folder,
        open_showcase(Path(folder)) as site,
        closing(Chromium()) as chromium,
    ):
        troubles = [it for picture in PICTURES for it in _draw(chromium.browser(), site, picture)]
    size = sum(path.stat().st_size for path in FOLDER.glob("*.png"))
    sys.stdout.write(f"{len(list(FOLDER.glob('*.png')))} pictures, {size:,} bytes\n")
    sys.stderr.write("".join(f"{it}\n" for it in troubles))
    return 1 if troubles or size > MOST_BYTES else 0


def _draw(browser: Browser, site: Site, picture: Picture) -> list[str]:
    troubles: list[str] = []
    devices = [Device(width=width, height=height) for width, height in SIZES]
    if picture.dark:
        devices.append(replace(devices[-1], dark=True))
    for device in devices:
        visitor = open_visitor(browser, site, device)
        visitor.go(picture.path)
        name = f"{picture.name}-{device.width}{'-dark' if device.dark else ''}.png"
        visitor.page.screenshot(path=FOLDER / name)
        troubles += visitor.end()
    return troubles


if __name__ == "__main__":
    sys.exit(main())
