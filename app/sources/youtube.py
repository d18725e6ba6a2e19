"""The YouTube Data API v3 as a video source.

It asks and translates, once per call: whether a call may be made, retries and waiting belong to
the caller. The key travels in a header and appears in no URL, error or log record.
"""

from __future__ import annotations

import errno
import socket
from typing import TYPE_CHECKING, Protocol

import httplib2
from googleapiclient.discovery import build_from_document
from googleapiclient.discovery_cache import get_static_doc

from app.domain.channels import is_channel_id
from app.domain.clock import format_instant
from app.domain.errors import KeyRejectedError, SourceError, UnreachableError, UpstreamError
from app.sources.base import (
    MAX_IDS_PER_CALL,
    SearchPage,
    SearchQuery,
    UploadsPage,
    VideoBatch,
)
from app.sources.bounded_http import BoundedHttp, HttpUser, RefusedError
from app.sources.youtube_channels import parse_channel, parse_uploads
from app.sources.youtube_errors import source_error
from app.sources.youtube_parse import parse_search, parse_videos

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.domain.channels import Channel
    from app.domain.quota import ApiKey

MAX_RESULTS_PER_PAGE = 50

_NO_WAY = (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN)


class YouTube(HttpUser):
    """search, videos, channels and playlistItems.list through google-api-python-client.

    Safe to share between threads; each has a connection of its own. Building it opens no
    connection and looks for no credentials.

    Args:
        endpoint: base URL of the API, e.g. `https://youtube.googleapis.com/`.
        timeout_seconds: for connecting, and again for a whole answer.
    """

    def __init__(self, endpoint: str, timeout_seconds: float = 10.0) -> None:
        super().__init__(timeout_seconds)
        self._service = build_from_document(
            get_static_doc("youtube", "v3"),
            http=httplib2.Http(),  # never used: without it the library would look for credentials
            client_options={"api_endpoint": endpoint},
        )

    def search(self, key: ApiKey, query: SearchQuery) -> SearchPage:
        """Return up to 50 videos that search.list shows for a term, newest first.

        Bounds are inclusive whole seconds (YouTube API docs).

        Raises:
            SourceError: as its subclasses say; UpstreamError for any answer that is not a listing.
        """
        request = self._service.search().list(
            part="snippet",
            type="video",
            order="date",
            safeSearch="none",
            maxResults=MAX_RESULTS_PER_PAGE,
            q=query.term,
            publishedAfter=format_instant(query.stretch.starts_at),
            publishedBefore=format_instant(query.stretch.ends_at),
            pageToken=query.page_token,
            regionCode=query.region,
            relevanceLanguage=query.language,
        )
        return parse_search(self._answer(request, key), query.stretch)

    def videos(self, key: ApiKey, video_ids: Sequence[str]) -> VideoBatch:
        """Return what videos.list tells of at most 50 videos; unknown ids are absent.

        Raises:
            SourceError: as for `search`.
            ValueError: more than 50 ids, or none.
        """
        if not 1 <= len(video_ids) <= MAX_IDS_PER_CALL:
            raise ValueError(f"one call takes 1 to {MAX_IDS_PER_CALL} ids, not {len(video_ids)}")
        request = self._service.videos().list(
            part="snippet,contentDetails,statistics,liveStreamingDetails", id=",".join(video_ids)
        )
        return parse_videos(self._answer(request, key), frozenset(video_ids))

    def channel(self, key: ApiKey, name: str) -> Channel | None:
        """Return the channel of a `UC...` id or an `@handle`; None if YouTube has none.

        Raises:
            SourceError: as for `search`.
        """
        by = {"id": name} if is_channel_id(name) else {"forHandle": name}
        request = self._service.channels().list(part="snippet,contentDetails,statistics", **by)
        return parse_channel(self._answer(request, key))

    def uploads(self, key: ApiKey, playlist_id: str, page_token: str | None = None) -> UploadsPage:
        """Return up to 50 items of an uploads playlist, the last added first.

        Raises:
            GoneError: there is no such playlist; a channel without public videos has none.
            SourceError: as for `search`.
        """
        request = self._service.playlistItems().list(
            part="snippet,contentDetails",
            playlistId=playlist_id,
            maxResults=MAX_RESULTS_PER_PAGE,
            pageToken=page_token,
        )
        return parse_uploads(self._answer(request, key))

    def _answer(self, request: _Request, key: ApiKey) -> object:
        answer = self._execute(request, key)
        if isinstance(answer, SourceError):
            raise answer  # here, where no exception that holds the URL is its context
        return answer

    def _execute(self, request: _Request, key: ApiKey) -> object:
        if not _fits_a_header(key.secret):
            return KeyRejectedError("the key has characters that no key has", reason="invalid")
        request.headers["X-Goog-Api-Key"] = key.secret
        try:
            return request.execute(http=self._http(), num_retries=0)
        except RefusedError as refused:
            return source_error(refused.status, refused.headers, refused.body, secret=key.secret)
        except Exception as error:  # noqa: BLE001 - of four libraries, and any may name the URL
            kind = UnreachableError if _is_unreached(error) else UpstreamError
            return kind(f"no usable answer from YouTube ({type(error).__name__})")


class _Request(Protocol):
    """What is used of the client library's HttpRequest."""

    headers: dict[str, str]

    def execute(self, *, http: BoundedHttp, num_retries: int) -> object: ...


def _is_unreached(error: Exception) -> bool:
    """Tell whether no connection was made at all, so that nothing was asked."""
    refused = isinstance(
        error, ConnectionRefusedError | socket.gaierror | httplib2.ServerNotFoundError
    )
    return refused or (isinstance(error, OSError) and error.errno in _NO_WAY)


def _fits_a_header(secret: str) -> bool:
    # httplib2 takes a header's value for a replacement pattern, so a backslash would break it.
    plain = secret.isascii() and secret.isprintable() and "\\" not in secret
    return plain and secret.strip() == secret != ""
