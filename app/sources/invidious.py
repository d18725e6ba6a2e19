"""A self-hosted Invidious instance as a source: it names videos for a term, and no more is read.

Its search has no order by time, and the times it tells are guessed from words like "3 hours ago"
(Invidious' own code), so what an id is worth is for others to ask YouTube. It asks and translates,
once per call.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from app.domain.errors import InvalidValueError, InvidiousError
from app.domain.videos import is_video_id
from app.sources.base import SuggestionPage
from app.sources.bounded_http import HttpUser, RefusedError
from app.sources.youtube_refusal import plain_words, retry_after_of

if TYPE_CHECKING:
    from app.sources.base import SuggestionQuery

MAX_PAGE_BYTES = 2 << 20
"""Twenty items with the longest texts, each told twice, are about 0.3 MB."""

MAX_PAGE_ITEMS = 100
"""A page has 20."""

_HEADERS = {"accept": "application/json", "user-agent": "Newsreel"}


class Invidious(HttpUser):
    """The search of one instance; safe to share between threads.

    Args:
        url: the base of the instance. It is the operator's word; redirects are not followed.
        timeout_seconds: for connecting, and again for a whole answer.
    """

    def __init__(self, url: str, timeout_seconds: float = 5.0) -> None:
        self._endpoint = f"{url.rstrip('/')}/api/v1/search"
        super().__init__(timeout_seconds)

    def suggest(self, query: SuggestionQuery) -> SuggestionPage:
        """Return one page of the videos the instance finds.

        Raises:
            InvidiousError: any answer that is no such page, or none in time.
        """
        answer = self._fetch(f"{self._endpoint}?{urlencode(_parameters(query))}")
        if isinstance(answer, InvidiousError):
            raise answer  # here, where no exception that holds the URL is its context
        return parse_suggestions(answer)

    def _fetch(self, uri: str) -> bytes | InvidiousError:
        try:
            _, body = self._http().request(uri, "GET", None, _HEADERS)
        except RefusedError as refused:
            return _refusal(refused)
        except Exception as error:  # noqa: BLE001 - of four libraries, and any may name the URL
            return InvidiousError(f"no usable answer from Invidious ({type(error).__name__})")
        return body


def parse_suggestions(body: bytes) -> SuggestionPage:
    """Read one page; an item that names no video costs itself.

    Raises:
        InvidiousError: the body is no page, as it tells an error or is a page for people.
    """
    if len(body) > MAX_PAGE_BYTES:
        raise InvidiousError("an answer of Invidious is larger than any page is")
    items = _document(body)
    if not isinstance(items, list):
        raise InvidiousError(_complaint(items) or "what Invidious answered is no page of videos")
    if len(items) > MAX_PAGE_ITEMS:
        raise InvidiousError("Invidious listed more items than a page has")
    video_ids: dict[str, None] = {}
    rejected: list[str] = []
    for number, item in enumerate(items):
        try:
            video_ids[_video_id(item)] = None
        except InvalidValueError as error:
            rejected.append(f"item {number}: {error}")
    return SuggestionPage(tuple(video_ids), tuple(rejected))


def _parameters(query: SuggestionQuery) -> dict[str, str]:
    """Return them with all that Invidious would guess: what it does not know it takes for usual."""
    usual = {
        "q": query.term,
        "page": str(query.page),
        "sort": "relevance",
        "date": query.recency.value,
        "type": "video",
    }
    return usual if query.region is None else {**usual, "region": query.region}


def _document(body: bytes) -> object:
    try:
        document: object = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return document


def _video_id(item: object) -> str:
    """Return the id of an item, whatever its type says: Shorts have one of their own."""
    video_id = item.get("videoId") if isinstance(item, dict) else None
    if not isinstance(video_id, str) or not is_video_id(video_id):
        raise InvalidValueError("it names no video")
    return video_id


def _complaint(document: object) -> str | None:
    """Return what an instance says is wrong, if it does."""
    error = document.get("error") if isinstance(document, dict) else None
    words = plain_words(error) if isinstance(error, str) else ""
    return f"Invidious says: {words}" if words else None


def _refusal(refused: RefusedError) -> InvidiousError:
    complaint = _complaint(_document(refused.body))
    message = complaint or f"Invidious answered with HTTP {refused.status}"
    return InvidiousError(message, retry_after=retry_after_of(refused.headers))
