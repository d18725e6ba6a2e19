"""A running service as its clients and its operator see it."""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from pathlib import Path

from tests.processes import ChildProcess, Processes, free_port
from tests.waiting import wait_until

Json = dict[str, object]

START_SECONDS = 30.0


@dataclass(frozen=True)
class Reply:
    """One HTTP answer."""

    status: int
    headers: Message
    body: bytes

    @property
    def json(self) -> Json:
        parsed: Json = json.loads(self.body)
        return parsed


@dataclass
class Site:
    """A base URL."""

    url: str

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Reply:
        """Status 0 when nobody answers."""
        request = urllib.request.Request(self.url + path, headers=dict(headers or {}))
        try:
            with urllib.request.urlopen(request, timeout=15) as answer:
                return Reply(answer.status, answer.headers, answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return Reply(error.code, error.headers, error.read())
        except OSError:
            return Reply(0, Message(), b"")

    def post(self, path: str, body: object) -> Json:
        request = urllib.request.Request(self.url + path, data=json.dumps(body).encode())
        with urllib.request.urlopen(request, timeout=15) as answer:
            parsed: Json = json.load(answer)
        return parsed

    def answers(self) -> bool:
        return self.get("/health").status == 200

    def total(self) -> int:
        """How many videos the feed says it has; 0 while it cannot say."""
        reply = self.get("/videos?limit=1")
        total = reply.json["total"] if reply.status == 200 else 0
        assert isinstance(total, int)
        return total

    def ids(self) -> list[str]:
        """The ids of the whole feed in its order; nothing while it cannot be walked."""
        return [str(item["video_id"]) for item in self.items()]

    def items(self) -> list[Json]:
        """Every video of the feed in its order, walked by cursor; nothing while it cannot be."""
        found: list[Json] = []
        path: object = "/videos?limit=100"
        while isinstance(path, str):
            reply = self.get(path)
            if reply.status != 200:
                return []
            page = reply.json
            found += items_of(page)
            cursor = page["next_cursor"]
            path = f"/videos?limit=100&cursor={cursor}" if cursor else None
        return found

    def problems(self) -> set[str]:
        reply = self.get("/ready")
        return {str(problem["code"]) for problem in items_of(reply.json, "problems")}


def items_of(page: Json, name: str = "items") -> list[Json]:
    items = page[name]
    assert isinstance(items, list)
    return items


class Simulated(Site):
    """A simulator as a process: YouTube with a truth behind it."""

    @classmethod
    def start(cls, processes: Processes, *arguments: str) -> "Simulated":
        process = processes.python("simulator", "--port", "0", *arguments)
        line = wait_until(lambda: process.output().partition("\n")[0], START_SECONDS)
        return cls(line.removeprefix("listening on "))

    def truth(self) -> Json:
        return self.get("/_truth?limit=100000").json

    def shown(self, term: str = "") -> set[str]:
        """Ids of the videos search shows now whose texts hold the term."""
        truth = self.truth()
        return {
            str(video["video_id"])
            for video in items_of(truth, "videos")
            if video["deleted_at"] is None
            and str(video["visible_at"]) <= str(truth["now"])
            and term in f"{video['title']} {video['description']} {video['tags']}".lower()
        }

    def control(self, do: str, **values: object) -> Json:
        return self.post("/_control", {"do": do, **values})

    def publish(self, title: str, **values: object) -> str:
        return str(self.control("publish", title=title, **values)["video_id"])

    def charged(self, bucket: str = "search") -> int:
        calls = [call for call in items_of(self.truth(), "calls") if call["bucket"] == bucket]
        return sum(int(str(call["charged"])) for call in calls)


def serve(processes: Processes, **env: str) -> tuple[ChildProcess, Site]:
    """Start `python -m app serve` on a free port."""
    port = free_port()
    settings = {"PORT": str(port), "FETCH_INTERVAL_SECONDS": "1", **env}
    process = processes.python("app", "serve", env=settings)
    return process, Site(f"http://127.0.0.1:{port}")


def started(process: ChildProcess, site: Site) -> None:
    """Wait until it answers; fail with its log when it ends instead."""
    wait_until(lambda: site.answers() or process.returncode is not None, START_SECONDS)
    assert process.returncode is None, process.output()


def living_in(folder: Path) -> dict[int, str]:
    """Commands of the living processes that work in a folder, by process id."""
    found: dict[int, str] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if (entry / "cwd").resolve() == folder.resolve():
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                found |= {int(entry.name): command} if command else {}
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
    return found
