"""Which web addresses Trax may ask: those of the public web, whatever a name or a redirect leads to.

An address may come from anybody, and the machine that asks stands inside a network whose services trust it. So every
address that a name leads to is looked at, and the connection goes to one of those that were looked at, not to what a
second look-up would give.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urljoin, urlsplit, urlunsplit

from trax.errors import SourceRefused, SourceUnreachable

LONGEST_URL: Final = 8192  # characters
PORTS: Final = {"http": 80, "https": 443}
_LEAST_FREE_PORT: Final = 1024  # below it only the web's own ports: no mail server gets what looks like a mail
_PUBLIC_IPV6: Final = ipaddress.IPv6Network("2000::/3")  # nothing else is given out; old private ranges lie outside
_NOT_PUBLIC: Final = tuple(
    ipaddress.ip_network(text)
    for text in (
        "2001::/32", "2002::/16",  # IPv4 in IPv6: where such a packet comes out is not for us to know
        "3fff::/20", "192.0.0.0/24", "192.88.99.0/24",  # set apart; not every Python knows
        "168.63.129.16/32",  # what Azure tells its machines, secrets among it
    )
)  # fmt: skip

Resolver = Callable[[str, int], list[str]]
IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

_ADVICE: Final = "Give a public https address, or set TRAX_ALLOW_PRIVATE_ADDRESSES=1 to download from your own network."


@dataclass(frozen=True, slots=True)
class Target:
    """One URL with the numeric addresses that may be connected to."""

    url: str
    host: str  # as a server expects it: ASCII, without brackets
    port: int
    addresses: tuple[str, ...]


def resolve(host: str, port: int) -> list[str]:
    """The numeric addresses of a host. Raises: OSError: it has none."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def target_of(url: str, *, allow_private: bool, resolver: Resolver = resolve) -> Target:
    """Where a request for the URL goes.

    Raises: SourceRefused: it isn't to be asked. SourceUnreachable: its name leads nowhere.
    """
    url = url.strip()
    parts = _parts(url)
    host = _ascii_host(parts.hostname or "")
    port = parts.port if parts.port is not None else PORTS[parts.scheme]
    if not allow_private and port < _LEAST_FREE_PORT and port not in PORTS.values():
        raise SourceRefused(f"Port {port} of {host} is no port of the web.", "Give an address without a port.")
    try:
        addresses = resolver(host, port)
    except (OSError, UnicodeError) as error:
        raise SourceUnreachable(f"There is no host {host}.", "Check the address and the network.") from error
    for address in addresses:
        if not allow_private and not is_public(address):
            raise SourceRefused(f"{host} is on this machine or in its network ({address}).", _ADVICE)
    if not addresses:
        raise SourceUnreachable(f"There is no host {host}.", "Check the address and the network.")
    return Target(_rebuilt(url, host, parts.port), host, port, tuple(addresses))


def followed(url: str, location: str) -> str:
    """Where a redirect leads. Raises: SourceRefused: nowhere on the web."""
    if not location.strip() or not _is_clean(location):
        raise SourceRefused(f"{shown(url)} leads to nowhere.", "Check the address.")
    return urljoin(url, location.strip())


def is_public(address: str) -> bool:
    """Whether a numeric address belongs to the public internet."""
    try:
        ip: IpAddress = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            ip = ip.ipv4_mapped
        elif ip not in _PUBLIC_IPV6:
            return False
    if any(ip in network for network in _NOT_PUBLIC):
        return False
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified or ip.is_loopback)


def shown(url: str) -> str:
    """The URL for a message: printable, short, without password, query or token."""
    plain = re.sub(r"//[^/@\s]*@", "//", url).partition("?")[0].partition("#")[0]
    clean = "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in plain)
    return clean if len(clean) <= 200 else f"{clean[:199]}\N{HORIZONTAL ELLIPSIS}"


def _parts(url: str) -> _Parts:
    if len(url) > LONGEST_URL or not _is_clean(url) or not _is_text(url):
        raise SourceRefused(f"{shown(url)} is no web address.", "Copy the address anew.")
    try:
        split = urlsplit(url)
        parts = _Parts(split.scheme.lower(), split.hostname, split.port)
    except ValueError as error:  # a bad port, a bracket without its partner
        raise SourceRefused(f"{shown(url)} is no web address.", "Copy the address anew.") from error
    if parts.scheme not in PORTS or not parts.hostname:
        raise SourceRefused(f"{shown(url)} is no address of the web.", "Only http and https addresses are fetched.")
    if split.username is not None or split.password is not None:
        raise SourceRefused(
            f"There is a user name in the address of {parts.hostname}.", "Leave out what precedes the @."
        )
    return parts


@dataclass(frozen=True, slots=True)
class _Parts:
    scheme: str
    hostname: str | None
    port: int | None


def _rebuilt(url: str, host: str, port: int | None) -> str:
    """The URL with the very host that was looked up: of a name that it reads its own way, curl would ask anew."""
    split = urlsplit(url)
    netloc = (f"[{host}]" if ":" in host else host) + ("" if port is None else f":{port}")
    path, query = quote(split.path, safe="/%:@!$&'()*+,;=~-._"), quote(split.query, safe="/%:@!$&'()*+,;=~-._?[]|")
    return urlunsplit((split.scheme.lower(), netloc, path or "/", query, ""))


def _is_clean(text: str) -> bool:
    return not any(ord(character) < 33 or ord(character) == 127 for character in text.strip())


def _is_text(url: str) -> bool:
    """Whether it is without the halves of characters that a command line makes of bytes that are no text."""
    try:
        url.encode()
    except UnicodeEncodeError:
        return False
    return True


def _ascii_host(host: str) -> str:
    """The host as it is looked up. Raises: SourceRefused: it is none, or would be read in more than one way."""
    host = host.rstrip(".")
    if not host.isascii():
        try:
            host = host.encode("idna").decode("ascii")
        except UnicodeError as error:
            raise SourceRefused("The host of that address is no host.", "Copy the address anew.") from error
    if not (_is_ipv6(host) if ":" in host else re.fullmatch(r"[A-Za-z0-9._-]+", host)):
        raise SourceRefused("The host of that address is no host.", "Copy the address anew.")
    return host.lower()


def _is_ipv6(host: str) -> bool:
    try:
        return ipaddress.IPv6Address(host).scope_id is None
    except ValueError:
        return False
