"""What holds of every page, on a site with something of everything, below a path of a host."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from app.web.dashboard.assets import assets
from app.web.dashboard.routes import PAGES as BLUEPRINTS
from tests.browser.accessibility import COLOURS, serious_faults
from tests.browser.looking import ADDRESSES, FOREIGN, SHIFTED, SIDEWAYS, WATCH_SHIFTS
from tests.browser.pages import DRAWN_BY_OTHERS, HOSTILE, PAGES, PATHS, ShownPage
from tests.browser.scene import fill
from tests.browser.sites import PREFIX, Site, open_site
from tests.browser.visitors import THUMBNAILS, Device, Visitor, open_visitor
from tests.browser.weights import weigh

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

    from tests.browser.chromium import Chromium
    from tests.browser.conftest import Visit

WIDTHS = (320, 360, 768, 1440, 3840)


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with open_site(tmp_path_factory.mktemp("crowd"), prefix=PREFIX) as site:
        fill(site)
        yield site


@pytest.fixture(scope="module", params=PAGES, ids=PATHS)
def page(request: pytest.FixtureRequest) -> ShownPage:
    """Each page in turn."""
    shown: ShownPage = request.param
    return shown


@dataclass(frozen=True)
class Opened:
    """A tab that shows a page, opened once for all that is asked of it."""

    shown: ShownPage
    visitor: Visitor

    @property
    def page(self) -> Page:
        return self.visitor.page


@pytest.fixture(scope="module")
def tab(crowd: Site, chromium: Chromium, page: ShownPage) -> Iterator[Opened]:
    visitor = open_visitor(chromium.browser(), crowd, Device())
    visitor.page.expose_function("canary", lambda: visitor.troubles.append("a text was run"))
    visitor.page.add_init_script(WATCH_SHIFTS)
    visitor.go(page.path)
    yield Opened(page, visitor)
    assert visitor.end() == []


def test_it_does_not_shift_while_it_loads(tab: Opened) -> None:
    assert tab.page.evaluate(SHIFTED) < 0.1


def test_axe_finds_nothing_serious_in_light_and_dark(tab: Opened) -> None:
    light = serious_faults(tab.page)
    tab.page.emulate_media(color_scheme="dark")
    assert [*light, *serious_faults(tab.page, COLOURS)] == []


def test_nothing_scrolls_sideways(tab: Opened) -> None:
    wider: dict[int, list[str]] = {}
    for width in WIDTHS:
        tab.page.set_viewport_size({"width": width, "height": 800})
        wider[width] = tab.page.evaluate(SIDEWAYS)
    assert [it for it in wider.items() if it[1]] == []


def test_no_text_becomes_an_element_or_runs(tab: Opened) -> None:
    tab.page.keyboard.press("Tab")  # some would run when they are focused
    assert tab.page.evaluate(FOREIGN) == []


def test_hostile_text_is_shown_as_it_is(tab: Opened) -> None:
    shown = tab.page.locator("main").text_content() or ""
    assert [text for text in HOSTILE.get(tab.shown.path, ()) if text not in shown] == []


def test_all_that_it_names_and_asks_for_is_below_the_path(tab: Opened) -> None:
    site, asked = tab.visitor.site, tab.visitor.asked
    origin = site.url.removesuffix(PREFIX)
    named = [it for it in tab.page.evaluate(ADDRESSES) if it.startswith(origin)]
    asked = [it for it in asked if urlsplit(it).hostname != THUMBNAILS]
    assert named
    assert [it for it in (*named, *asked) if not it.startswith(f"{site.url}/")] == []


def test_it_can_be_read_without_scripts(crowd: Site, visit: Visit, page: ShownPage) -> None:
    visitor = visit(crowd, Device(scripts=False))
    visitor.go(page.path)
    expect(visitor.page.get_by_role("heading", level=1)).to_be_visible()
    told = visitor.page.locator("main").get_by_text(page.tells).locator("visible=true")
    expect(told.first).to_be_visible()


def test_it_says_what_it_is_to_those_who_are_sent_its_address(crowd: Site, page: ShownPage) -> None:
    html = crowd.app.test_client().get(page.path).get_data(as_text=True)
    head = html.partition("</head>")[0]
    required = (
        *('<html lang="en">', "<title>", 'name="description"', 'name="viewport"', 'rel="icon"'),
        *('property="og:title"', 'property="og:description"'),
    )
    assert [it for it in required if it not in head] == []


def test_no_page_is_missing_here(crowd: Site) -> None:
    ours = {blueprint.name for blueprint in BLUEPRINTS} - {assets.name}
    pages = {
        rule.endpoint
        for rule in crowd.app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and rule.endpoint.partition(".")[0] in ours
    }
    adapter = crowd.app.url_map.bind("")
    paths = [path.partition("?")[0] for path in (*PATHS, *DRAWN_BY_OTHERS)]
    assert {adapter.match(path)[0] for path in paths} == pages


def test_titles_of_pages_differ(crowd: Site) -> None:
    client = crowd.app.test_client()
    heads = [client.get(path).get_data(as_text=True) for path in PATHS]
    titles = {html.partition("<title>")[2].partition("</title>")[0] for html in heads}
    assert len(titles) == len(PATHS)


@pytest.mark.parametrize("path", DRAWN_BY_OTHERS)
def test_what_others_draw_opens_without_trouble(crowd: Site, visit: Visit, path: str) -> None:
    visitor = visit(crowd)
    visitor.go(path)
    expect(visitor.page.get_by_text("/videos/{video_id}", exact=True).first).to_be_visible()


def test_the_feed_does_not_shift_on_a_phone(crowd: Site, visit: Visit) -> None:
    visitor = visit(crowd, Device(width=360, height=720))
    visitor.page.add_init_script(WATCH_SHIFTS)
    visitor.go("/")
    assert visitor.page.evaluate(SHIFTED) < 0.1


def test_the_feed_weighs_less_than_150_kilobytes_without_thumbnails(
    crowd: Site, visit: Visit
) -> None:
    weights = weigh(visit(crowd), "/?limit=100")
    assert {"document", "script", "stylesheet"} <= weights.keys()
    assert sum(weights.values()) < 150_000
