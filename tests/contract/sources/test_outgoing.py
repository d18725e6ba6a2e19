"""The client for addresses of others, against real sockets; only the resolver is a stand-in."""

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from app.domain.errors import InvalidValueError, UpstreamError
from app.domain.targets import Address, parse_allowance
from app.sources.outgoing import Answer, Outgoing, resolve
from tests.contract.sources.wire_server import (
    Handler,
    WireServer,
    endless,
    raw,
    reply,
    reset,
    wire_server,
)

LOOPBACK = parse_allowance("127.0.0.0/8")
PUBLIC: Address = ip_address("93.184.215.14")


class Names:
    """A resolver whose answers change from call to call; the last one stays."""

    def __init__(self, *answers: tuple[str, ...]) -> None:
        self._answers = list(answers)
        self.asked: list[str] = []

    def __call__(self, host: str, _port: int) -> tuple[Address, ...]:
        self.asked.append(host)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        return tuple(map(ip_address, answer))


def post(server: WireServer, path: str = "", timeout_seconds: float = 5) -> Answer:
    client = Outgoing(LOOPBACK, timeout_seconds=timeout_seconds)
    return client.post(server.endpoint + path, b'{"a":1}', {"Content-Type": "application/json"})


def test_a_body_arrives_as_it_was_sent() -> None:
    with wire_server(reply(b"ok", status=202, headers={"Retry-After": "7"})) as server:
        assert post(server, "in?token=x") == Answer(202, 7)
    (received,) = server.requests
    assert (received.method, received.path, received.body) == ("POST", "/in?token=x", '{"a":1}')
    assert received.headers["content-type"] == "application/json"
    assert received.headers["host"] == server.endpoint.removeprefix("http://").strip("/")


@pytest.mark.parametrize(
    "url",
    [
        *("https://localhost/", "https://127.0.0.1/", "https://[::1]/", "https://0.0.0.0/"),
        *("https://[::ffff:127.0.0.1]/", "https://[64:ff9b::7f00:1]/", "https://169.254.169.254/"),
        *("https://10.0.0.1/", "https://[fd00:ec2::254]/", "https://localhost:8443/"),
    ],
)
def test_nothing_of_this_machine_or_around_it_is_asked(url: str) -> None:
    client = Outgoing()
    with pytest.raises(InvalidValueError, match="public addresses only"):
        client.check(url)
    with pytest.raises(InvalidValueError, match="public addresses only"):
        client.post(url, b"", {})


def test_a_name_that_leads_inside_later_is_refused_when_it_does() -> None:
    names = Names(("93.184.215.14",), ("127.0.0.1",))
    client = Outgoing(resolve=names)
    client.check("https://rebound.example/")
    with pytest.raises(InvalidValueError, match="public addresses only"):
        client.post("https://rebound.example/", b"", {})


def test_a_name_is_looked_up_once_per_request_and_the_checked_address_is_asked() -> None:
    with wire_server(reply(b"")) as server:
        port = server.endpoint.rpartition(":")[2]
        # A second look-up would lead to where nobody listens.
        names = Names(("127.0.0.1",), ("127.0.0.99",))
        client = Outgoing(LOOPBACK, resolve=names)
        assert client.post(f"http://moves.example:{port}", b"", {}).status == 200
    assert names.asked == ["moves.example"]
    assert server.requests[0].headers["host"] == f"moves.example:{port}".rstrip("/")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_an_answer_and_is_not_followed(status: int) -> None:
    with wire_server(reply(b"")) as inside:
        redirect = reply(b"", status=status, headers={"Location": inside.endpoint})
        with wire_server(redirect) as server:
            assert post(server).status == status
    assert len(server.requests) == 1
    assert inside.requests == []


def test_proxies_of_the_environment_are_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    with wire_server(reply(b"")) as proxy, wire_server(reply(b"")) as server:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, proxy.endpoint)
        assert post(server).status == 200
    assert proxy.requests == []


def test_where_one_address_does_not_answer_the_next_one_is_asked() -> None:
    with wire_server(reply(b"")) as server:
        port = server.endpoint.rpartition(":")[2]
        names = Names(("127.0.0.98", "127.0.0.1"))
        client = Outgoing(LOOPBACK, resolve=names)
        assert client.post(f"http://two.example:{port}", b"", {}).status == 200


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(raw(b""), id="nothing"),
        pytest.param(raw(b"SSH-2.0-OpenSSH\r\n"), id="no HTTP"),
        pytest.param(raw(b"-ERR unknown command\r\n"), id="redis"),
        pytest.param(reset, id="reset"),
        pytest.param(endless(b"HTTP/1.1 200 OK\r\n", b"X: " + b"y" * 60_000 + b"\r\n"), id="large"),
        pytest.param(endless(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n", 0.05), id="drips"),
        pytest.param(endless(b"", b"", 0.02), id="silent"),
    ],
)
def test_what_is_no_answer_in_time_is_an_error_without_the_address(answer: object) -> None:
    began = time.monotonic()
    with (
        wire_server(answer) as server,  # type: ignore[arg-type]  # as they are
        pytest.raises(UpstreamError) as trouble,
    ):
        post(server, "secret", timeout_seconds=0.3)
    assert time.monotonic() - began < 3  # a drip gains no time
    assert "secret" not in str(trouble.value)
    assert trouble.value.__cause__ is None


def test_a_body_without_end_is_not_read() -> None:
    with wire_server(endless(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 65_536)) as server:
        assert post(server).status == 200


def test_a_host_without_an_address_is_told() -> None:
    def nobody(host: str, port: int) -> tuple[Address, ...]:
        raise socket.gaierror(f"{host}:{port}")

    with pytest.raises(InvalidValueError, match="has no address"):
        Outgoing(resolve=nobody).check("https://nobody.example/")
    with pytest.raises(UpstreamError, match="has no address"):
        Outgoing(resolve=nobody).post("https://nobody.example/", b"", {})


def test_a_name_server_that_does_not_answer_is_not_waited_for_longer() -> None:
    asked, released = threading.Event(), threading.Event()

    def hangs(_host: str, _port: int) -> tuple[Address, ...]:
        asked.set()
        released.wait(10)
        return (PUBLIC,)

    client = Outgoing(resolve=hangs, timeout_seconds=0.1)
    began = time.monotonic()
    with pytest.raises(InvalidValueError, match="has no address"):
        client.check("https://slow.example/")
    with pytest.raises(UpstreamError, match="has no address"):
        client.post("https://slow.example/", b"", {})
    assert time.monotonic() - began < 5
    assert asked.is_set()
    released.set()


def test_this_machines_own_names_are_found() -> None:
    assert ip_address("127.0.0.1") in resolve("127.0.0.1", 443)
    assert all(address.is_loopback for address in resolve("localhost", 443))


@pytest.fixture
def certified(tmp_path: Path) -> Iterator[tuple[WireServer, ssl.SSLContext, list[str | None]]]:
    """A server with a certificate for `known.example`, what believes it, and the names asked."""
    chain = _certificate(tmp_path, "known.example")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(chain)
    named: list[str | None] = []
    tls.sni_callback = lambda _socket, name, _context: named.append(name)
    with wire_server(reply(b""), tls) as server:
        yield server, ssl.create_default_context(cafile=str(chain)), named


def test_the_name_not_the_address_is_what_a_certificate_has_to_be_for(
    certified: tuple[WireServer, ssl.SSLContext, list[str | None]],
) -> None:
    server, trust, named = certified
    port = server.endpoint.rpartition(":")[2]
    client = Outgoing(LOOPBACK, Names(("127.0.0.1",)), trust)
    assert client.post(f"https://known.example:{port}", b"", {}).status == 200
    assert named == ["known.example"]
    with pytest.raises(UpstreamError, match="SSLCertVerificationError"):
        client.post(f"https://other.example:{port}", b"", {})


def test_a_certificate_that_nobody_vouches_for_is_refused(
    certified: tuple[WireServer, ssl.SSLContext, list[str | None]],
) -> None:
    port = certified[0].endpoint.rpartition(":")[2]
    with pytest.raises(UpstreamError, match="SSLCertVerificationError"):
        Outgoing(LOOPBACK, Names(("127.0.0.1",))).post(f"https://known.example:{port}", b"", {})
    assert certified[0].requests == []


def _certificate(folder: Path, host: str) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "chain.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return path


def test_a_request_is_not_sent_twice() -> None:
    def hang_up(handler: Handler) -> None:
        handler.close_connection = True

    with wire_server(hang_up) as server, pytest.raises(UpstreamError):
        post(server)
    assert len(server.requests) == 1
