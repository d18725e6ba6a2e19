"""What is exported and what the API answers are the same bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.domain.feeds import ALL, EVERYTHING
from app.feed.exporting import as_json_lines

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from app.bootstrap import Services


def test_exported_lines_are_the_items_of_the_feed_byte_for_byte(
    services: Services, client: FlaskClient
) -> None:
    pages = services.export.pages(ALL, EVERYTHING)
    lines = b"".join(map(as_json_lines, pages)).splitlines()
    first, second = (client.get(f"/videos?limit=100&page={page}").get_data() for page in (1, 2))
    assert b'"items":[' + b",".join(lines[:100]) + b"]" in first
    assert b'"items":[' + b",".join(lines[100:]) + b"]" in second
    assert len(lines) > 100
