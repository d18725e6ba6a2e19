"""The running service keeps to its OpenAPI document, and the document is enough to use it."""

import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import httpx
import pytest

from tests.contract.web.conftest import VIDEOS
from tests.fuzzing.campaign import run_campaign
from tests.fuzzing.service import Service, start_service
from tests.processes import PROJECT, Processes

EXAMPLES = 3  # `make prove ONLY=schemathesis` makes many more, on every database
NAME = "newsreel_client"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("contract")


@pytest.fixture(scope="module")
def started(folder: Path) -> Iterator[Processes]:
    processes = Processes(folder)
    yield processes
    processes.close()


@pytest.fixture(scope="module")
def service(started: Processes, folder: Path) -> Service:
    return start_service(started, f"sqlite:///{folder}/newsreel.db")


@pytest.fixture(scope="module")
def generated(started: Processes, folder: Path) -> Iterator[ModuleType]:
    """A Python client that openapi-python-client makes of the committed document."""
    process = started.start(
        str(Path(sys.executable).with_name("openapi-python-client")),
        *("generate", "--meta", "none", "--output-path", str(folder / NAME)),
        *("--path", str(PROJECT / "docs" / "openapi.json")),
    )
    assert process.wait(60) == 0, process.output()
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        yield import_module(NAME)
    for name in [it for it in sys.modules if it.split(".")[0] == NAME]:
        del sys.modules[name]


def operation(name: str) -> ModuleType:
    return import_module(f"{NAME}.api.{name}")


def model(name: str) -> ModuleType:
    return import_module(f"{NAME}.models.{name}")


def test_a_generated_client_reads_the_feed_page_by_page(
    service: Service, generated: ModuleType
) -> None:
    list_videos = operation("videos.list_videos")
    found: list[str] = []
    with generated.Client(base_url=service.url) as client:
        page = list_videos.sync(client=client, limit=50)
        assert page.total == VIDEOS
        while page.items:
            found += [video.video_id for video in page.items]
            if page.next_cursor is None:
                break
            page = list_videos.sync(client=client, limit=50, cursor=page.next_cursor)
        video = operation("videos.get_video").sync(found[0], client=client)
    assert len(set(found)) == VIDEOS
    assert video.video_id == found[0]
    assert isinstance(video.live, model("live_state").LiveState)
    assert video.published_at.utcoffset().total_seconds() == 0


def test_a_generated_client_reads_errors(service: Service, generated: ModuleType) -> None:
    with generated.Client(base_url=service.url) as client:
        refused = operation("videos.list_videos").sync_detailed(client=client, limit=101)
        missing = operation("watches.get_watch").sync(999, client=client)
        stranger = operation("quota.get_quota").sync_detailed(client=client)
    assert refused.status_code == 400
    assert refused.parsed.errors[0].code == "invalid_limit"
    assert refused.parsed.errors[0].source.parameter == "limit"
    assert missing.errors[0].code == "not_found"
    assert (stranger.status_code, stranger.parsed.errors[0].code) == (401, "token_required")


def test_a_generated_client_adds_changes_and_removes_a_watch_with_a_token(
    service: Service, generated: ModuleType
) -> None:
    request = model("watch_request").WatchRequest(keyword="sailing", label="Boats", weight=4)
    patch = model("watch_patch").WatchPatch(paused=True)
    token = service.token()
    with generated.AuthenticatedClient(base_url=service.url, token=token) as client:
        made = operation("watches.create_watch").sync(client=client, body=request)
        again = operation("watches.create_watch").sync(client=client, body=request)
        change = operation("watches.change_watch").sync
        changed = change(made.watch_id, client=client, body=patch)
        gone = operation("watches.delete_watch").sync_detailed(made.watch_id, client=client)
    assert (made.term, made.label, made.paused) == ("sailing", "Boats", False)
    assert again.errors[0].meta["watch_id"] == made.watch_id
    # What the patch does not name stays: the client sends no defaults of its own.
    assert (changed.paused, changed.label, changed.weight) == (True, "Boats", 4)
    assert gone.status_code == 204


def test_every_operation_answers_as_its_document_says(started: Processes, service: Service) -> None:
    campaign = run_campaign(started, service, examples=EXAMPLES, seed=1, deadline_seconds=100)
    campaign.check()
    described = httpx.get(f"{service.url}/openapi.json").json()["paths"].values()
    assert campaign.operations == sum(map(len, described))
    assert campaign.cases > 1000
