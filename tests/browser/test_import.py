"""Importing: a file is dropped or chosen, looked at, and what is ticked of it is added."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

from app.domain.audit import Action, AuditQuery
from app.ingest import importing
from tests.browser.accessibility import serious_faults
from tests.browser.sites import PREFIX
from tests.browser.visitors import Device

if TYPE_CHECKING:
    import pytest
    from playwright.sync_api import FilePayload, Route

    from tests.browser.conftest import Sites, Visit
    from tests.browser.sites import Site
    from tests.browser.visitors import Visitor

PATH = "/dashboard/import"
DROP = """(zone, [name, text]) => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([text], name));
    for (const type of ["dragover", "drop"])
        zone.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
}"""


def a_list(*terms: str) -> FilePayload:
    return {"name": "list.txt", "mimeType": "text/plain", "buffer": "\n".join(terms).encode()}


def watched(site: Site) -> list[str]:
    return [watch.term for watch in site.rig.services.watching.list_all()]


def imports(site: Site) -> list[dict[str, object]]:
    lines = site.rig.services.audit_log.page(AuditQuery(100)).lines
    return [dict(it.details) for it in lines if it.action == Action.WATCHES_IMPORTED]


def test_a_dropped_file_is_looked_at_and_what_is_ticked_is_added_with_progress(
    site: Site, visitor: Visitor
) -> None:
    site.watch("boats")
    visitor.go(PATH)
    page = visitor.page
    terms = ["boats", "https://example.org/", *(f"word {n}" for n in range(60))]
    page.locator("form.drop").evaluate(DROP, ["list.txt", "\n".join(terms)])
    expect(page.get_by_role("heading", name="What list.txt lists")).to_be_visible()
    assert serious_faults(page) == []
    assert watched(site) == ["boats"]
    page.get_by_label("word 7 keyword").uncheck()
    page.get_by_role("button", name="Add what is ticked").click()
    told = page.locator("[data-told]")
    expect(told).to_have_text("Done. 59 added, 0 watched already, 0 refused.")
    assert page.locator("#import-progress progress").evaluate("it => it.value / it.max") == 1
    assert len(watched(site)) == 60
    assert "word 7" not in watched(site)
    assert imports(site) == [{"file": "list.txt", "new": 59, "known": 0, "rejected": 0}]
    assert len([it for it in visitor.asked if it.endswith("/import/watches")]) == 3


def test_an_import_can_be_stopped_and_gone_on_with(site: Site, visitor: Visitor) -> None:
    visitor.go(PATH)
    page = visitor.page
    page.get_by_label("A file with").set_input_files(a_list(*(f"word {n}" for n in range(60))))
    page.get_by_role("button", name="Read the file").click()
    held: list[Route] = []

    def hold_the_first(route: Route) -> None:
        if held:
            route.continue_()
        else:
            held.append(route)

    page.route("**/import/watches", hold_the_first)
    add = page.get_by_role("button", name="Add what is ticked")
    with page.expect_request("**/import/watches"):
        add.click()
    page.get_by_role("button", name="Stop").click()
    held[0].continue_()
    told = page.locator("[data-told]")
    expect(told).to_have_text("Stopped. 25 added, 0 watched already, 0 refused.")
    assert len(watched(site)) == 25
    assert imports(site) == [{"file": "list.txt", "new": 25, "known": 0, "rejected": 0}]
    add.click()
    expect(told).to_have_text("Done. 35 added, 0 watched already, 0 refused.")
    assert len(watched(site)) == 60
    assert [it["new"] for it in imports(site)] == [35, 25]


def test_what_there_was_no_time_for_is_sent_again(
    site: Site, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "ADDING_SECONDS", 0.0)
    visitor.go(PATH)
    page = visitor.page
    page.get_by_label("A file with").set_input_files(a_list("boats", "ships", "rafts"))
    page.get_by_role("button", name="Read the file").click()
    page.get_by_role("button", name="Add what is ticked").click()
    expect(page.locator("[data-told]")).to_have_text("Done. 3 added, 0 watched already, 0 refused.")
    assert watched(site) == ["boats", "ships", "rafts"]
    assert imports(site) == [{"file": "list.txt", "new": 3, "known": 0, "rejected": 0}]


def test_a_service_that_fails_is_told_and_the_rest_can_be_sent_again(
    site: Site, visitor: Visitor
) -> None:
    visitor.go(PATH)
    page = visitor.page
    page.get_by_label("A file with").set_input_files(a_list("boats", "<b>ships"))
    page.get_by_role("button", name="Read the file").click()
    visitor.expects(500, f"{PATH}/watches")
    page.route("**/import/watches", lambda it: it.fulfill(status=500, body="broken"), times=1)
    page.get_by_role("button", name="Add what is ticked").click()
    told = page.locator("[data-told]")
    expect(told).to_contain_text("The service answered 500. What was added stays")
    page.get_by_role("button", name="Add what is ticked").click()
    expect(told).to_have_text("Done. 2 added, 0 watched already, 0 refused.")
    assert watched(site) == ["boats", "<b>ships"]


def test_a_file_that_is_too_large_is_not_sent(site: Site, visitor: Visitor) -> None:
    visitor.go(PATH)
    page = visitor.page
    page.get_by_label("A file with").set_input_files(a_list("x" * 9_000_000))
    page.get_by_role("button", name="Read the file").click()
    expect(page.locator("#status")).to_contain_text("at most 8 MiB")
    assert watched(site) == []


def test_without_scripts_both_steps_are_forms(sites: Sites, visit: Visit) -> None:
    site = sites(prefix=PREFIX)
    visitor = visit(site, Device(scripts=False))
    visitor.go(PATH)
    page = visitor.page
    page.get_by_label("A file with").set_input_files(a_list("boats", "ships", "https://x.example/"))
    page.get_by_role("button", name="Read the file").click()
    expect(page.get_by_text("Cannot be watched (1)")).to_be_visible()
    page.get_by_label("ships keyword").uncheck()
    page.get_by_role("button", name="Add what is ticked").click()
    expect(page.get_by_text("1 added, 0 watched already, 0 refused.")).to_be_visible()
    assert watched(site) == ["boats"]
    assert len(imports(site)) == 1
