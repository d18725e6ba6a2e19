"""Verified tokens in memory, and revocations that are looked up every few seconds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from threading import Event, Thread
from typing import TYPE_CHECKING, TypeVar

import pytest

from app.auth.bearers import Bearers
from app.auth.clients import Clients
from app.auth.revocations import IDLE_SECONDS, LOOK_SECONDS, REMEMBERED, Revocations
from app.auth.scopes import Scope
from app.auth.tokens import LEEWAY_SECONDS, LIFE_SECONDS, Tokens
from app.domain.errors import InvalidTokenError, StoreUnavailableError
from app.store.database import Database
from app.store.store import Store
from tests.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from app.store.store import Transaction

T = TypeVar("T")
NOW = datetime(2026, 1, 2, 18, tzinfo=UTC)
READ = frozenset({Scope.VIDEOS_READ})


class WatchedStore(Store):
    """Counts reads, and can be away or slow."""

    reads = 0
    is_away = False
    gate: Event | None = None

    def read(self, work: Callable[[Transaction], T]) -> T:
        self.reads += 1
        if self.gate is not None:
            self.gate.wait(20)
        if self.is_away:
            raise StoreUnavailableError("away")
        return super().read(work)


class Scene:
    """One process: its clock, its seconds and its bearers."""

    def __init__(self, store: WatchedStore) -> None:
        self.store = store
        self.now = NOW
        self.tokens = Tokens([b"k" * 32], self.clock)
        self.revocations = Revocations(store, self.clock, self.seconds)
        self.bearers = Bearers(self.tokens, self.revocations, max_remembered=3)

    def clock(self) -> datetime:
        return self.now

    def seconds(self) -> float:
        return self.now.timestamp()

    def passes(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def token(self, client: str = "nrc_1") -> str:
        return self.tokens.issue(client, READ)

    def is_refused(self, token: str) -> bool:
        known = self.bearers.find_known(token)
        try:
            self.bearers.verify(token)
        except InvalidTokenError:
            assert known is None
            return True
        return False


@pytest.fixture
def store(sqlite_url: str) -> Iterator[WatchedStore]:
    opened = WatchedStore(Database(sqlite_url))
    opened.migrate()
    yield opened
    opened.dispose()


@pytest.fixture
def scene(store: WatchedStore) -> Scene:
    return Scene(store)


def test_a_verified_token_costs_no_query_for_seconds(scene: Scene) -> None:
    token = scene.token()
    assert scene.bearers.find_known(token) is None
    for _ in range(50):
        assert scene.bearers.verify(token).scopes == READ
        assert scene.bearers.find_known(token) is not None
    assert scene.store.reads == 1
    scene.passes(LOOK_SECONDS)
    assert scene.bearers.find_known(token) is None  # somebody has to look
    scene.bearers.verify(token)
    assert scene.store.reads == 2


def test_a_token_is_revoked_here_at_once_and_elsewhere_within_seconds(scene: Scene) -> None:
    elsewhere = Scene(scene.store)
    token, other = scene.token(), scene.token()
    for process in (scene, elsewhere):
        assert not process.is_refused(token)
    scene.revocations.revoke(scene.tokens.verify(token))
    assert scene.is_refused(token)
    elsewhere.passes(LOOK_SECONDS)
    assert elsewhere.is_refused(token)
    assert not elsewhere.is_refused(other)


def test_a_revoked_client_takes_all_its_tokens_along(scene: Scene) -> None:
    clients = Clients(scene.store, scene.clock)
    client, _ = clients.add("a", READ)
    its, others = scene.token(client.client_id), scene.token()
    assert not scene.is_refused(its)
    clients.revoke("a")
    scene.passes(LOOK_SECONDS)
    assert scene.is_refused(its)
    assert scene.is_refused(scene.token(client.client_id))
    assert not scene.is_refused(others)


def test_a_revocation_is_remembered_until_the_last_token_is_expired(scene: Scene) -> None:
    assert timedelta(seconds=LIFE_SECONDS + LEEWAY_SECONDS) < REMEMBERED
    revoked = scene.tokens.verify(scene.token())
    scene.revocations.revoke(revoked)
    scene.now = NOW + REMEMBERED - timedelta(seconds=1)
    assert scene.revocations.covers(revoked)
    scene.now = NOW + REMEMBERED
    scene.revocations.revoke(scene.tokens.verify(scene.token()))  # which forgets what is over
    [left] = scene.store.read(lambda it: it.revocations.list_live(NOW))
    assert left != revoked.token_id


def test_a_token_expires_in_memory_too(scene: Scene) -> None:
    token = scene.token()
    scene.bearers.verify(token)
    scene.passes(LIFE_SECONDS + LEEWAY_SECONDS)
    scene.bearers.verify(scene.token())  # so that nothing but the token's end is in its way
    assert scene.bearers.find_known(token) is None
    assert scene.is_refused(token)


def test_what_was_known_is_trusted_while_the_database_is_away(scene: Scene) -> None:
    good, revoked = scene.token(), scene.token()
    scene.revocations.revoke(scene.tokens.verify(revoked))
    assert scene.is_refused(revoked)
    scene.bearers.verify(good)
    scene.store.is_away = True
    for _ in range(10):
        scene.passes(LOOK_SECONDS)
        assert scene.is_refused(revoked)
        assert not scene.is_refused(good)


def test_a_process_that_never_saw_the_revocations_lets_nobody_in(scene: Scene) -> None:
    scene.store.is_away = True
    token = scene.token()
    for _ in range(2):
        with pytest.raises(StoreUnavailableError):
            scene.bearers.verify(token)
        assert scene.bearers.find_known(token) is None
    scene.store.is_away = False
    assert not scene.is_refused(token)


def test_one_waits_for_a_slow_database_and_the_others_go_on(scene: Scene) -> None:
    token = scene.token()
    scene.bearers.verify(token)
    scene.passes(LOOK_SECONDS)
    scene.store.gate = Event()
    looking = Thread(target=scene.bearers.verify, args=(token,))
    looking.start()
    wait_until(lambda: scene.store.reads == 2)
    assert scene.bearers.verify(token).scopes == READ
    assert scene.bearers.find_known(token) is not None
    assert scene.store.reads == 2
    scene.store.gate.set()
    looking.join()


def test_after_a_long_silence_everybody_waits_for_what_is_revoked_by_now(scene: Scene) -> None:
    token = scene.token()
    scene.bearers.verify(token)
    elsewhere = Scene(scene.store)
    elsewhere.revocations.revoke(elsewhere.tokens.verify(token))
    scene.passes(IDLE_SECONDS + 1)
    scene.store.gate = Event()
    refused: list[bool] = []
    asking = [Thread(target=lambda: refused.append(scene.is_refused(token))) for _ in range(3)]
    for thread in asking:
        thread.start()
    wait_until(lambda: scene.store.reads == 2)
    assert scene.bearers.find_known(token) is None
    assert refused == []
    scene.store.gate.set()
    for thread in asking:
        thread.join()
    assert refused == [True] * 3


def test_what_is_remembered_is_bounded_and_what_is_refused_is_not_remembered(scene: Scene) -> None:
    tokens = [scene.token() for _ in range(10)]
    for token in tokens:
        scene.bearers.verify(token)
        scene.is_refused(token[:-1])
    assert sum(scene.bearers.find_known(token) is not None for token in tokens) == 3
