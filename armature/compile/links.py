"""Which Linux interface of a host carries a network, and which network serves a purpose."""

from __future__ import annotations

from armature.addresses import has_host_addresses
from armature.model import Purpose, Role, Site

_INSTEAD = {
    Purpose.TUNNEL: Purpose.API,
    Purpose.PUBLIC: Purpose.API,
    Purpose.API: Purpose.ADMIN,
    Purpose.ADMIN: Purpose.API,
}
"""Small sites carry several purposes on one network without naming them all."""


def network_for(site: Site, purpose: Purpose) -> str | None:
    """Return the name of the network that serves ``purpose``, or None when the site has none for it.

    Without one of its own, tunnels and the public VIP use the API network; admin and API stand in for each other.
    """
    for wanted in (purpose, _INSTEAD.get(purpose)):
        if wanted is not None and (names := site.networks_for(wanted)):
            return names[0]
    return None


def interface(site: Site, host: str, network: str) -> str | None:
    """Return what carries ``network`` on ``host`` (``bond0``, ``bond0.20``), or None when the host is not on it."""
    carrier = site.hardware_of(host).networks.get(network)
    vlan = site.networks[network].vlan
    return carrier if carrier is None or vlan is None else f"{carrier}.{vlan}"


def interface_for(site: Site, host: str, purpose: Purpose) -> str | None:
    """Return the interface that serves ``purpose`` on ``host``, or None when there is none."""
    network = network_for(site, purpose)
    return None if network is None else interface(site, host, network)


def name_network(site: Site, host: str) -> str | None:
    """Return the network whose address the host's name stands for: API, else admin, else the first with an address.

    kolla-ansible's prechecks want a host's name to mean its API address (roles ``rabbitmq`` and ``prechecks``).
    """
    mine = site.hardware_of(host).networks
    for purpose in (Purpose.API, Purpose.ADMIN):
        network = network_for(site, purpose)
        if network in mine:
            return network
    return next((name for name in mine if has_host_addresses(site.networks[name])), None)


def provider_networks(site: Site, host: str) -> list[str]:
    """Return the provider networks that ``host`` carries for Neutron, in the site's order.

    Only hosts that run Open vSwitch carry any: those with the network or the compute role.
    """
    if not {Role.NETWORK, Role.COMPUTE} & set(site.hosts[host].roles):
        return []
    mine = site.hardware_of(host).networks
    return [name for name in site.networks_for(Purpose.PROVIDER) if name in mine]
