"""The running service keeps to its own document, whatever is asked of it."""

import httpx

from tests.fuzzing.campaign import run_campaign
from tests.fuzzing.service import start_service
from tests.processes import Processes

EXAMPLES = 3  # `make prove ONLY=schemathesis` makes many more, on every database


def test_every_operation_answers_as_its_document_says(
    processes: Processes, sqlite_url: str
) -> None:
    service = start_service(processes, sqlite_url)
    campaign = run_campaign(processes, service, examples=EXAMPLES, seed=1, deadline_seconds=100)
    campaign.check()
    described = httpx.get(f"{service.url}/openapi.json").json()["paths"].values()
    assert campaign.operations == sum(map(len, described))
    assert campaign.cases > 1000
