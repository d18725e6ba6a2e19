"""What KEDA and the Prometheus Operator take, as far as our manifests go: closed JSON schemas.

Kubernetes' own schemas do not know them. A member that is not named here is refused, so that a
misspelt one is found.
"""

from __future__ import annotations

from collections.abc import Mapping

Schema = Mapping[str, object]

_TEXT: Schema = {"type": "string", "minLength": 1}
_NUMBER: Schema = {"type": "integer", "minimum": 1}
_DURATION: Schema = {"type": "string", "pattern": "^[0-9]+(ms|s|m|h)$"}
_SECRET_KEY: Schema = {
    "type": "object",
    "required": ["name", "key"],
    "additionalProperties": False,
    "properties": {"name": _TEXT, "key": _TEXT},
}


def _closed(properties: Mapping[str, Schema], required: list[str] | None = None) -> Schema:
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
        "required": sorted(properties) if required is None else required,
    }


_MYSQL_TRIGGER = _closed(
    {
        "type": {"const": "mysql"},
        "metricType": {"enum": ["AverageValue", "Value"]},
        "authenticationRef": _closed({"name": _TEXT}),
        "metadata": _closed(
            {"query": _TEXT, "queryValue": {"type": "string", "pattern": "^[1-9][0-9]*$"}}
        ),
    }
)

_TEXTS: Schema = {"type": "object", "minProperties": 1, "additionalProperties": _TEXT}
_ALERT = _closed(
    {"alert": _TEXT, "expr": _TEXT, "for": _DURATION, "labels": _TEXTS, "annotations": _TEXTS},
    ["alert", "annotations", "expr", "labels"],
)

SPECS: Mapping[tuple[str, str], Schema] = {
    ("keda.sh/v1alpha1", "ScaledObject"): _closed(
        {
            "scaleTargetRef": _closed({"name": _TEXT}),
            "minReplicaCount": _NUMBER,
            "maxReplicaCount": _NUMBER,
            "pollingInterval": _NUMBER,
            "cooldownPeriod": _NUMBER,
            "fallback": _closed({"failureThreshold": _NUMBER, "replicas": _NUMBER}),
            "triggers": {"type": "array", "minItems": 1, "items": _MYSQL_TRIGGER},
        }
    ),
    ("keda.sh/v1alpha1", "TriggerAuthentication"): _closed(
        {
            "secretTargetRef": {
                "type": "array",
                "items": _closed({"parameter": _TEXT, "name": _TEXT, "key": _TEXT}),
            }
        }
    ),
    ("monitoring.coreos.com/v1", "PrometheusRule"): _closed(
        {
            "groups": {
                "type": "array",
                "minItems": 1,
                "items": _closed({"name": _TEXT, "rules": {"type": "array", "items": _ALERT}}),
            }
        }
    ),
    ("monitoring.coreos.com/v1", "ServiceMonitor"): _closed(
        {
            "selector": _closed({"matchLabels": {"type": "object"}}),
            "endpoints": {
                "type": "array",
                "minItems": 1,
                "items": _closed(
                    {
                        "port": _TEXT,
                        "path": {"type": "string", "pattern": "^/"},
                        "interval": _DURATION,
                        "scrapeTimeout": _DURATION,
                        "authorization": _closed(
                            {"type": {"const": "Bearer"}, "credentials": _SECRET_KEY}
                        ),
                    }
                ),
            },
        }
    ),
}
"""The schema of `spec` by apiVersion and kind."""
