"""Coverage and quota in a browser: charts are drawn from tables and walked through by keys."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from app.domain.intake import Finding
from app.domain.videos import Source
from tests.browser.looking import SHIFTED, SIDEWAYS, WATCH_SHIFTS
from tests.browser.sites import Site, open_site
from tests.browser.videos import video
from tests.browser.visitors import Device
from tests.unit.ingest.rig import before_noon

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Locator

    from tests.browser.conftest import Visit

COVERAGE, QUOTA = "/dashboard/coverage", "/dashboard/quota"
SCARCE = 40


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A keyword polled for half an hour with few calls, one late video, and a paused watch."""
    with open_site(tmp_path_factory.mktemp("busy"), youtube_search_calls_per_day=SCARCE) as site:
        for event in before_noon(130):
            site.rig.publish(event)
        watch_id = site.watch("title")
        site.rig.run_for(1800, every=60)
        late = Finding(video(7, timedelta(minutes=3)), Source.SEARCH, watch_id, late=True)
        site.rig.services.store.write(lambda t: t.record([late], site.rig.clock()))
        site.rig.services.watching.set_paused(site.watch("paused"), paused=True)
        yield site


def plot_of(figure: Locator) -> Locator:
    return figure.locator(".plot")


def drawn_pixels(figure: Locator) -> int:
    """How many pixels of a chart's canvas have any colour."""
    pixels: int = figure.locator("canvas").evaluate(
        """(it) => it.getContext("2d").getImageData(0, 0, it.width, it.height).data
            .filter((value, at) => at % 4 === 3 && value > 0).length"""
    )
    return pixels


@pytest.mark.parametrize("path", [COVERAGE, QUOTA])
def test_charts_are_drawn_in_light_and_dark_and_nothing_moves(
    busy: Site, visit: Visit, path: str
) -> None:
    visitor = visit(busy)
    visitor.page.add_init_script(WATCH_SHIFTS)
    visitor.go(path)
    figures = visitor.page.locator("figure:has(.plot)")
    expect(figures.locator("canvas").first).to_be_visible()
    light = [drawn_pixels(it) for it in figures.all()]
    assert len(light) >= 2
    assert min(light) > 500
    visitor.page.emulate_media(color_scheme="dark")
    assert min(drawn_pixels(it) for it in figures.all()) > 500
    assert visitor.page.evaluate(SHIFTED) < 0.01


@pytest.mark.parametrize(("path", "name"), [(COVERAGE, "hours"), (QUOTA, "budget-search")])
def test_keys_walk_through_a_chart_and_say_what_its_table_says(
    busy: Site, visit: Visit, path: str, name: str
) -> None:
    visitor = visit(busy)
    visitor.go(path)
    figure = visitor.page.locator(f"#{name}")
    readout = figure.locator("[aria-live=polite]")
    plot_of(figure).focus()
    rows = figure.locator("tbody tr")
    told = []
    visitor.page.keyboard.press("Home")
    for _ in range(rows.count()):
        told.append(readout.text_content() or "")
        visitor.page.keyboard.press("ArrowRight")
    tables = [
        [it for it in row.locator("td").all_text_contents() if it != "-"] for row in rows.all()
    ]
    said = [re.findall(r"([\d,]+) (?:videos?|calls?)", it) for it in told]
    assert said == tables
    visitor.page.keyboard.press("Escape")
    expect(readout).to_have_text("")
    visitor.page.keyboard.press("End")
    expect(readout).to_have_text(told[-1])


def test_a_point_is_told_in_the_readers_time_zone_and_a_day_is_a_day_of_utc(
    busy: Site, visit: Visit
) -> None:
    visitor = visit(busy, Device(timezone="America/Los_Angeles", locale="en-US"))
    visitor.go(COVERAGE)
    for name, told in (("hours", "Mar 1, 2026, 4:00 AM: "), ("days", "Mar 1, 2026: ")):
        figure = visitor.page.locator(f"#{name}")
        plot_of(figure).press("End")
        expect(figure.locator(".readout")).to_contain_text(told)


def test_keys_and_pointer_walk_through_a_timeline(busy: Site, visit: Visit) -> None:
    visitor = visit(busy)
    visitor.go(COVERAGE)
    item = visitor.page.locator("li:has(.timeline)").first
    timeline, readout = item.locator(".timeline"), item.locator("[aria-live=polite]")
    timeline.press("Home")
    expect(readout).to_contain_text("before this watch began")
    timeline.press("End")
    expect(readout).to_contain_text("1 Mar 2026, 12:30")
    visitor.page.keyboard.press("Tab")
    expect(readout).to_have_text("")
    timeline.hover()
    expect(readout).to_contain_text("before this watch began")


def test_a_chart_follows_the_width_of_the_window(busy: Site, visit: Visit) -> None:
    visitor = visit(busy)
    visitor.go(COVERAGE)
    plot = plot_of(visitor.page.locator("#hours"))
    for width in (1440, 320, 768):
        visitor.page.set_viewport_size({"width": width, "height": 800})
        inside = plot.bounding_box()
        assert inside is not None
        expect(plot.locator("canvas")).to_have_css("width", f"{inside['width']:g}px")
        assert visitor.page.evaluate(SIDEWAYS) == []


def test_without_scripts_tables_hold_the_figures(busy: Site, visit: Visit) -> None:
    visitor = visit(busy, Device(scripts=False))
    visitor.go(COVERAGE)
    figure = visitor.page.locator("#hours")
    expect(figure.locator(".plot")).to_be_hidden()
    figure.locator("summary").click()
    expect(figure.locator("tbody tr")).to_have_count(48)
    expect(figure.locator("tbody tr").last).to_be_visible()
