"""Alert rules on recorded series, by promtool; what is named in rules and dashboard is told."""

from __future__ import annotations

import json
import re
import subprocess
from typing import TYPE_CHECKING, Any, cast

import pytest
from ruamel.yaml import YAML

from app.bootstrap import build_services
from app.settings import Settings
from tests.contract.deploy.pods import compose_services
from tests.processes import PROJECT
from tests.servers.programs import get_program

if TYPE_CHECKING:
    from pathlib import Path

MONITORING = PROJECT / "deploy/monitoring"
ALERTS = MONITORING / "alerts.yml"
DASHBOARD = MONITORING / "grafana/dashboards/newsreel.json"
GUIDE = PROJECT / "docs/monitoring.md"
DAY, MINUTES = 86_400, 90
"""In seconds; how long series are recorded, which is more than any rule waits or looks back."""

# What a healthy service tells, minute by minute: the same all the time, or growing evenly.
HEALTHY = {
    'up{job="newsreel"}': "1",
    'newsreel_up{part="database"}': "1",
    'newsreel_up{part="cache"}': "1",
    'newsreel_up{part="cache_writes"}': "1",
    'newsreel_up{part="queue"}': "1",
    "newsreel_tick_age_seconds": "7",
    "newsreel_latest_success_age_seconds": "300",
    'newsreel_watch_success_age_seconds{watch="3",kind="keyword"}': "900",
    "newsreel_watches_overdue_seconds": "4",
    'newsreel_fetches_last_hour{source="search",outcome="ok"}': "40",
    'newsreel_fetches_last_hour{source="rss",outcome="source_unavailable"}': "3",
    'newsreel_queue_messages{queue="fetch"}': "2",
    'newsreel_database_failures_total{kind="write"}': "0",
    'newsreel_quota_left{project="p",bucket="search"}': "30",
    'newsreel_quota_limit{project="p",bucket="search"}': "100",
    'newsreel_quota_left{project="p",bucket="units"}': "5000",
    'newsreel_quota_limit{project="p",bucket="units"}': "10000",
    'newsreel_keys{state="usable"}': "2",
    'newsreel_keys{state="cooling"}': "0",
    'newsreel_keys{state="disabled"}': "0",
    'newsreel_range_seconds{reason="budget",due="now"}': "1200",
    'newsreel_range_seconds{reason="cap",due="never"}': "2",
    'newsreel_http_request_seconds_count{route="/videos",status="2xx"}': "0+600x{m}",
    'newsreel_http_request_seconds_count{route="/videos",status="5xx"}': "0",
    'newsreel_http_request_seconds_bucket{route="/videos",le="0.1"}': "0+600x{m}",
    'newsreel_http_request_seconds_bucket{route="/videos",le="5"}': "0+600x{m}",
    'newsreel_http_request_seconds_bucket{route="/videos",le="+Inf"}': "0+600x{m}",
    'newsreel_lane_shed_total{lane="store"}': "0",
    "newsreel_oldest_refresh_age_seconds": str(20 * DAY),
    "newsreel_webhook_failing_seconds": "60",
    'newsreel_webhooks{state="working"}': "1",
}

FULL = " ".join(["550x0 350x0"] * (MINUTES // 2 + 1))
"""A queue that ticks stop filling at 500, and go on filling when some messages were taken."""

# What is otherwise when an alert has to fire.
TROUBLE: dict[str, dict[str, str]] = {
    "NewsreelDown": {'up{job="newsreel"}': "0"},
    "NewsreelDatabaseAway": {'newsreel_up{part="database"}': "0"},
    "NewsreelRedisAway": {
        'newsreel_up{part="cache"}': "0",
        'newsreel_up{part="cache_writes"}': "0",
    },
    "NewsreelCacheWritesFail": {'newsreel_up{part="cache_writes"}': "0"},
    "NewsreelQueueAway": {'newsreel_up{part="queue"}': "0"},
    "NewsreelNoTick": {"newsreel_tick_age_seconds": "7+60x{m}"},
    "NewsreelFeedStale": {"newsreel_latest_success_age_seconds": str(4 * 3600)},
    "NewsreelWatchStale": {
        'newsreel_watch_success_age_seconds{watch="3",kind="keyword"}': str(DAY + 1)
    },
    "NewsreelWatchesOverdue": {"newsreel_watches_overdue_seconds": "301"},
    "NewsreelFetchesFail": {
        'newsreel_fetches_last_hour{source="rss",outcome="source_unavailable"}': "41"
    },
    "NewsreelQueueGrows": {'newsreel_queue_messages{queue="fetch"}': FULL},
    "NewsreelWritesFail": {'newsreel_database_failures_total{kind="write"}': "0+1x{m}"},
    "NewsreelSearchQuotaSpentEarly": {'newsreel_quota_left{project="p",bucket="search"}': "0"},
    "NewsreelUnitsSpentEarly": {'newsreel_quota_left{project="p",bucket="units"}': "499"},
    "NewsreelAllKeysOut": {
        'newsreel_keys{state="usable"}': "0",
        'newsreel_keys{state="cooling"}': "2",
    },
    "NewsreelKeyDisabled": {'newsreel_keys{state="disabled"}': "1"},
    "NewsreelLostToQuota": {'newsreel_range_seconds{reason="budget",due="now"}': str(DAY + 1)},
    "NewsreelLostByCap": {'newsreel_range_seconds{reason="cap",due="never"}': "2x60 3x30"},
    "NewsreelSlow": {'newsreel_http_request_seconds_bucket{route="/videos",le="0.1"}': "0+500x{m}"},
    "NewsreelServerErrors": {
        'newsreel_http_request_seconds_count{route="/videos",status="5xx"}': "0+12x{m}"
    },
    "NewsreelOverloaded": {'newsreel_lane_shed_total{lane="store"}': "0+60x{m}"},
    "NewsreelRefreshOverdue": {"newsreel_oldest_refresh_age_seconds": str(25 * DAY + 60)},
    "NewsreelWebhookFailing": {"newsreel_webhook_failing_seconds": "3601"},
}

ABSENT = "_"
LATELY = f"{ABSENT}x60"  # then it begins, half an hour ago
# What else is no everyday state, and the alerts that fire then: all of them, and no other.
CASES: tuple[tuple[dict[str, str], tuple[str, ...]], ...] = (
    ({'up{job="newsreel"}': ABSENT}, ("NewsreelDown",)),
    ({"newsreel_tick_age_seconds": ABSENT}, ("NewsreelNoTick",)),
    # A database that was away for four minutes and is back since seven.
    (
        {
            'newsreel_up{part="database"}': "1x78 0x3 1x7",
            'newsreel_database_failures_total{kind="write"}': "0x78 1+1x3 4x7",
        },
        (),
    ),
    # The first second that is full, and one that was full before anybody looked.
    (
        {'newsreel_range_seconds{reason="cap",due="never"}': f"{LATELY} 2x29"},
        ("NewsreelLostByCap",),
    ),
    (
        {
            'newsreel_range_seconds{reason="cap",due="never"}': f"{LATELY} 2x29",
            'newsreel_up{part="database"}': f"{LATELY} 1x29",
        },
        (),
    ),
)


def series(changed: dict[str, str]) -> list[dict[str, str]]:
    """An hour and a half of what a service tells, every minute."""
    return [
        {
            "series": _of_an_instance(name),
            "values": (told if "x" in told else f"{told}x{{m}}").replace("{m}", str(MINUTES)),
        }
        for name, told in (HEALTHY | changed).items()
    ]


def _of_an_instance(name: str) -> str:
    given, _, labels = name.partition("{")
    return f'{given}{{instance="web",{labels}' if labels else f'{given}{{instance="web"}}'


def expecting(changed: dict[str, str], *alerts: str) -> dict[str, object]:
    firing = [{"labels": f'{{alertname="{name}"}}', "value": 1} for name in alerts]
    return {
        "interval": "1m",
        "input_series": series(changed),
        "promql_expr_test": [
            {
                "expr": 'count by (alertname) (ALERTS{alertstate="firing"})',
                "eval_time": f"{MINUTES}m",
                "exp_samples": firing,
            }
        ],
    }


def alerts() -> dict[str, dict[str, object]]:
    groups = loaded(ALERTS.read_text())["groups"]
    return {rule["alert"]: rule for group in groups for rule in group["rules"]}


def loaded(text: str) -> Any:
    return YAML(typ="safe").load(text)


def promtool(*arguments: str) -> None:
    command = [str(get_program("promtool")), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_alert_fires_on_its_trouble_and_none_on_a_healthy_service(tmp_path: Path) -> None:
    assert TROUBLE.keys() == alerts().keys()
    tests = [expecting({})] + [expecting(changed, name) for name, changed in TROUBLE.items()]
    tests += [expecting(changed, *names) for changed, names in CASES]
    file = tmp_path / "tests.yml"
    rules = {"rule_files": [str(ALERTS)], "evaluation_interval": "1m", "tests": tests}
    file.write_text(json.dumps(rules))  # which is YAML, too
    promtool("test", "rules", str(file))


def test_the_rules_are_strict_and_every_alert_says_what_it_is(tmp_path: Path) -> None:
    promtool("check", "rules", "--lint-fatal", str(ALERTS))
    for rule in alerts().values():
        assert rule["labels"] in ({"severity": "page"}, {"severity": "ticket"})
        assert rule["annotations"]
    # The token's file is on the machine of Prometheus; here another stands for it.
    token = tmp_path / "token"
    token.write_text("x")
    config = (MONITORING / "prometheus.yml").read_text()
    config = config.replace("/run/newsreel/metrics_token", str(token))
    (tmp_path / "prometheus.yml").write_text(config)
    (tmp_path / "alerts.yml").write_text(ALERTS.read_text())
    promtool("check", "config", str(tmp_path / "prometheus.yml"))


@pytest.fixture
def exposed(redis_url: str, sqlite_url: str, tmp_path: Path) -> str:
    """What the full stack's web tells of a service with a watch."""
    settings = Settings(database_url=sqlite_url, redis_url=redis_url, youtube_api_keys="a-key")
    services = build_services(settings)
    services.store.migrate()
    services.watching.add_keyword("news")
    services.ingest.tick()
    services.metrics._patience = 60  # a busy machine may take its time
    text = services.metrics.text().decode()
    services.close()
    file = tmp_path / "exposition.txt"
    file.write_text(text)
    with file.open("rb") as told:
        command = [str(get_program("promtool")), "check", "metrics"]
        done = subprocess.run(command, stdin=told, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return text


def test_rules_dashboard_and_guide_name_metrics_that_exist(exposed: str) -> None:
    types = dict(re.findall(r"^# TYPE (\w+) (\w+)$", exposed, flags=re.MULTILINE))
    known = {
        name + end
        for name, kind in types.items()
        for end in (("_bucket", "_count", "_sum") if kind == "histogram" else ("",))
    }
    named = {
        "rules": [str(rule["expr"]) for rule in alerts().values()],
        "dashboard": [
            target["expr"]
            for panel in json.loads(DASHBOARD.read_text())["panels"]
            for target in panel.get("targets", ())
        ],
        "recorded series": list(HEALTHY),
    }
    for place, expressions in named.items():
        names = set(re.findall(r"newsreel_\w+", " ".join(expressions)))
        assert names, place
        assert names <= known, place
    rows = re.findall(r"^\| `newsreel_.*?\| ", GUIDE.read_text(), flags=re.MULTILINE)
    assert set(re.findall(r"newsreel_\w+", " ".join(rows))) == types.keys()


def test_the_guide_tells_of_every_alert() -> None:
    told = set(re.findall(r"^\| `(Newsreel\w+)`", GUIDE.read_text(), flags=re.MULTILINE))
    assert told == alerts().keys()


def test_grafana_finds_the_dashboard_and_the_data() -> None:
    provisioning = MONITORING / "grafana/provisioning"
    (source,) = loaded((provisioning / "datasources/prometheus.yml").read_text())["datasources"]
    (provider,) = loaded((provisioning / "dashboards/newsreel.yml").read_text())["providers"]
    mounted = cast("list[str]", compose_services()["grafana"]["volumes"])
    places = {here: there for here, there, *_ in (volume.split(":") for volume in mounted)}
    assert places["./deploy/monitoring/grafana/dashboards"] == provider["options"]["path"]
    assert places["./deploy/monitoring/grafana/provisioning"] == "/etc/grafana/provisioning"
    dashboard = json.loads(DASHBOARD.read_text())
    used = {panel["datasource"]["uid"] for panel in dashboard["panels"] if "datasource" in panel}
    assert used == {source["uid"]}
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(set(ids)) == len(ids)
