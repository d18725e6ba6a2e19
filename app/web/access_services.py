"""What the web layer asks of those who know clients, browsers and how much they may ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from app.auth.grants import Granted
    from app.auth.tokens import AccessToken
    from app.domain.feeds import Feed
    from app.limits.allowance import Verdict


class Grants(Protocol):
    """Tokens for clients; both may raise InvalidClientError and StoreUnavailableError."""

    def issue(self, client_id: str, secret: str, scope: str = "") -> Granted:
        """Give a client a token; raises InvalidScopeError."""

    def revoke(self, client_id: str, secret: str, token: str, address: str | None = None) -> None:
        """Take a client's token back; raises ForeignTokenError."""


class Bearers(Protocol):
    """Who stands behind a token."""

    def verify(self, text: str) -> AccessToken:
        """Return what a token allows; raises InvalidTokenError and StoreUnavailableError."""

    def find_known(self, text: str) -> AccessToken | None:
        """Return what a token allows if that is known now, without waiting."""

    def find_client(self, text: str) -> str | None:
        """Return whose token this is, be it revoked or not; None if it is not good."""


class Limiter(Protocol):
    """Judges how much is asked for; None where there is no limit."""

    def judge_address(self, address: str, cost: float) -> Verdict | None:
        """Judge a request of an address."""

    def judge_client(self, client_id: str, cost: float) -> Verdict | None:
        """Judge a request of a client whose token is good."""

    def judge_credentials(self, address: str, cost: float, *, guessable: bool) -> Verdict:
        """Judge a request that tries a secret; raises LimiterUnavailableError."""

    def allows_ready_page(self, address: str) -> bool:
        """Tell whether an address may have a ready page; waits for nothing."""


class FeedTokens(Protocol):
    """The tokens of feed readers."""

    def opens(self, token: str, feed: Feed) -> bool:
        """Tell whether a token is for this feed; raises StoreUnavailableError."""


class Sessions(Protocol):
    """The sessions of the operator's browsers; all may raise StoreUnavailableError."""

    @property
    def can_open(self) -> bool:
        """Whether there is a password."""

    def open(self, password: str, replaced: str | None = None, address: str | None = None) -> str:
        """Return the secret of a new session; raises WrongPasswordError."""

    def is_open(self, secret: str) -> bool:
        """Tell whether this is the secret of a session."""

    def close(self, secret: str, address: str | None = None) -> bool:
        """End a session; tell whether there was one."""


class Access(Protocol):
    """Who may come in."""

    @property
    def reads_are_open(self) -> bool:
        """Whether reading videos takes no token."""

    @property
    def grants(self) -> Grants:
        """Tokens for clients."""

    @property
    def bearers(self) -> Bearers:
        """Who stands behind a token."""

    @property
    def feed_tokens(self) -> FeedTokens:
        """The tokens of feed readers."""

    @property
    def sessions(self) -> Sessions:
        """The sessions of the operator's browsers."""
