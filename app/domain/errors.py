"""Every error that crosses a layer, in one tree.

NewsreelError
├── InvalidValueError        a value from a person or a client is not acceptable
│   └── InvalidMemberError   it is a member of something larger: which one stands in `path`
├── ConflictError            what is asked for does not go with what is there
│   ├── DuplicateWatchError  it is watched already
│   ├── DuplicateClientError a client has this name already
│   ├── TooManyWatchesError  there are as many watches as there can be
│   ├── TooManyWebhooksError there are as many webhooks as there can be
│   ├── WatchPausedError     a paused watch is not fetched for
│   └── ReserveSpentError    no more calls may be spent on demand today
├── AccessRefusedError       who asks may not have what is asked for
│   ├── InvalidTokenError    the access token is not one of ours, expired or revoked
│   ├── InvalidClientError   there is no such client, or that is not its secret
│   ├── InvalidScopeError    the client may not have that scope
│   ├── ForeignTokenError    the token was given to another client
│   ├── WrongPasswordError   this is not the operator's password
│   └── ForeignRequestError  a browser sends it, and perhaps not for a page of ours
├── RateLimitedError         who asks has asked for too much; carries retry_after_seconds
├── LimiterUnavailableError  how much was asked for cannot be known, and here it has to be
├── NotFoundError            what was asked for does not exist
├── ChangesForgottenError    a copy is too old to be brought up to date: start it anew
├── LeaseLostError           another worker has taken over the claim we write under
├── StoreUnavailableError    the database does not answer
│   └── NotMigratedError     it answers, but its tables are not there
├── CacheUnavailableError    Redis does not answer
│   └── CacheWriteFailedError it answers, and takes no writes
├── CacheReplicaUnavailableError its replica does not, or does not follow it
├── NothingToServeError      neither cache nor database can answer a read
├── PollCrashedError         a fault of our own ended a poll
├── NoUsableKeyError         no API key may be used for this call now
└── SourceError              a source answered with an error; carries permanent and retry_after
    ├── BadRequestError      the source calls our request wrong: asking again is useless
    ├── GoneError            the playlist, channel or video does not exist
    ├── KeyRejectedError     the key is bad, expired, blocked or not enabled
    ├── QuotaExhaustedError  a daily bucket is used up until the Pacific day ends
    ├── ThrottledError       a short limit was hit; the key rests for a while
    ├── InvidiousError       Invidious, which search falls back on, gave nothing usable
    └── UpstreamError        5xx, network trouble, or an answer that cannot be read

No message may hold a key or a URL with a query: errors are logged and stored.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from datetime import datetime


class NewsreelError(Exception):
    """Base of all errors raised on purpose."""

    code: ClassVar[str] = "error"


class InvalidValueError(NewsreelError):
    """A value given from outside is refused; the message says what is wanted instead."""

    code = "invalid_value"


class InvalidMemberError(InvalidValueError):
    """A member of a larger value is refused.

    Args:
        message: what is wanted instead.
        path: names and indices that lead to the member; the last name says which it is.
        unknown: there is no such member, whatever its value.
    """

    def __init__(self, message: str, *path: str | int, unknown: bool = False) -> None:
        super().__init__(message)
        self.path = path
        self.unknown = unknown


class ConflictError(NewsreelError):
    """The request is well-formed, and what is there does not allow it."""

    code = "conflict"


class DuplicateWatchError(ConflictError):
    """The keyword or channel is watched already, by `watch_id`."""

    code = "duplicate_watch"

    def __init__(self, watch_id: int) -> None:
        super().__init__(f"watch {watch_id} is for it already")
        self.watch_id = watch_id


class TooManyWatchesError(ConflictError):
    """There are as many watches as there can be."""

    code = "too_many_watches"


class TooManyWebhooksError(ConflictError):
    """There are as many webhooks as there can be."""

    code = "too_many_webhooks"


class WatchPausedError(ConflictError):
    """A paused watch is not fetched for."""

    code = "watch_paused"


class ReserveSpentError(ConflictError):
    """What is kept back of the day's calls for such requests has been spent."""

    code = "reserve_spent"


class DuplicateClientError(ConflictError):
    """A client has this name already."""

    code = "duplicate_client"


class AccessRefusedError(NewsreelError):
    """Who asks may not have what is asked for; codes are those of RFC 6749 and RFC 6750."""

    code = "access_denied"


class InvalidTokenError(AccessRefusedError):
    """The access token is malformed, not ours, expired or revoked; nobody is told which."""

    code = "invalid_token"


class InvalidClientError(AccessRefusedError):
    """There is no such client, or that is not its secret; nobody is told which."""

    code = "invalid_client"


class InvalidScopeError(AccessRefusedError):
    """The client asks for a scope it does not have, or that does not exist."""

    code = "invalid_scope"


class ForeignTokenError(AccessRefusedError):
    """A client wants to revoke what was given to another one."""

    code = "unauthorized_client"


class WrongPasswordError(AccessRefusedError):
    """This is not the operator's password, or there is none."""

    code = "wrong_password"


class ForeignRequestError(AccessRefusedError):
    """What a browser sends may come from a page that is not ours, so it is not obeyed."""

    code = "foreign_request"


class RateLimitedError(NewsreelError):
    """Who asks has asked for too much.

    Args:
        retry_after_seconds: until the same request would be let through; 1 or more.
    """

    code = "rate_limited"

    def __init__(self, retry_after_seconds: int) -> None:
        super().__init__(f"too much was asked for: try again in {retry_after_seconds} s")
        self.retry_after_seconds = retry_after_seconds


class LimiterUnavailableError(NewsreelError):
    """How much was asked for cannot be known, and what tries a secret is not let through then."""

    code = "limiter_unavailable"


class NotFoundError(NewsreelError):
    """The thing asked for does not exist."""

    code = "not_found"


class ChangesForgottenError(NewsreelError):
    """What changed since then is no longer known in full: the client must start anew."""

    code = "changes_forgotten"


class LeaseLostError(NewsreelError):
    """The claim was taken over: nothing of this attempt may be written any more."""

    code = "lease_lost"


class StoreUnavailableError(NewsreelError):
    """The database cannot be reached or refused to answer in time.

    The message holds the driver's words, which name hosts and tables: for the log, while
    `for_strangers` is fit for everybody.
    """

    code = "database_unavailable"
    for_strangers: ClassVar[str] = "the database cannot be reached or does not answer in time"


class NotMigratedError(StoreUnavailableError):
    """The database lacks tables: migrations have not been run."""

    for_strangers = "the database is not migrated"


class StatementTimeoutError(StoreUnavailableError):
    """The database ended a statement that took too long; it answers others."""


class CacheUnavailableError(NewsreelError):
    """The shared cache cannot be reached; its two sentences are as of StoreUnavailableError."""

    code = "cache_unavailable"
    for_strangers: ClassVar[str] = "the cache cannot be reached"


class CacheWriteFailedError(CacheUnavailableError):
    """The shared cache answers and takes nothing: it is full, or only to be read."""

    code = "cache_write_failed"
    for_strangers = "the cache takes no writes: it is full or read-only"


class CacheReplicaUnavailableError(NewsreelError):
    """The replica of the cache does not answer, or does not follow the cache that is written.

    Nobody is answered with it: the cache itself is asked instead.
    """

    code = "cache_replica_unavailable"
    for_strangers: ClassVar[str] = (
        "the cache's replica does not answer, or does not follow its master"
    )


class NothingToServeError(NewsreelError):
    """No cache, no database and no page kept from before."""

    code = "nothing_to_serve"


class PollCrashedError(NewsreelError):
    """A poll met an exception that nobody foresaw; the log has its traceback."""

    code = "internal_error"


class NoUsableKeyError(NewsreelError):
    """No key may be used for this call.

    Args:
        code: why, as shown in /ready (`no_keys`, `quota_exhausted`, `keys_disabled`,
            `keys_cooling`).
        message: the same for people.
        retry_at: when a key may be usable again; None if only the operator can change it.
    """

    def __init__(self, code: str, message: str, retry_at: datetime | None) -> None:
        super().__init__(message)
        self.reason = code
        self.retry_at = retry_at


class SourceError(NewsreelError):
    """A source did not give what was asked for.

    Args:
        message: what happened, without keys or URLs.
        permanent: asking the same again cannot help.
        retry_after: seconds the source wants us to wait, if it said so.
    """

    code = "source_error"
    permanent_by_default: ClassVar[bool] = False

    def __init__(
        self, message: str, *, permanent: bool | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(message)
        self.permanent = self.permanent_by_default if permanent is None else permanent
        self.retry_after = retry_after


class BadRequestError(SourceError):
    """The source refuses the request itself."""

    code = "bad_request"
    permanent_by_default = True


class GoneError(SourceError):
    """What we asked about does not exist at the source."""

    code = "gone"
    permanent_by_default = True


class KeyRejectedError(SourceError):
    """This key cannot be used; another may.

    Args:
        message: the source's own words.
        reason: `invalid`, `expired`, `api_disabled`, `blocked`, `forbidden`.
    """

    code = "key_rejected"
    permanent_by_default = True

    def __init__(self, message: str, *, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class QuotaExhaustedError(SourceError):
    """A daily bucket of this project is used up.

    Args:
        message: the source's own words.
        window_start_at: start of the day the limit counts for, where the source names it.
        limit: the limit the source names, if any.
    """

    code = "quota_exhausted"
    permanent_by_default = True

    def __init__(
        self, message: str, *, window_start_at: datetime | None = None, limit: int | None = None
    ) -> None:
        super().__init__(message)
        self.window_start_at = window_start_at
        self.limit = limit


class ThrottledError(SourceError):
    """Too many calls in a short time."""

    code = "throttled"


class InvidiousError(SourceError):
    """Invidious refuses, is in trouble, or answers with what is no page of videos."""

    code = "invidious_unavailable"


class UpstreamError(SourceError):
    """The source failed or answered with something unreadable; later may help."""

    code = "youtube_unavailable"
