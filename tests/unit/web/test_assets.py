from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest

from app.web.dashboard.assets import load_bundle

if TYPE_CHECKING:
    from pathlib import Path

    from flask.testing import FlaskClient


def path_of(name: str) -> str:
    return f"/assets/{load_bundle().digest}/{name}"


def test_a_browser_keeps_an_asset_by_the_name_of_its_content(client: FlaskClient) -> None:
    assert "immutable" in client.get(path_of("pages.css")).headers["Cache-Control"]


def test_a_page_of_before_an_upgrade_gets_what_is_there_now_and_asks_again(
    client: FlaskClient,
) -> None:
    response = client.get("/assets/before/pages.css")
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "public, no-cache"
    tag = {"If-None-Match": response.headers["ETag"]}
    assert client.get("/assets/before/pages.css", headers=tag).status_code == 304


@pytest.mark.parametrize("name", ["page.js", "vendor/swagger-ui/swagger-ui-bundle.js"])
def test_an_asset_is_compressed_for_those_who_take_it(client: FlaskClient, name: str) -> None:
    plain = client.get(path_of(name))
    packed = client.get(path_of(name), headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert len(packed.data) < len(plain.data)
    assert packed.headers["ETag"] != plain.headers["ETag"]


@pytest.mark.parametrize(
    "name", ["nothing.js", "vendor/htmx/README.md", "..%2Ffactory.py", "../../factory.py"]
)
def test_nothing_else_is_there(client: FlaskClient, name: str) -> None:
    assert client.get(path_of(name)).status_code == 404


def test_the_name_changes_with_the_content(tmp_path: Path) -> None:
    load = load_bundle.__wrapped__
    (tmp_path / "a.css").write_text("a")
    before = load(tmp_path).digest
    (tmp_path / "a.css").write_text("b")
    assert load(tmp_path).digest != before


def test_a_browser_that_asks_for_an_icon_by_its_old_name_gets_one(client: FlaskClient) -> None:
    assert client.get("/favicon.ico").content_type == "image/svg+xml"
