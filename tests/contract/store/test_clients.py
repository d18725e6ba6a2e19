"""Clients, revocations and feed tokens, on every database."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from app.auth.clients import Clients
from app.auth.feed_tokens import FeedTokens
from app.auth.revocations import REMEMBERED
from app.auth.scopes import Scope
from app.domain.clients import Client
from app.domain.errors import (
    DuplicateClientError,
    InvalidClientError,
    InvalidValueError,
    NotFoundError,
)
from app.domain.feeds import ALL, Feed
from tests.contract.store.tellings import (
    LONG_AGO,
    NOW,
    add_watch,
    settle,
)

if TYPE_CHECKING:
    from app.store.store import Store

READ = frozenset({Scope.VIDEOS_READ})
CHANNEL = "UC0123456789012345678901"
CLIENT = Client(
    client_id="nrc_" + "a-B_" * 6,
    name="Née 🔥",
    scopes=frozenset(Scope) - {Scope.PUBLIC},
    secret_hash="0" * 64,
    previous_hash="f" * 64,
    created_at=NOW,
    rotated_at=NOW + timedelta(microseconds=1),
)


@pytest.fixture
def clients(store: Store) -> Clients:
    return Clients(store, lambda: NOW)


def is_known(clients: Clients, client_id: str, secret: str) -> bool:
    try:
        clients.authenticate(client_id, secret)
    except InvalidClientError:
        return False
    return True


@pytest.mark.parametrize("client", [CLIENT, replace(CLIENT, previous_hash=None, rotated_at=None)])
def test_a_client_comes_back_as_it_was_added(store: Store, client: Client) -> None:
    assert store.write(lambda it: it.clients.add(client))
    assert store.read(lambda it: it.clients.find(client.client_id)) == client
    assert store.read(lambda it: it.clients.list_all()) == [client]


def test_ids_and_names_compare_byte_for_byte(store: Store, clients: Clients) -> None:
    store.write(lambda it: it.clients.add(CLIENT))
    assert store.read(lambda it: it.clients.find(CLIENT.client_id.swapcase())) is None
    other = replace(CLIENT, client_id="nrc_2", name="née 🔥")
    assert store.write(lambda it: it.clients.add(other))
    with pytest.raises(NotFoundError):
        clients.revoke("NÉE 🔥")


def test_a_name_is_given_once(clients: Clients) -> None:
    first, secret = clients.add("a", READ)
    with pytest.raises(DuplicateClientError):
        clients.add(" a ", frozenset({Scope.ADMIN}))
    assert clients.list_all() == [first]
    assert is_known(clients, first.client_id, secret)


@pytest.mark.parametrize("name", ["", "  ", "x" * 101, "a\nb", "\x00", "\udcff", "\u202e"])
def test_what_is_no_name_is_refused(clients: Clients, name: str) -> None:
    with pytest.raises(InvalidValueError):
        clients.add(name, READ)


def test_a_rotated_secret_holds_on_until_it_is_dropped_or_rotated_again(clients: Clients) -> None:
    client, first = clients.add("a", READ)
    _, second = clients.rotate("a")
    assert [is_known(clients, client.client_id, it) for it in (first, second)] == [True, True]
    _, third = clients.rotate(client.client_id)
    secrets = first, second, third
    assert [is_known(clients, client.client_id, it) for it in secrets] == [False, True, True]
    clients.drop_previous("a")
    assert [is_known(clients, client.client_id, it) for it in secrets] == [False, False, True]


def test_two_who_rotate_at_the_same_moment_are_both_told_secrets_that_hold(
    clients: Clients,
) -> None:
    added, _ = clients.add("app", READ)
    with ThreadPoolExecutor(2) as pool:
        for _ in range(5):
            rotated = list(pool.map(clients.rotate, ["app"] * 2))
            assert [is_known(clients, added.client_id, secret) for _, secret in rotated] == [
                True,
                True,
            ]


def test_an_id_is_not_taken_for_the_name_of_another(clients: Clients) -> None:
    meant, _ = clients.add("z", READ)
    clients.add(meant.client_id, READ)
    assert clients.revoke(meant.client_id) == meant


def test_only_its_own_secret_makes_a_client_known(clients: Clients) -> None:
    one, secret = clients.add("one", READ)
    two, _ = clients.add("two", READ)
    strange = [
        "",
        "nrc_",
        one.client_id[:-1],
        one.client_id + " ",
        "a" * 5000,
        "\x00",
        "\udcff",
        "é",
        "'; --",
        "%",
    ]
    for client_id, given in (
        (two.client_id, secret),
        (one.client_id, ""),
        (one.client_id, one.secret_hash),
        (one.client_id, secret + "\x00"),
        (one.name, secret),
        *((client_id, secret) for client_id in strange),
        *((client_id, "") for client_id in strange),
    ):
        assert not is_known(clients, client_id, given)
    assert is_known(clients, one.client_id, secret)


def test_a_revoked_client_is_forgotten_and_its_tokens_are_noted(
    store: Store, clients: Clients
) -> None:
    client, secret = clients.add("a", READ)
    clients.add("b", READ)
    clients.revoke("a")
    assert not is_known(clients, client.client_id, secret)
    assert [it.name for it in clients.list_all()] == ["b"]
    last = NOW + REMEMBERED
    live = store.read(lambda it: it.revocations.list_live(last - timedelta(microseconds=1)))
    assert live == {client.client_id}
    assert store.read(lambda it: it.revocations.list_live(last)) == set()
    assert clients.add("a", READ)[0].client_id != client.client_id


def test_a_revocation_may_be_repeated_and_is_pruned_when_it_is_over(store: Store) -> None:
    for _ in range(2):
        store.write(lambda it: it.revocations.put("token", NOW))
    store.write(lambda it: it.revocations.put("other", NOW + timedelta(seconds=1)))
    store.write(lambda it: it.revocations.prune(NOW))
    assert store.read(lambda it: it.revocations.list_live(NOW - timedelta(days=1))) == {"other"}


@pytest.mark.parametrize("named", ["nobody", "", "nrc_1", "\x00", "\udcff"])
def test_a_client_that_does_not_exist_cannot_be_changed(clients: Clients, named: str) -> None:
    for act in (clients.rotate, clients.drop_previous, clients.revoke):
        with pytest.raises(NotFoundError):
            act(named)


def test_no_secret_is_stored(store: Store, clients: Clients) -> None:
    secrets = [clients.add("a", READ)[1], clients.rotate("a")[1]]
    secrets.append(FeedTokens(store, lambda: NOW).add(ALL)[1])
    told = repr(clients.list_all()) + repr(store.read(lambda it: it.feed_tokens.list_all()))
    [stored] = store.read(lambda it: it.clients.list_all())
    hashes = f"{stored.secret_hash} {stored.previous_hash}"
    assert not [it for it in secrets if it in told + hashes]
    assert stored.secret_hash not in told


@pytest.fixture
def feed_tokens(store: Store) -> FeedTokens:
    return FeedTokens(store, lambda: NOW)


def test_a_feed_token_opens_its_feed_until_it_is_revoked(
    store: Store, feed_tokens: FeedTokens
) -> None:
    feeds = [ALL, Feed(channel_id=CHANNEL), Feed(channel_id=CHANNEL.swapcase())]
    feeds += [Feed(watch_id=add_watch(store, term).watch_id) for term in ("a", "b")]
    made = [feed_tokens.add(feed) for feed in feeds]
    for stored, token in made:
        assert [feed_tokens.opens(token, feed) for feed in feeds] == [
            feed == stored.feed for feed in feeds
        ]
        assert not feed_tokens.opens(token.swapcase(), stored.feed)
    assert feed_tokens.list_all() == [stored for stored, _ in made]
    feed_tokens.revoke(made[0][0].feed_token_id)
    assert [feed_tokens.opens(token, it.feed) for it, token in made] == [False, *[True] * 4]
    with pytest.raises(NotFoundError):
        feed_tokens.revoke(made[0][0].feed_token_id)
    for strange in ("", "\x00", "\udcff", "x" * 5000):
        assert not feed_tokens.opens(strange, ALL)


def test_a_feed_token_goes_with_its_watch(store: Store, feed_tokens: FeedTokens) -> None:
    watch = add_watch(store)
    kept, _ = feed_tokens.add(ALL)
    _, token = feed_tokens.add(Feed(watch_id=watch.watch_id))
    store.write(lambda it: it.watches.remove(watch.watch_id, LONG_AGO))
    settle(store)
    assert feed_tokens.list_all() == [kept]
    assert not feed_tokens.opens(token, Feed(watch_id=watch.watch_id))
    assert add_watch(store).watch_id != watch.watch_id
