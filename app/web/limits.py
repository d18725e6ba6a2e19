"""The mark by which a route says what it costs, and the refusal of those who ask too much.

Who shows a good token is judged as that client, everybody else by address. What a shared cache may
keep tells nobody's figures: the cache would hand them to others.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING, TypeVar

from flask import current_app, g, request

from app.domain.errors import RateLimitedError
from app.web.browsers import is_from_own_page
from app.web.errors import RATE_LIMITED, error_response
from app.web.headers import add_security_headers
from app.web.proxies import bucket_of
from app.web.read_layer import is_first_page
from app.web.representations import Answer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from wsgiref.types import WSGIEnvironment

    from flask import Response

    from app.limits.allowance import Verdict
    from app.web.access_services import Limiter
    from app.web.proxies import Proxies
    from app.web.scopes import Gate

ViewT = TypeVar("ViewT", bound="Callable[..., object]")

USUAL_COST = 1
SEARCH_TIMES = 10
FURTHER_TIMES = 3

_COST_MARK = "declared_cost"
_CLOSED_MARK = "fails_closed"
_GUESSABLE_MARK = "guessable"
_VERDICT = "verdict_of_limits"
_SEARCHING = ("q", "min_duration", "max_duration", "live", "duration", "add")
"""`add` asks for a plan: what it would cost to watch that."""

_FIRST = "1"


def costs(
    units: float, *, fails_closed: bool = False, guessable: bool = False
) -> Callable[[ViewT], ViewT]:
    """Mark a view with what a request to it costs; survives decorators that use `wraps`.

    Args:
        units: of a bucket; 0 for what is never limited. A view without a mark costs 1.
        fails_closed: whether it tries a secret: it then has buckets of its own by address, and
            nobody is let through while these cannot be asked.
        guessable: whether people made the secret up: then all addresses together have one, too.
    """

    def mark(view: ViewT) -> ViewT:
        view.__dict__[_COST_MARK] = units
        view.__dict__[_CLOSED_MARK] = fails_closed
        view.__dict__[_GUESSABLE_MARK] = guessable
        return view

    return mark


def declared_cost(view: Callable[..., object]) -> float:
    """Return what a request to a view costs before its parameters are looked at."""
    cost: float = view.__dict__.get(_COST_MARK, USUAL_COST)
    return cost


def with_parameters(cost: float, given: Mapping[str, str]) -> float:
    """Return what a request costs: to search, and to go beyond the first page, costs more.

    A page far down a search has to go through all before it; by cursor it is like the first.
    """
    searches = any(given.get(name) for name in _SEARCHING)
    further = given.get("page", _FIRST) != _FIRST or ("cursor" in given and not searches)
    return cost * (SEARCH_TIMES if searches else 1) * (FURTHER_TIMES if further else 1)


@dataclass(frozen=True, slots=True)
class Limits:
    """Refuses requests.

    Args:
        limiter: judges.
        gate: knows tokens, and who is on this machine.
        proxies: in front.
    """

    limiter: Limiter
    gate: Gate
    proxies: Proxies

    def refuse(self) -> None:
        """Judge a request; for use before every one, behind the proxies' fix.

        Raises:
            RateLimitedError: too much was asked for.
            LimiterUnavailableError: it tries a secret, and cannot be judged.
        """
        view = current_app.view_functions.get(request.endpoint or "", _no_view)
        cost = declared_cost(view)
        # A foreign page may make a browser here ask for a lot, and is to be counted for that.
        if not cost or (self.gate.knows_this_machine() and is_from_own_page()):
            return
        verdict = self._judge(view, cost)
        setattr(g, _VERDICT, verdict)
        if verdict is not None and not verdict.allowed:
            raise RateLimitedError(verdict.retry_after_seconds)

    def refuse_ready(self, environ: WSGIEnvironment) -> Answer | None:
        """Judge a request whose answer is ready; waits for nothing."""
        address = self.proxies.address(environ)
        if self.limiter.allows_ready_page(bucket_of(address)):
            return None
        if self.gate.may_be_this_machine(environ):
            return None
        answer = _refusal()
        return answer._replace(body=[]) if environ["REQUEST_METHOD"] == "HEAD" else answer

    def _judge(self, view: Callable[..., object], cost: float) -> Verdict | None:
        address = bucket_of(request.remote_addr or "")
        if view.__dict__.get(_CLOSED_MARK, False):
            guessable: bool = view.__dict__.get(_GUESSABLE_MARK, False)
            return self.limiter.judge_credentials(address, cost, guessable=guessable)
        whole = with_parameters(cost, _parameters())
        client_id = self.gate.client_id()
        if client_id is not None:
            return self.limiter.judge_client(client_id, whole)
        return self.limiter.judge_address(address, whole)


def add_limit_headers(response: Response) -> Response:
    """Tell a client what is left to it, in a reply that is for it alone."""
    verdict: Verdict | None = g.get(_VERDICT)
    caching = response.cache_control
    is_own = (caching.no_store or caching.private) and not is_first_page(request.environ)
    if verdict is not None and is_own:
        told = verdict.allowance
        policy = f'"{told.name}";q={told.units};w={told.seconds}'
        left = f'"{told.name}";r={verdict.remaining};t={verdict.reset_seconds}'
        response.headers["RateLimit-Policy"] = policy
        response.headers["RateLimit"] = left
    return response


def _no_view() -> None:
    """Stand for what is not there, which costs as much as what is."""


def _parameters() -> Mapping[str, str]:
    try:
        return request.args
    except UnicodeDecodeError:
        return {}


@lru_cache(maxsize=1)
def _refusal() -> Answer:
    # Made outside of Flask; a ready page costs so little that a second brings many.
    error = error_response(HTTPStatus.TOO_MANY_REQUESTS, RATE_LIMITED, headers={"Retry-After": "1"})
    response = add_security_headers(error)
    return Answer(response.status, response.headers.to_wsgi_list(), [response.get_data()])
