"""Networks: their numbers, purposes and IPv4 subnets."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network

from armature.baremetal import has_ironic
from armature.check.common import largest_network, listed, repeated
from armature.errors import Problem, where
from armature.model import Network, Purpose, Role, Site

_ALONE = {
    Purpose.PROVIDER: "its interface belongs to Open vSwitch, and a host has no address there",
    Purpose.BMC: "a machine and its BMC would have one address",
}
"""Purposes that share a network with no other -> why."""

IPV4_LENGTHS = range(8, 31)
"""A /31 has no address for a router beside two ends; no operator owns more than a /8."""


def network_problems(site: Site) -> Iterator[Problem]:
    """Yield problems of the section ``networks``, seen by itself and with what hosts' roles need."""
    largest = largest_network(site)
    numbers: dict[int, str] = {}
    purposes: dict[Purpose, str] = {}
    for name, network in site.networks.items():
        number = network.number
        if number > largest:
            yield Problem(
                where("networks", name, "number"),
                f"{number:#x} does not fit between the prefix {site.prefix} and /64. Use {largest:#x} at most.",
            )
        if number in numbers:
            yield Problem(
                where("networks", name, "number"),
                f"{number:#x} already belongs to the network {numbers[number]}. Choose a free number.",
            )
        numbers.setdefault(number, name)
        yield from _purposes(name, network, purposes)
        yield from _ipv4(name, network)
    yield from _overlaps(site)
    yield from _missing_purposes(site)
    yield from _unused(site)


def _purposes(name: str, network: Network, owners: dict[Purpose, str]) -> Iterator[Problem]:
    yield from repeated(network.purposes, "networks", name, "purposes")
    for index, purpose in enumerate(network.purposes):
        if purpose is not Purpose.PROVIDER and owners.get(purpose, name) != name:
            yield Problem(
                where("networks", name, "purposes", index),
                f"'{purpose}' already belongs to the network {owners[purpose]}. Keep it on one.",
            )
        owners.setdefault(purpose, name)
    for purpose, reason in _ALONE.items():
        others = [other for other in dict.fromkeys(network.purposes) if other is not purpose]
        if purpose in network.purposes and others:
            yield Problem(
                where("networks", name, "purposes"),
                f"'{purpose}' shares the network with {listed(others)}: {reason}. Give it a network of its own.",
            )
            return


def _ipv4(name: str, network: Network) -> Iterator[Problem]:
    if network.ipv4 is None:
        return
    place, subnet = where("networks", name, "ipv4"), network.ipv4
    if Purpose.PROVIDER not in network.purposes:
        yield Problem(
            place, f"'{subnet}' is IPv4 on a network that is not a provider network. Remove it: hosts have IPv6 only."
        )
    elif subnet.prefixlen not in IPV4_LENGTHS:
        yield Problem(place, f"'{subnet}' has length {subnet.prefixlen}. Use one from /8 to /30.")
    elif (
        subnet.is_multicast
        or subnet.is_loopback
        or subnet.is_link_local
        or subnet.network_address in IPv4Network("0.0.0.0/8")
    ):
        yield Problem(place, f"'{subnet}' can be no tenants' subnet. Use one of your own, or one from RFC 1918.")


def _overlaps(site: Site) -> Iterator[Problem]:
    """Compare neighbours in address order: of sorted subnets, an overlap is always with one that starts before."""
    subnets = sorted(
        ((network.ipv4, name) for name, network in site.networks.items() if network.ipv4 is not None),
        key=lambda pair: pair[0],
    )
    order = {name: index for index, name in enumerate(site.networks)}
    widest: tuple[IPv4Network, str] | None = None
    for subnet, name in subnets:
        if widest is not None and subnet.overlaps(widest[0]):
            first, second = sorted([(subnet, name), widest], key=lambda pair: order[pair[1]])
            yield Problem(
                where("networks", second[1], "ipv4"),
                f"'{second[0]}' overlaps {first[0]} of the network {first[1]}. Use a subnet of its own.",
            )
        if widest is None or subnet.broadcast_address > widest[0].broadcast_address:
            widest = subnet, name


def needed_purposes(site: Site) -> dict[Purpose, str]:
    """Return the purposes that a network must have -> who needs it."""
    needed = {
        Purpose.ADMIN: "Ansible reaches hosts there",
        Purpose.API: "the services' internal APIs are there",
        Purpose.PROVIDER: "tenants reach the world there",
    }
    if site.hosts_with(Role.COMPUTE):
        needed[Purpose.TUNNEL] = "tenants' networks run over it between compute hosts"
    if site.baremetal or has_ironic(site):
        needed[Purpose.PROVISION] = "bare-metal nodes boot there"
    if site.baremetal or any(host.bmc for host in site.hosts.values()):
        needed[Purpose.BMC] = "machines with a BMC are switched there"
    if site.baremetal or site.hosts_with(Role.STORAGE) or site.hosts_with(Role.ISCSI_GATEWAY):
        needed[Purpose.STORAGE] = "storage hosts, iSCSI gateways and bare-metal nodes need it"
    if site.ceph is not None:
        needed[Purpose.STORAGE] = "Ceph's daemons and clients reach each other there"
    return needed


def _missing_purposes(site: Site) -> Iterator[Problem]:
    for purpose, reason in needed_purposes(site).items():
        if not site.networks_for(purpose):
            yield Problem(
                "networks", f"no network has the purpose '{purpose}': {reason}. Add it to a network's purposes."
            )


def networks_in_use(site: Site) -> set[str]:
    """Return the names of networks that the hardware of some host carries."""
    in_use = {host.hardware for host in site.hosts.values()}
    return {network for name in in_use & site.hardware.keys() for network in site.hardware[name].networks}


def _unused(site: Site) -> Iterator[Problem]:
    in_use = {host.hardware for host in site.hosts.values()}
    used = networks_in_use(site)
    if not in_use <= site.hardware.keys() or not used <= site.networks.keys():
        return  # a mistyped name may be the missing one
    for name, network in site.networks.items():
        if name not in used and set(network.purposes) != {Purpose.BMC}:
            yield Problem(
                where("networks", name), "no host is on it. Add it to the networks of a hardware, or remove it."
            )
