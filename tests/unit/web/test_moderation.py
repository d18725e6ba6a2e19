from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from tests.unit.web.fakes import MemoryServices

PATH = "/videos/a1B2c3D4e5F"


def test_a_video_is_hidden_with_a_note_and_shown_again(
    client: FlaskClient, services: MemoryServices
) -> None:
    hidden = client.patch(PATH, json={"hidden": True, "note": " spam "})
    assert hidden.get_json() == {
        "video_id": "a1B2c3D4e5F",
        "hidden": True,
        "note": "spam",
        "hidden_at": "2026-01-02T18:00:00Z",
        "hidden_by": "this-machine",
        "video": None,
    }
    assert hidden.headers["Cache-Control"] == "no-store"
    shown = client.patch(PATH, json={"hidden": False}).get_json()
    assert (shown["hidden"], shown["note"], shown["hidden_at"]) == (False, None, None)
    assert services.moderation.asked == [
        ("this-machine",),
        ("a1B2c3D4e5F", True, "spam"),
        ("this-machine",),
        ("a1B2c3D4e5F", False, None),
    ]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "invalid_hidden"),
        ({"hidden": None}, "invalid_hidden"),
        ({"hidden": "true"}, "invalid_hidden"),
        ({"hidden": 1}, "invalid_hidden"),
        ({"hidden": True, "note": 5}, "invalid_note"),
        ({"hidden": True, "note": "x" * 501}, "invalid_note"),
        ({"hidden": True, "note": "a\nb"}, "invalid_note"),
        ({"hidden": True, "note": "a\n"}, "invalid_note"),
        ({"hidden": True, "note": "a\0b"}, "invalid_note"),
        ({"hidden": True, "title": "x"}, "unknown_member"),
        ([], "invalid_body"),
    ],
)
def test_what_is_not_understood_is_refused(
    client: FlaskClient, services: MemoryServices, body: object, code: str
) -> None:
    response = client.patch(PATH, json=body)
    assert (response.status_code, response.get_json()["errors"][0]["code"]) == (400, code)
    assert services.moderation.asked == []
