"""The harness of the tests that look at the pages as people do, in Chromium.

A test takes `site` (the real application on loopback; fill it with `site.watch`, `site.record` or
through `site.rig`) and `visitor` (a tab: `visitor.go("/")`, then `visitor.page` with Playwright's
`expect`, which waits; nothing here sleeps):

    def test_a_title_is_shown(site: Site, visitor: Visitor) -> None:
        site.record(video(1))
        visitor.go("/")
        expect(visitor.page.get_by_text("Video 1")).to_be_visible()

Whatever else goes wrong in a tab fails its test at the end (visitors.py): console and script
errors, violations of the policy, requests to foreign hosts, failing requests; a refusal that is
the point of a test is announced with `visitor.expects(409, "/dashboard/watches")`, a player with
`visitor.may_play()`. Thumbnails are drawn here.

Other eyes: `visit(site, Device(scripts=False))`, `Device(dark=True, width=360)`. Other sites:
`sites("name", prefix=PREFIX)`, `sites(trusts_this_machine=False, read_auth="required")` (log in
with PASSWORD). Time stands still, at NOW in the site and in the browser; `visitor.later(...)` moves
both. `serious_faults(page)` is what axe-core finds.

What holds of every page is in test_every_page.py; a page that is new is a line in pages.py.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Protocol

import pytest

from tests.browser.chromium import Chromium
from tests.browser.sites import Site, open_site
from tests.browser.visitors import Device, Visitor, open_visitor

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_CHROMIUM = pytest.StashKey[Chromium]()
_DESKTOP = Device()


class Sites(Protocol):
    """Opens sites, until the end of the test."""

    def __call__(
        self, *, prefix: str = "", trusts_this_machine: bool = True, **settings: object
    ) -> Site:
        """Return a new one (sites.py)."""


class Visit(Protocol):
    """Opens tabs, until the end of the test; then none of them may have had any trouble."""

    def __call__(self, site: Site, device: Device = _DESKTOP) -> Visitor:
        """Return an empty one."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
    """End Chromium after the last test of this folder."""
    yield
    folder = item.path.parent
    if nextitem is None or folder not in nextitem.path.parents:
        item.config.stash.setdefault(_CHROMIUM, Chromium()).close()


@pytest.fixture(scope="session")
def chromium(pytestconfig: pytest.Config) -> Chromium:
    """The browser, which starts when it is needed."""
    return pytestconfig.stash.setdefault(_CHROMIUM, Chromium())


@pytest.fixture
def sites(tmp_path: Path) -> Iterator[Sites]:
    with ExitStack() as opened:

        def another(
            *, prefix: str = "", trusts_this_machine: bool = True, **settings: object
        ) -> Site:
            folder = tmp_path / f"site-{len(list(tmp_path.iterdir()))}"
            folder.mkdir()
            return opened.enter_context(
                open_site(
                    folder, prefix=prefix, trusts_this_machine=trusts_this_machine, **settings
                )
            )

        yield another


@pytest.fixture
def site(sites: Sites) -> Site:
    """An empty one, whose visitors on this machine may do everything."""
    return sites()


@pytest.fixture
def visit(chromium: Chromium) -> Iterator[Visit]:
    visitors: list[Visitor] = []

    def begin(site: Site, device: Device = _DESKTOP) -> Visitor:
        visitors.append(open_visitor(chromium.browser(), site, device))
        return visitors[-1]

    yield begin
    troubles = [trouble for visitor in visitors for trouble in visitor.end()]
    assert troubles == []


@pytest.fixture
def visitor(site: Site, visit: Visit) -> Visitor:
    """Somebody at a desktop, about to open a page of `site`."""
    return visit(site)
