"""Which address a request comes from: PROXY_HOPS says how many proxies in front are to be believed.

Each proxy adds at the right end of a header what it has seen, so with n of them the n-th from the
right is the first that none of a client's own words can be. Anything beyond is the client's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING

from werkzeug.middleware.proxy_fix import ProxyFix

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication, WSGIEnvironment

_NETWORK_OF_A_HOST = 64
"""Bits: a host has a whole IPv6 network of this length, and with it any number of addresses."""

_WITH_PORT = re.compile(r"\[(.+)\]:[0-9]+|([0-9.]+):[0-9]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Proxies:
    """The proxies in front, which set X-Forwarded-For, -Proto and -Prefix.

    Args:
        hops: how many; 0: those headers are the client's, and not believed.
    """

    hops: int = 0

    def before(self, app: WSGIApplication) -> WSGIApplication:
        """Return the application, told what the proxies say; never which host it is."""
        hops = self.hops
        return ProxyFix(app, hops, hops, 0, 0, hops) if hops else app

    def address(self, environ: WSGIEnvironment) -> str:
        """Return the address of the client, for what does not come by the application."""
        peer: str = environ.get("REMOTE_ADDR", "")
        if not self.hops:
            return peer
        values = environ.get("HTTP_X_FORWARDED_FOR", "").split(",")
        told = values[-self.hops].strip() if len(values) >= self.hops else ""
        return told or peer

    def told_prefix(self, environ: WSGIEnvironment) -> str:
        """Return all that the path depends on below which the client sees the service.

        As it was sent: one reading of it that differs from the application's would be enough to
        give a page with one prefix to those who see another.
        """
        own: str = environ.get("SCRIPT_NAME", "")
        return own + environ.get("HTTP_X_FORWARDED_PREFIX", "") if self.hops else own


@lru_cache(maxsize=4096)
def bucket_of(address: str) -> str:
    """Return what stands for an address among buckets; one name for all that are none.

    Some proxies add the port they saw.
    """
    ported = _WITH_PORT.fullmatch(address)
    host = (ported[1] or ported[2]) if ported else address.partition("%")[0]
    try:
        ip = ip_address(host)
    except ValueError:
        return "unknown"
    if not isinstance(ip, IPv6Address):
        return str(ip)
    if ip.ipv4_mapped is not None:
        return str(ip.ipv4_mapped)
    return str(IPv6Network((ip, _NETWORK_OF_A_HOST), strict=False))
