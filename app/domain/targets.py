"""Where requests may go whose address somebody else has chosen: rules only, nothing is looked up.

Such an address must not lead to this machine or the networks around it, however it is written.
What the operator allows (OUTGOING_ALLOW) is excepted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from urllib.parse import urlsplit

from app.domain.errors import InvalidValueError

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

MAX_URL_CHARACTERS = 2000
USUAL_PORTS = (443, 8443)

_URL = re.compile(r"(https?)://[!-~]+", re.ASCII | re.IGNORECASE)
_LABEL = r"(?!-)[a-z0-9_-]{1,63}(?<!-)"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\.?", re.ASCII)
# A host that ends so is an address in one of the old spellings: 0x7f.1, 017700000001, 2130706433.
_NUMBER_AT_END = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)\.?", re.ASCII)
_DEFAULT_PORTS = {"http": 80, "https": 443}

# Addresses of IPv6 that lead to one of IPv4, which stands in their last bits.
_NAT64 = IPv6Network("64:ff9b::/96")
_V4_COMPATIBLE = IPv6Network("::/96")

_NEVER = (ip_network("192.0.0.0/24"), ip_network("2001::/23"))
"""For protocols, tunnels among them (RFC 6890); releases of Python differ on parts of these."""


@dataclass(frozen=True, slots=True)
class Target:
    """An address taken apart. `host` is a name in lower case or an IP address without brackets."""

    scheme: str
    host: str
    port: int
    path: str


@dataclass(frozen=True, slots=True)
class Allowance:
    """What the operator allows beyond the public internet: hosts by name, and networks."""

    hosts: frozenset[str] = frozenset()
    networks: tuple[Network, ...] = ()

    def has(self, host: str, address: Address) -> bool:
        """Tell whether a host at this address is allowed for."""
        return host in self.hosts or _lies_in(address, self.networks)


NOTHING_ALLOWED = Allowance()


def parse_target(url: str) -> Target:
    """Take an address apart, if every library would do so alike.

    Raises:
        InvalidValueError: it is none, or could be read in two ways.
    """
    if len(url) > MAX_URL_CHARACTERS or not _URL.fullmatch(url) or "\\" in url:
        raise InvalidValueError(
            f"must be an https:// URL of at most {MAX_URL_CHARACTERS} ASCII characters"
        )
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname or ""
    except ValueError:
        raise InvalidValueError("must be an https:// URL") from None
    if "@" in parts.netloc or "#" in url or parts.netloc.endswith(":") or port == 0:
        raise InvalidValueError("must have no user, no empty port and no fragment")
    _check_host(host, in_brackets="[" in parts.netloc)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, host, port or _DEFAULT_PORTS[parts.scheme], path)


def parse_allowance(text: str) -> Allowance:
    """Read a list of hosts, addresses and networks with commas between them.

    Raises:
        InvalidValueError: an entry is none of them.
    """
    hosts: set[str] = set()
    networks: list[Network] = []
    for entry in filter(None, (part.strip().lower() for part in text.split(","))):
        try:
            networks.append(ip_network(entry))
        except ValueError:
            if not _NAME.fullmatch(entry) or _NUMBER_AT_END.fullmatch(entry):
                raise InvalidValueError(
                    f"has {entry[:60]!r}, which is neither a host nor a network such as 10.1.0.0/16"
                ) from None
            hosts.add(entry)
    return Allowance(frozenset(hosts), tuple(networks))


def check_addresses(
    target: Target, addresses: tuple[Address, ...], allowance: Allowance = NOTHING_ALLOWED
) -> None:
    """Refuse a target if any of its host's addresses may not be asked.

    Raises:
        InvalidValueError: with a sentence that does not tell which addresses they are.
    """
    strange = [it for it in addresses if not allowance.has(target.host, it)]
    if not all(map(is_public, strange)):
        raise InvalidValueError(
            "must lead to public addresses only (OUTGOING_ALLOW can allow others)"
        )
    if strange and target.scheme != "https":
        raise InvalidValueError("must be https (OUTGOING_ALLOW can allow http)")
    if strange and target.port not in USUAL_PORTS:
        ports = " or ".join(map(str, USUAL_PORTS))
        raise InvalidValueError(f"must have the port {ports} (OUTGOING_ALLOW can allow others)")


def is_public(address: Address) -> bool:
    """Tell whether an address belongs to one machine on the public internet."""
    if isinstance(address, IPv6Address):
        if address.scope_id is not None:
            return False
        if (inner := _inner(address)) is not None:
            return is_public(inner)
        if address.is_site_local:
            return False
    odd = address.is_multicast or address.is_reserved or address.is_unspecified
    return address.is_global and not odd and not _lies_in(address, _NEVER)


def _inner(address: IPv6Address) -> IPv4Address | None:
    """Return the address of IPv4 that one of IPv6 stands for."""
    if address in _NAT64 or address in _V4_COMPATIBLE:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour


def _lies_in(address: Address, networks: tuple[Network, ...]) -> bool:
    return any(address in network for network in networks if network.version == address.version)


def _check_host(host: str, *, in_brackets: bool) -> None:
    try:
        address = ip_address(host)
    except ValueError:
        if in_brackets or not _NAME.fullmatch(host) or _NUMBER_AT_END.fullmatch(host):
            raise InvalidValueError("must name a host as browsers show it") from None
    else:
        if in_brackets is not isinstance(address, IPv6Address):
            raise InvalidValueError("must name a host as browsers show it")
