from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from app.domain.alerts import Alert
from app.domain.configured import Configured
from app.domain.quota import KeyState
from app.domain.watches import Problem
from app.domain.webhooks import Pause, Webhook
from app.web.dashboard.advice import ADVICE
from app.web.dashboard.health_lines import Area, health_lines
from tests.unit.web.dashboards import shown, words
from tests.unit.web.fakes import AT, MemoryHealth

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from app.ingest.health import HealthReport
    from tests.unit.web.fakes import MemoryServices

PATH = "/dashboard/settings"
WELL = MemoryHealth().answer
HOUR = timedelta(hours=1)


def states(report: HealthReport) -> dict[str, str]:
    return {part.name: part.state[1] for part in health_lines(report)}


def facts(report: HealthReport, area: Area) -> dict[str, object]:
    (part,) = (it for it in health_lines(report) if it.name == area)
    return {fact.name: fact.at or fact.text for fact in part.facts}


def stored(**changes: object) -> HealthReport:
    assert WELL.stored is not None
    changed = replace(WELL.stored, **changes)  # type: ignore[arg-type]  # its fields
    return replace(WELL, stored=changed)


def test_a_service_that_is_well_says_so_of_every_part(client: FlaskClient) -> None:
    assert set(states(WELL).values()) == {"ok"}
    told = words(shown(client, PATH))
    assert "Database ok Kind SQLite Answered in 1.0 ms Schema 0018" in told
    assert "YouTube ok Last poll that succeeded just now API keys 1 usable" in told


def test_settings_are_shown_with_what_was_changed(
    client: FlaskClient, services: MemoryServices
) -> None:
    services.configured = (
        Configured("PORT", "80", is_default=False),
        Configured("SECRET_KEY", "", is_default=True),
        Configured("KEYWORDS", "<b>", is_default=False),
    )
    html = shown(client, PATH)
    told = words(html)
    for row in ("PORT 80 changed", "SECRET_KEY not set default", "KEYWORDS <b> changed"):
        assert row in told
    assert "<b>" not in html


@pytest.mark.parametrize("code", sorted(ADVICE))
def test_every_problem_stands_with_exactly_one_part(code: str) -> None:
    report = replace(WELL, problems=(Problem(code, AT, "so it is"),))
    found = [it for part in health_lines(report) for it in part.troubles]
    assert [(it.code, it.since) for it in found] == [(code, AT)]
    assert list(states(report).values()).count("trouble") == 1


def test_a_problem_is_shown_with_what_to_do(client: FlaskClient, services: MemoryServices) -> None:
    problem = Problem("cache_unavailable", AT - HOUR, "the cache cannot be reached")
    services.health.answer = replace(WELL, problems=(problem,), cache_is_shared=True)
    told = words(shown(client, PATH))
    assert "Cache trouble Kind Redis Answered in 0.0 ms Redis does not answer since 1 h ago" in told
    assert ADVICE["cache_unavailable"].action in told


def test_what_cannot_be_known_is_not_made_up() -> None:
    away = Problem("database_unavailable", AT, "away")
    report = replace(WELL, problems=(away,), stored=None, database_took=None)
    assert states(report) == {
        "Database": "trouble",
        "Cache": "ok",
        "Scheduler and workers": "not known here",
        "YouTube": "not known here",
        "Webhooks": "not known here",
        "Alerts": "not known here",
    }
    assert facts(report, Area.DATABASE)["Answered in"] == "no answer"


def test_nothing_is_said_of_workers_that_have_left_no_trace_yet() -> None:
    fresh = stored(last_fetch_at=None, last_success_at=None, keys={})
    assert states(fresh)["Scheduler and workers"] == "not known here"
    assert facts(fresh, Area.FETCHING)["Last fetch"] == "none yet"
    assert facts(fresh, Area.YOUTUBE) == {
        "Last poll that succeeded": "none yet",
        "API keys": "none configured",
    }


def test_keys_are_counted_by_their_state() -> None:
    report = stored(keys={KeyState.USABLE: 2, KeyState.DISABLED: 1})
    assert facts(report, Area.YOUTUBE)["API keys"] == "2 usable, 1 disabled"


def test_webhooks_are_counted_by_their_state() -> None:
    hook = Webhook(1, None, "https://example.org/", "nws_x", 0, AT, AT)
    hooks = (hook, replace(hook, failing_since=AT), replace(hook, paused=Pause.BY_HAND))
    assert facts(stored(webhooks=hooks), Area.WEBHOOKS) == {"Webhooks": "3, 1 failing, 1 paused"}


def test_tables_of_another_release_are_trouble() -> None:
    (part, *_) = health_lines(stored(revision="0017"))
    assert [it.code for it in part.troubles] == ["schema_unusable"]
    assert "python -m app migrate" in ADVICE["schema_unusable"].action
    (part, *_) = health_lines(stored(revision="9999"))
    assert [it.code for it in part.troubles] == ["schema_newer"]


def test_a_replica_that_is_away_is_trouble() -> None:
    report = replace(WELL, has_replica=True)
    assert [it.code for it in health_lines(report)[0].troubles] == ["replica_unavailable"]
    well = replace(report, replica_took=HOUR / 3_600_000)
    assert facts(well, Area.DATABASE)["Replica answered in"] == "1.0 ms"
    assert states(well)["Database"] == "ok"


def test_alerts_that_do_not_arrive_are_trouble() -> None:
    silent = Alert("data_stale", "", AT, AT, failing_since=AT - HOUR)
    report = replace(stored(alerts=(silent,)), channels=("mailto",))
    (part,) = (it for it in health_lines(report) if it.name == Area.ALERTS)
    assert [(it.code, it.since) for it in part.troubles] == [("alert_not_sent", AT - HOUR)]
    assert facts(report, Area.ALERTS) == {"Told by": "mailto", "Open alerts": "1"}
