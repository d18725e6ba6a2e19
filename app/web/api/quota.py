"""GET /quota: what is spent and what is to come, for the operator."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from apiflask import APIBlueprint

from app.auth.scopes import Scope
from app.domain.clock import format_instant
from app.web.api import examples, quota_schemas
from app.web.api.openapi import responses
from app.web.limits import costs
from app.web.parameters import Query
from app.web.replies import rounded, uncached_json
from app.web.scopes import scope
from app.web.services import services

if TYPE_CHECKING:
    from datetime import datetime

    from flask import Response

    from app.domain.quota import KeyReport, Usage
    from app.ingest.quota_report import Forecast, ProjectQuota

quota = APIBlueprint("quota", __name__, tag="Quota")

_ERRORS = (HTTPStatus.BAD_REQUEST, HTTPStatus.SERVICE_UNAVAILABLE)


@quota.get("/quota")
@scope(Scope.ADMIN)
@costs(40)
@quota.input(Query, location="query", arg_name="query")
@quota.output(quota_schemas.Quota, example=examples.QUOTA)
@quota.doc(operation_id="get_quota", responses=responses(*_ERRORS, headers=("Cache-Control",)))
def get_quota(query: Query) -> Response:  # noqa: ARG001 - it takes no parameters
    """Tell what each project has used today, the state of its keys, and what is to come.

    Keys are named by fingerprints. A watch whose next poll lies in the past waits for a worker.
    """
    report = services().quota.report()
    return uncached_json(
        {
            "projects": [_project(project, report.resets_at) for project in report.projects],
            "forecast": _forecast(report.forecast),
        }
    )


def _project(project: ProjectQuota, resets_at: datetime) -> dict[str, object]:
    return {
        "project": project.project,
        "buckets": [_bucket(usage, resets_at) for usage in project.usage],
        "keys": [_key(key) for key in project.keys],
    }


def _bucket(usage: Usage, resets_at: datetime) -> dict[str, object]:
    return {
        "bucket": usage.bucket.value,
        "limit": usage.limit,
        "used": usage.used,
        "left": usage.left,
        "resets_at": format_instant(resets_at),
        "exhausted_at": _instant(usage.exhausted_at),
    }


def _key(key: KeyReport) -> dict[str, object]:
    status = key.status
    return {
        "fingerprint": key.fingerprint,
        "state": key.state.value,
        "since": _instant(status.since if status else None),
        "until": _instant(status.until if status else None),
        "reason": status.reason if status else None,
    }


def _forecast(forecast: Forecast) -> dict[str, object]:
    return {
        "next_polls": [
            {
                "watch_id": poll.watch.watch_id,
                "kind": poll.watch.kind.value,
                "term": poll.watch.term,
                "at": format_instant(poll.watch.next_due_at),
                "interval_seconds": rounded(poll.interval_seconds),
                "packed_interval_seconds": rounded(poll.packed_interval_seconds),
            }
            for poll in forecast.polls
        ],
        "calls_left": forecast.calls_left,
        "calls_reserved": rounded(forecast.calls_reserved),
        "last_call_at": _instant(forecast.last_call_at),
        "plenty": forecast.plenty,
    }


def _instant(at: datetime | None) -> str | None:
    return None if at is None else format_instant(at)
