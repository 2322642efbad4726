"""The address plan: one prefix, a network's number and a host's number give every address.

Nothing is allocated and nothing is stored. The network's number fills the bits between the site's prefix and /64,
the host's number is the last hextet: prefix fd00:a12a:1ab::/48, network 1, host 0x10 -> fd00:a12a:1ab:1::10.

Source: RFC 4291, section 2.5 (64-bit interface identifiers), RFC 4193 (a /48 with a 16-bit subnet id).
"""

from __future__ import annotations

from ipaddress import IPv6Address, IPv6Network
from typing import Literal

from armature.model import Network, Purpose, Site

NETWORK_BITS = 64
"""Length of every network's prefix, in bits."""


def network_numbers(prefix: IPv6Network) -> int:
    """Return the largest network number that fits between ``prefix`` and /64; 0 when none does.

    >>> hex(network_numbers(IPv6Network("fd00:1::/48"))), network_numbers(IPv6Network("fd00:1::/56"))
    ('0xffff', 255)
    """
    return (1 << max(0, NETWORK_BITS - prefix.prefixlen)) - 1


def numbered_prefix(prefix: IPv6Network, number: int) -> IPv6Network:
    """Return the /64 with ``number`` inside ``prefix``; raises ValueError when the number does not fit.

    >>> numbered_prefix(IPv6Network("fd00:1::/48"), 0x20)
    IPv6Network('fd00:1:0:20::/64')
    """
    if not 0 <= number <= network_numbers(prefix):
        raise ValueError(f"network number {number:#x} does not fit into {prefix}")
    return IPv6Network((int(prefix.network_address) + (number << NETWORK_BITS), NETWORK_BITS))


def network_prefix(site: Site, network: str) -> IPv6Network:
    """Return the /64 of the network called ``network``; raises KeyError when the site has none of that name."""
    return numbered_prefix(site.prefix, site.networks[network].number)


def address_of(site: Site, network: str, number: int) -> IPv6Address:
    """Return the address with ``number`` on the network called ``network``; raises KeyError for an unknown network."""
    return network_prefix(site, network)[number]


def host_address(site: Site, host: str, network: str) -> IPv6Address:
    """Return the address of a host on a network; raises KeyError for an unknown host or network.

    On provider networks hosts take no address: see :func:`has_host_addresses`.
    """
    return address_of(site, network, site.hosts[host].number)


def has_host_addresses(network: Network) -> bool:
    """Return whether hosts have an address on ``network``: not when it only carries tenants' or BMCs' traffic."""
    return not set(network.purposes) <= {Purpose.PROVIDER, Purpose.BMC}


def vip_network(site: Site, vip: Literal["internal", "external"]) -> str:
    """Return the name of the VIP's network: api for internal; public, or api if there is none, for external.

    Raises KeyError when the site has no such network.
    """
    purposes = (Purpose.API,) if vip == "internal" else (Purpose.PUBLIC, Purpose.API)
    for purpose in purposes:
        for name in site.networks_for(purpose):
            return name
    raise KeyError(purposes[-1].value)


def vip_address(site: Site, vip: Literal["internal", "external"]) -> IPv6Address:
    """Return the address of a VIP. Without an external VIP, the internal one serves both."""
    wanted = site.vips.external if vip == "external" else site.vips.internal
    if wanted is None:
        return vip_address(site, "internal")
    return address_of(site, vip_network(site, vip), wanted.number)


def bmc_address(site: Site, machine: str) -> IPv6Address:
    """Return the BMC's address of a host or a bare-metal node; raises KeyError when it has none."""
    if machine in site.baremetal:
        number = site.baremetal[machine].number
    elif site.hosts[machine].bmc is not None:
        number = site.hosts[machine].number
    else:
        raise KeyError(machine)
    for network in site.networks_for(Purpose.BMC):
        return address_of(site, network, number)
    raise KeyError(Purpose.BMC.value)
