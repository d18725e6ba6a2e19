"""Somebody at a browser who notes everything that goes wrong beside what a test looks at.

Noted are console errors, errors of scripts, violations of the content security policy, requests to
any host but the site's and that of the thumbnails, and requests to the site that fail.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tests.browser.pictures import thumbnail

if TYPE_CHECKING:
    from datetime import timedelta

    from playwright.sync_api import (
        Browser,
        BrowserContext,
        ConsoleMessage,
        Page,
        Request,
        Response,
        Route,
    )
    from playwright.sync_api import Error as PageError

    from tests.browser.sites import Site

THUMBNAILS = "i.ytimg.com"
PLAYER = "www.youtube-nocookie.com"
LAST_GOOD_STATUS = 399

# A reply that is an error is noted with its status, where a test can say that it expects it.
_TOLD_OTHERWISE = "Failed to load resource:"
_REPORT_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) => {
    console.error(`CSP: ${event.effectiveDirective} forbids ${event.blockedURI || "this"}`);
});
"""


@dataclass(frozen=True)
class Device:
    """What the visitor looks at the site with.

    Args:
        has_thumbnails: whether YouTube has the pictures; else each is a 404.
    """

    width: int = 1280
    height: int = 800
    dark: bool = False
    scripts: bool = True
    timezone: str = "UTC"
    locale: str = "en-GB"
    has_thumbnails: bool = True
    touch: bool = False


@dataclass
class Visitor:
    """One open tab; `page` is Playwright's."""

    page: Page
    site: Site
    troubles: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    """Addresses of all requests so far."""
    _hosts: set[str] = field(default_factory=set)
    _statuses: set[tuple[int, str]] = field(default_factory=set)

    def go(self, path: str = "/") -> Response:
        """Open a page of the site by its path below the prefix; return the reply."""
        reply = self.page.goto(self.site.url + path)
        assert reply is not None
        return reply

    def later(self, by: timedelta) -> None:
        """Let time pass, in the site and in the page: timers that are due by then fire once."""
        self.site.move(by)
        self.page.context.clock.set_fixed_time(self.site.rig.clock())
        self.page.clock.fast_forward(int(by.total_seconds() * 1000))

    def expects(self, status: int, path: str) -> None:
        """Say that a request for this path (without its query) may fail so."""
        self._statuses.add((status, path))

    def may_play(self) -> None:
        """Say that from now on a player may be loaded; it is an empty page here."""
        self._hosts.add(PLAYER)

    def end(self) -> list[str]:
        """Close the tab; return what went wrong in it."""
        context = self.page.context
        if not self.page.is_closed():
            self.page.title()  # what the browser has told before is heard by now
        context.unroute_all(behavior="ignoreErrors")
        context.close()
        return self.troubles

    # What follows is called by Playwright.

    def hear(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(_TOLD_OTHERWISE):
            self.troubles.append(f"console: {message.text}")

    def meet_error(self, error: PageError) -> None:
        self.troubles.append(f"script: {error.message}")

    def note_request(self, request: Request) -> None:
        self.asked.append(request.url)

    def note_reply(self, reply: Response) -> None:
        url = urlsplit(reply.url)
        if reply.status <= LAST_GOOD_STATUS or url.hostname == THUMBNAILS:
            return
        prefix = urlsplit(self.site.url).path
        if (reply.status, url.path.removeprefix(prefix)) not in self._statuses:
            self.troubles.append(f"status {reply.status}: {reply.request.method} {reply.url}")

    def note_failure(self, request: Request) -> None:
        # Whatever a page leaves behind unanswered when another is opened is aborted.
        if request.failure != "net::ERR_ABORTED" and self._is_ours(request.url):
            self.troubles.append(f"{request.failure}: {request.method} {request.url}")

    def answer_foreign(self, route: Route) -> None:
        host = urlsplit(route.request.url).hostname
        if host in self._hosts:
            route.fulfill(content_type="text/html", body="<!doctype html><title>Player</title>")
            return
        self.troubles.append(f"a request to {host}: {route.request.url}")
        route.abort()

    def _is_ours(self, url: str) -> bool:
        return urlsplit(url).netloc == urlsplit(self.site.url).netloc


def open_visitor(browser: Browser, site: Site, device: Device) -> Visitor:
    """Open an empty tab in a browser context of its own, which knows of no visit before."""
    context = browser.new_context(
        viewport={"width": device.width, "height": device.height},
        color_scheme="dark" if device.dark else "light",
        java_script_enabled=device.scripts,
        timezone_id=device.timezone,
        locale=device.locale,
        has_touch=device.touch,
        reduced_motion="reduce",
    )
    context.add_init_script(_REPORT_VIOLATIONS)
    context.clock.set_fixed_time(site.rig.clock())
    visitor = Visitor(context.new_page(), site)
    _route(context, visitor, device)
    context.on("console", visitor.hear)
    context.on("weberror", lambda it: visitor.meet_error(it.error))
    context.on("request", visitor.note_request)
    context.on("response", visitor.note_reply)
    context.on("requestfailed", visitor.note_failure)
    return visitor


def _route(context: BrowserContext, visitor: Visitor, device: Device) -> None:
    origin = re.escape("{0.scheme}://{0.netloc}/".format(urlsplit(visitor.site.url)))
    context.route(re.compile(f"^(?!{origin})"), visitor.answer_foreign)
    pictures = _draw if device.has_thumbnails else _have_none
    context.route(f"https://{THUMBNAILS}/**", pictures)


def _draw(route: Route) -> None:
    route.fulfill(content_type="image/png", body=thumbnail(route.request.url))


def _have_none(route: Route) -> None:
    route.fulfill(status=404)
