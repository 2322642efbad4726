"""Numbers on networks: hosts, bare-metal nodes, BMCs, routers and VIPs of one network each have their own."""

from __future__ import annotations

from collections.abc import Iterator

from armature.addresses import has_host_addresses, vip_network
from armature.errors import Problem, where
from armature.model import Purpose, Site, Vip

_NODE_PURPOSES = (Purpose.PROVISION, Purpose.STORAGE, Purpose.BMC)
"""Where a bare-metal node, or its BMC, has an address."""


def number_problems(site: Site) -> Iterator[Problem]:
    """Yield problems of numbers that two machines, routers or VIPs share."""
    machines: dict[int, str] = {}
    numbered = [("hosts", name, host.number) for name, host in site.hosts.items()]
    numbered += [("baremetal", name, node.number) for name, node in site.baremetal.items()]
    for section, name, number in numbered:
        if number in machines:
            yield Problem(
                where(section, name, "number"),
                f"{number:#x} already belongs to {machines[number]}. Choose a free number.",
            )
        machines.setdefault(number, name)
    taken = {network: _machines_on(site, network, machines) for network in site.networks}
    for name, network in site.networks.items():
        if network.gateway is not None:
            yield from _take(taken[name], network.gateway, "the gateway", where("networks", name, "gateway"), name)
    yield from _vip(site, taken, "internal", site.vips.internal)
    if site.vips.external is not None:
        yield from _vip(site, taken, "external", site.vips.external)
    if site.verify is not None and site.verify.provider_network in taken:
        network_name = site.verify.provider_network
        yield from _take(taken[network_name], site.verify.router, "the router", where("verify", "router"), network_name)


def _machines_on(site: Site, network: str, machines: dict[int, str]) -> dict[int, str]:
    """Return number -> owner of the addresses that machines have on ``network``."""
    purposes = set(site.networks[network].purposes)
    on_network: set[str] = set()
    if has_host_addresses(site.networks[network]):
        carrying = {name for name, hardware in site.hardware.items() if network in hardware.networks}
        on_network |= {name for name, host in site.hosts.items() if host.hardware in carrying}
    if Purpose.BMC in purposes:
        on_network |= {name for name, host in site.hosts.items() if host.bmc is not None}
    if purposes.intersection(_NODE_PURPOSES):
        on_network |= set(site.baremetal)
    return {number: name for number, name in machines.items() if name in on_network}


def _vip(site: Site, taken: dict[str, dict[int, str]], kind: str, vip: Vip) -> Iterator[Problem]:
    try:
        network = vip_network(site, "external" if kind == "external" else "internal")
    except KeyError:
        return  # the network's absence is a problem of its own
    yield from _take(taken[network], vip.number, f"the {kind} VIP", where("vips", kind, "number"), network)


def _take(taken: dict[int, str], number: int, owner: str, place: str, network: str) -> Iterator[Problem]:
    if number in taken:
        yield Problem(
            place, f"{number:#x} already belongs to {taken[number]} on the network {network}. Choose a free number."
        )
    taken.setdefault(number, owner)
