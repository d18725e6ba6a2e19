"""What YouTube really handed out, and what may be said because of it.

It watches the wire and knows nothing of the code under test. Seconds count from 1970.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import pairwise
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from simulator.server import Simulator
from tests.unit.ingest.rig import Call, Wire

PACIFIC = ZoneInfo("America/Los_Angeles")
RESULTS_OF_A_QUERY = 500
FEWEST_TO_JUDGE = 3

Item = dict[str, object]


@dataclass(frozen=True, slots=True)
class Piece:
    """Seconds that were shown, first and last at these times of the clocks that were asked by."""

    start: int
    end: int
    first_at: float
    last_at: float


@dataclass
class Seen:
    """Which seconds of publish time a term's readings have shown; the pieces are in order."""

    pieces: list[Piece] = field(default_factory=list)

    def show(self, start: int, end: int, at: float) -> None:
        outside = [p for p in self.pieces if p.end < start or p.start > end]
        known = [p for p in self.pieces if p.end >= start and p.start <= end]
        parts: list[Piece] = []
        after = start
        for p in known:
            if p.start < start:
                parts.append(Piece(p.start, start - 1, p.first_at, p.last_at))
            if p.start > after:
                parts.append(Piece(after, p.start - 1, at, at))
            low, high = max(p.start, start), min(p.end, end)
            parts.append(Piece(low, high, min(p.first_at, at), max(p.last_at, at)))
            after = high + 1
            if p.end > end:
                parts.append(Piece(end + 1, p.end, p.first_at, p.last_at))
        if after <= end:
            parts.append(Piece(after, end, at, at))
        self.pieces = sorted(outside + parts, key=lambda p: p.start)

    def proves(self, start: int, end: int, *, apart_seconds: float) -> bool:
        """Whether each second was shown, and shown again so much later (0: once will do)."""
        after = start
        for p in self.pieces:
            if p.end < after:
                continue
            if p.start > after or p.last_at - p.first_at < apart_seconds:
                return False
            after = p.end + 1
            if after > end:
                return True
        return after > end


@dataclass
class Listing:
    """The pages of one query that one process has had in a row."""

    asked: tuple[str, int, int]
    token: str
    lowest: int
    listed: int = 0
    ordered: bool = True


@dataclass
class Witness:
    """Keeps what was listed, which seconds were shown, and the calls, of all processes.

    `listed` has the second each video was last listed with, by term; `damaged` the videos of which
    no more than a broken item came; `wrong` whatever must not happen on the wire.
    """

    listed: dict[str, dict[str, int]] = field(default_factory=lambda: defaultdict(dict))
    damaged: set[str] = field(default_factory=set)
    seen: dict[str, Seen] = field(default_factory=lambda: defaultdict(Seen))
    calls: Counter[tuple[str, str, date]] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    pages: int = 0

    def charge(self, call: Call, project: str, at: datetime) -> None:
        """Note that a call arrived, and the day it was charged to."""
        bucket = "search" if call.method == "search" else "units"
        self.calls[bucket, project, at.astimezone(PACIFIC).date()] += 1

    def follow(self, listing: Listing, page: Mapping[str, object], at: float) -> None:
        """Take in a page of a listing that arrived, asked for at `at`."""
        self.pages += 1
        term, start, end = listing.asked
        items = page["items"]
        assert isinstance(items, list)
        whole = self._whole(items, term)
        listing.token = str(page.get("nextPageToken") or "")
        listing.listed += len(items)
        if len(items) >= FEWEST_TO_JUDGE and 2 * len(whole) < len(items):
            listing.ordered, listing.token = False, "nothing may follow garbage"
            return
        falling = all(newer >= older for newer, older in pairwise(whole))
        listing.ordered &= falling and all(start <= second <= end for second in whole)
        ended = not listing.token and listing.listed < RESULTS_OF_A_QUERY
        shown_from = start if ended else min([listing.lowest, *(s + 1 for s in whole[-1:])])
        if ended and not listing.ordered:
            self.seen[term].show(start, end, at)
        elif listing.ordered and shown_from < listing.lowest:
            self.seen[term].show(shown_from, listing.lowest - 1, at)
            listing.lowest = shown_from

    def _whole(self, items: list[Item], term: str) -> list[int]:
        """The publish seconds of the items that arrived undamaged, in their order."""
        seconds = []
        for item in items:
            resource, snippet = item["id"], item["snippet"]
            assert isinstance(resource, dict)
            assert isinstance(snippet, dict)
            video_id, told = resource.get("videoId"), snippet.get("publishedAt")
            if video_id is not None and isinstance(told, str):
                seconds.append(_second(told))
                self.listed[term][video_id] = seconds[-1]
            elif video_id is not None:
                self.damaged.add(video_id)
        return seconds


class WatchedWire(Wire):
    """The wire of one process, under the eyes of the witness.

    Args:
        witness: is told.
        clock: of the process.
        charged_at: when the process last wrote, which is what it does before a call.
        projects: of the keys.
        step: called before a request leaves and after its answer came.
    """

    def __init__(
        self,
        simulator: Simulator,
        witness: Witness,
        *,
        clock: Callable[[], datetime],
        charged_at: Callable[[], datetime],
        projects: Mapping[str, str],
        step: Callable[[], None],
    ) -> None:
        super().__init__(simulator)
        self._witness = witness
        self._clock = clock
        self._charged_at = charged_at
        self._projects = projects
        self._step = step
        self._listing: Listing | None = None
        self.before_each = self._leave

    def request(
        self, uri: str, method: str, body: str | None, headers: Mapping[str, str]
    ) -> tuple[object, bytes]:
        at = self._clock().timestamp()
        answer, content = super().request(uri, method, body, headers)
        self._step()
        page = _page(content) if urlsplit(uri).path.endswith("/search") else None
        if page is not None:
            self._listing = self._continued(self.calls[-1], self._listing)
            self._witness.follow(self._listing, page, at)
        return answer, content

    def begin_run(self) -> None:
        """Another run begins: page tokens of the one before are void."""
        self._listing = None

    def _leave(self, call: Call) -> None:
        self._witness.charge(call, self._projects[call.key], self._charged_at())
        self._step()

    def _continued(self, call: Call, listing: Listing | None) -> Listing:
        start, end = (
            _second(call.query["publishedAfter"][0]),
            _second(call.query["publishedBefore"][0]),
        )
        asked = call.query["q"][0], start, end
        token = call.query.get("pageToken", [""])[0]
        if not token:
            return Listing(asked, "", lowest=end + 1)
        if listing is None or (listing.asked, listing.token) != (asked, token):
            self._witness.wrong.append(f"a token of another listing was used: {call.query}")
            return Listing(asked, "", lowest=start, ordered=False)
        return listing


def _page(content: bytes) -> Mapping[str, object] | None:
    """The listing, None for anything else."""
    try:
        page = json.loads(content)
    except ValueError:
        return None
    return page if isinstance(page, dict) and isinstance(page.get("items"), list) else None


def _second(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())
