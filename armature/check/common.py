"""What several checks share."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from ipaddress import AddressValueError, IPv4Address, IPv6Address, ip_address

from armature.addresses import network_numbers
from armature.errors import Problem, where
from armature.model import Site

PREFIX_LENGTHS = range(32, 57)
"""A /32 is a provider's whole allocation; beyond /56 fewer than 256 networks are left."""


def repeated(items: Iterable[str], *keys: str | int) -> Iterator[Problem]:
    """Yield a problem for each item of a list that stands there a second time; ``keys`` lead to the list."""
    seen: set[Hashable] = set()
    for index, item in enumerate(items):
        if item in seen:
            yield Problem(where(*keys, index), f"{str(item)!r} stands in the list already. Remove one.")
        seen.add(item)


def ipv4_of(text: str) -> IPv4Address | None:
    """Return the IPv4 address that ``text`` is, if it is one."""
    try:
        return IPv4Address(text)
    except AddressValueError:
        return None


def ipv6_of(text: str) -> IPv6Address | None:
    """Return the IPv6 address that ``text`` is, with or without brackets, if it is one."""
    try:
        address = ip_address(text.removeprefix("[").removesuffix("]"))
    except ValueError:
        return None
    return address if isinstance(address, IPv6Address) else None


def unreachable(address: IPv6Address) -> str | None:
    """Return why no other machine can be reached at ``address``, or None when one can be."""
    if address.scope_id or address.is_link_local:
        return "is valid on one link only"
    if address.is_multicast:
        return "is a multicast address"
    if address.is_loopback:
        return "is the host itself"
    if address.is_unspecified:
        return "is no machine's address"
    if address.ipv4_mapped is not None:
        return "is an IPv4 address in IPv6 form"
    return None


def largest_network(site: Site) -> int:
    """Return the largest network number that fits; no number is too large for a prefix whose length is wrong itself."""
    return network_numbers(site.prefix) if site.prefix.prefixlen in PREFIX_LENGTHS else 0xFFFF


def listed(names: Iterable[str]) -> str:
    """Return names as prose.

    >>> listed(["a", "b", "c"])
    'a, b and c'
    """
    names = list(names)
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
