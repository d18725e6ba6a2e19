from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from flask.testing import FlaskClient

NAMES = (
    *("page", "limit", "per_page", "page_size", "cursor", "watch", "keyword", "channel_id"),
    *("published_after", "published_before", "min_duration", "max_duration", "live", "sort"),
)
CHANNEL = "UC0123456789012345678901"


def refusal(client: FlaskClient, query: str) -> tuple[str, str]:
    response = client.get(f"/videos?{query}")
    assert response.status_code == 400, response.data
    error = response.get_json()["errors"][0]
    assert error["status"] == "400"
    return error["source"]["parameter"], error["code"]


@pytest.mark.parametrize("name", ["page", "limit", "per_page", "page_size", "watch"])
@pytest.mark.parametrize(
    "value",
    ["", "0", "-1", "+1", " 1", "1 ", "1.0", "1e1", "1_0", "0x1", "x", "٣", "\u00b2", "9" * 5000],
)
def test_a_number_is_plain_ascii_digits_in_range(
    client: FlaskClient, name: str, value: str
) -> None:
    assert refusal(client, f"{name}={quote(value)}") == (name, f"invalid_{name}")


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("limit=101", "limit"),
        ("page=1000001", "page"),
        (f"watch={2**63}", "watch"),
        ("cursor=", "cursor"),
        ("cursor=x", "cursor"),
        ("cursor=%00%C3%BF", "cursor"),
        ("cursor=" + "A" * 3000, "cursor"),
        ("keyword=", "keyword"),
        ("keyword=a%00b", "keyword"),
        ("keyword=" + "a" * 201, "keyword"),
        ("channel_id=news", "channel_id"),
        (f"channel_id=%20{CHANNEL}", "channel_id"),
        (f"channel_id={CHANNEL}%0A", "channel_id"),
        ("min_duration=-1", "min_duration"),
        ("max_duration=1.5", "max_duration"),
        (f"max_duration={2**63}", "max_duration"),
        ("live=true", "live"),
        ("live=LIVE", "live"),
        ("sort=", "sort"),
        ("sort=date", "sort"),
    ],
)
def test_a_malformed_value_is_refused_by_name(
    client: FlaskClient, query: str, parameter: str
) -> None:
    assert refusal(client, query) == (parameter, f"invalid_{parameter}")


@pytest.mark.parametrize("name", ["published_after", "published_before"])
@pytest.mark.parametrize(
    "value",
    [
        *("", "2026", "2026-01-02", "2026-01-02T18:00:00", "2026-01-02T18:00Z", "1767376800"),
        *("20260102T180000Z", "2026-W01-5T18:00:00Z", "2026-01-02 18:00:00Z", "now"),
        *("2026-02-30T00:00:00Z", "2026-01-02T24:00:01Z", "2026-01-02T18:00:00+24:00"),
        *("2026-01-02T18:00:00 02:00", "2026-01-02T18:00:00.Z", "2026-01-02T18:00:00.1234567Z"),
        *("2026-01-02T18:00:00Z\n", "٢026-01-02T18:00:00Z", "0001-01-01T00:00:00+01:00"),
    ],
)
def test_an_instant_is_rfc_3339_with_an_offset(client: FlaskClient, name: str, value: str) -> None:
    assert refusal(client, f"{name}={quote(value)}") == (name, f"invalid_{name}")


@pytest.mark.parametrize("name", ["lim", "LIMIT", "query", "", "limit[]", "page%20"])
def test_an_unknown_parameter_is_refused_by_name(client: FlaskClient, name: str) -> None:
    known = name.replace("%20", " ")
    assert refusal(client, f"{name}=1") == (known, "unknown_parameter")


def test_raw_bytes_that_are_no_text_are_refused(client: FlaskClient) -> None:
    response = client.get("/videos", environ_overrides={"QUERY_STRING": "keyword=\xff"})
    assert response.status_code == 400
    assert response.get_json()["errors"][0]["code"] == "malformed_query"


@pytest.mark.parametrize("name", NAMES)
def test_a_repeated_parameter_is_refused(client: FlaskClient, name: str) -> None:
    assert refusal(client, f"{name}=1&{name}=1") == (name, "repeated_parameter")


@pytest.mark.parametrize("other", ["per_page", "page_size"])
def test_two_names_of_the_limit_are_a_repetition(client: FlaskClient, other: str) -> None:
    assert refusal(client, f"limit=5&{other}=5") == (other, "repeated_parameter")


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("watch=1&keyword=news", "keyword"),
        (f"watch=1&channel_id={CHANNEL}", "channel_id"),
        (f"keyword=news&channel_id={CHANNEL}", "channel_id"),
    ],
)
def test_filters_that_name_different_feeds_exclude_each_other(
    client: FlaskClient, query: str, parameter: str
) -> None:
    assert refusal(client, query) == (parameter, "conflicting_parameters")


def test_a_cursor_excludes_a_page(client: FlaskClient) -> None:
    cursor = client.get("/videos").get_json()["next_cursor"]
    assert refusal(client, f"page=1&cursor={cursor}") == ("cursor", "conflicting_parameters")


def test_all_that_is_wrong_is_said_at_once(client: FlaskClient) -> None:
    errors = client.get("/videos?page=x&limit=0&colour=red").get_json()["errors"]
    named = {error["source"]["parameter"] for error in errors}
    assert named == {"page", "limit", "colour"}


def test_a_route_without_parameters_takes_none(client: FlaskClient) -> None:
    response = client.get("/videos/vid00000099?limit=1")
    assert response.status_code == 400


pairs = st.lists(
    st.tuples(
        st.sampled_from(NAMES) | st.text(max_size=5),
        st.integers(-2, 10**20).map(str)
        | st.text(max_size=30)
        | st.sampled_from(["news", "live", "oldest"])
        | st.datetimes().map(lambda at: f"{at.isoformat()}Z"),
    ),
    max_size=4,
).map(lambda given_pairs: urlencode(given_pairs, errors="replace").encode())


@given(query=pairs | st.binary(max_size=40))
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_query_string_breaks_the_service(client: FlaskClient, query: bytes) -> None:
    raw = {"QUERY_STRING": query.decode("latin-1")}
    response = client.get("/videos", environ_overrides=raw)
    assert response.status_code in (200, 400, 404)
    body = response.get_json()
    if response.status_code == 200:
        assert isinstance(body["items"], list)
    else:
        assert all(error["status"] == str(response.status_code) for error in body["errors"])
        assert all(error["code"] and error["detail"] for error in body["errors"])
