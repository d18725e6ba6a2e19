"""Debian's Chromium under Playwright: one for all tests of this folder in a process of pytest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect, sync_playwright

from tests.servers.programs import get_program

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Playwright

_OPTIONS = (
    "--no-sandbox",  # which needs a user that is not root
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--force-color-profile=srgb",
    "--font-render-hinting=none",
    # No name but this machine's is looked up, whatever a page or the browser itself asks for.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)

_PATIENCE_MS = 20_000
"""How long something that is expected may take, on a machine that has much else to do."""


class Chromium:
    """Starts when the first test asks for it.

    It ends with the last test of its folder: beside the memory it takes, Playwright keeps a loop
    running in the main thread, where no other test could then run one of its own.
    """

    def __init__(self) -> None:
        self._playwright: Playwright | None = None
        self._browser: Browser | None = None

    def browser(self) -> Browser:
        """Return the running browser."""
        if self._browser is None:
            self._playwright = sync_playwright().start()
            expect.set_options(timeout=_PATIENCE_MS)
            program = str(get_program("chromium-headless-shell"))
            self._browser = self._playwright.chromium.launch(executable_path=program, args=_OPTIONS)
        return self._browser

    def close(self) -> None:
        """End it; it may be started again."""
        if self._browser is not None:
            self._browser.close()
        if self._playwright is not None:
            self._playwright.stop()
        self._browser = self._playwright = None
