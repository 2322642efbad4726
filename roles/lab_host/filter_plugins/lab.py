"""What the lab's roles need of a site: its switches, routes and cables on this machine."""

from __future__ import annotations

from typing import Any

from armature.addresses import address_of, host_address, numbered_prefix, vip_address
from armature.ansible_bridge import as_filter
from armature.compile.networkd import networkd_units
from armature.model import Purpose, Site

NAME_BYTES = 11
"""Of the site's name in a bridge's: with a dash and a number in hexadecimal it stays within IFNAMSIZ."""


def bridge_name(site: Site, network: str) -> str:
    """Return the name of the bridge that stands for a network's switch.

    >>> bridge_name(site, "api")  # doctest: +SKIP
    'lab-1'
    """
    return f"{site.name[:NAME_BYTES]}-{site.networks[network].number:x}"


def bridges(site: Site) -> list[dict[str, Any]]:
    """Return name, address (this machine is every network's router) and MTU of each bridge."""
    return [
        {
            "name": bridge_name(site, name),
            "address": f"{address_of(site, name, network.gateway or 1)}/64",
            "mtu": network.mtu,
        }
        for name, network in site.networks.items()
    ]


def routes(site: Site) -> list[dict[str, str]]:
    """Return the route to the verification network, as a border router would have it."""
    if site.verify is None:
        return []
    via = address_of(site, site.verify.provider_network, site.verify.router)
    return [{"to": str(numbered_prefix(site.prefix, site.verify.network)), "via": str(via)}]


def interfaces(site: Site, host: str) -> list[dict[str, Any]]:
    """Return name, bridge and MTU of each of a host's interfaces.

    Raises ValueError for a bond or a VLAN: the lab's cables carry one network each.
    """
    hardware = site.hardware_of(host)
    result = []
    for network, interface in hardware.networks.items():
        if interface in hardware.bonds or site.networks[network].vlan is not None:
            raise ValueError(f"hosts.{host}: network {network!r} is on a bond or a VLAN, which lab hosts do not have")
        result.append({"name": interface, "bridge": bridge_name(site, network), "mtu": site.networks[network].mtu})
    return result


def hosts(site: Site) -> list[dict[str, Any]]:
    """Return each host: name, admin address, interfaces, data disks, and the files that an installer leaves on it."""
    admin = site.networks_for(Purpose.ADMIN)[0]
    return [
        {
            "name": name,
            "address": str(host_address(site, name, admin)),
            "interfaces": interfaces(site, name),
            "disks": list(site.hardware_of(name).disks),
            "files": {f"/etc/systemd/network/{unit}": text for unit, text in networkd_units(site, name).items()},
        }
        for name in site.hosts
    ]


def suite(site: Site) -> str:
    """Return the Debian suite of the hosts; raises ValueError for another distribution."""
    distribution, _, name = site.host_distribution.value.partition("-")
    if distribution != "debian":
        raise ValueError(
            f"host_distribution: the lab makes no hosts of {site.host_distribution.value!r}. Use debian-trixie."
        )
    return name


def names(site: Site) -> str:
    """Return lines for this machine's hosts file: the VIPs and the hosts, which a real site has in DNS."""
    lines = [f"{vip_address(site, 'internal')} {site.vips.internal.name}"]
    if site.vips.external is not None:
        lines.append(f"{vip_address(site, 'external')} {site.vips.external.name}")
    admin = site.networks_for(Purpose.ADMIN)[0]
    lines += [f"{host_address(site, host, admin)} {host}.{site.domain} {host}" for host in site.hosts]
    return "\n".join(lines)


class FilterModule:
    """Filters of the roles lab_*."""

    def filters(self) -> dict[str, Any]:
        """Return the filters by name."""
        functions = (bridges, hosts, names, routes, suite)
        return {f"lab_{function.__name__}": as_filter(function) for function in functions}
