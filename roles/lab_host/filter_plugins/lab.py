"""What the lab's roles need of a site: its switches, routes and cables on this machine."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from armature.addresses import NETWORK_BITS, address_of, bmc_address, host_address, numbered_prefix, vip_address
from armature.ansible_bridge import as_filter
from armature.baremetal import has_ironic
from armature.compile.networkd import networkd_units
from armature.iscsi import section
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


def hosts(site: Site, vms: dict[str, dict[str, int]] | None = None) -> list[dict[str, Any]]:
    """Return each host: name, admin address, interfaces, data disks, the files that an installer leaves on it, and vm.

    ``vms`` maps a hardware's name to memory (MiB) and cores of its hosts, which are virtual machines; vm is the same,
    or empty for a container. Raises ValueError for a NIC that a virtual machine does not have.
    """
    admin = site.networks_for(Purpose.ADMIN)[0]
    result = []
    for name, host in site.hosts.items():
        vm = (vms or {}).get(host.hardware, {})
        if vm:
            _kernel_names(site, name)
        result.append(
            {
                "name": name,
                "address": str(host_address(site, name, admin)),
                "interfaces": interfaces(site, name),
                "disks": list(site.hardware_of(name).disks),
                "files": {f"/etc/systemd/network/{unit}": text for unit, text in networkd_units(site, name).items()},
                "vm": vm,
            }
        )
    return result


def _kernel_names(site: Site, host: str) -> None:
    """Raise ValueError unless the host's interfaces are the first cards of a machine, in the kernel's order."""
    used = [interface["name"] for interface in interfaces(site, host)]
    if used != [f"eth{number}" for number in range(len(used))]:
        raise ValueError(
            f"hosts.{host}: {', '.join(used)} are no NICs of a virtual machine of the lab. Use eth0, eth1, in this "
            "order."
        )


def nodes(site: Site) -> list[dict[str, str]]:
    """Return name, UUID, MAC address and bridge of each bare-metal node; its one NIC boots and is where its volume is.

    Raises ValueError for what the lab's nodes and BMCs cannot be.
    """
    result = []
    for name, node in site.baremetal.items():
        place = f"baremetal.{name}"
        provision, storage = (site.networks_for(purpose)[0] for purpose in (Purpose.PROVISION, Purpose.STORAGE))
        if provision != storage or site.networks[storage].vlan is not None:
            raise ValueError(
                f"{place}: a node of the lab has one NIC. Give the purposes provision and storage to one network "
                "without a VLAN."
            )
        if node.arch != "aarch64" or node.bmc.protocol != "redfish":
            raise ValueError(
                f"{place}: nodes of the lab are aarch64 and speak Redfish, not {node.arch}, {node.bmc.protocol}."
            )
        try:
            uuid = str(UUID(node.bmc.system.rpartition("/")[2]))
        except ValueError:
            raise ValueError(
                f"{place}.bmc.system: {node.bmc.system!r} names no UUID, as the lab's BMCs do. Use "
                "/redfish/v1/Systems/<uuid>; uuidgen makes one."
            ) from None
        result.append({"name": name, "uuid": uuid, "mac": node.mac, "bridge": bridge_name(site, storage)})
    return result


def bmcs(site: Site) -> dict[str, Any]:
    """Return interfaces, addresses and gateway of the BMCs; empty without bare-metal nodes."""
    if not site.baremetal:
        return {"interfaces": [], "addresses": [], "gateway": ""}
    name = site.networks_for(Purpose.BMC)[0]
    network = site.networks[name]
    return {
        "interfaces": [{"name": "bmc", "bridge": bridge_name(site, name), "mtu": network.mtu}],
        "addresses": [f"{bmc_address(site, node)}/{NETWORK_BITS}" for node in site.baremetal],
        "gateway": str(address_of(site, name, network.gateway or 1)),
    }


def suite(site: Site) -> str:
    """Return the Debian suite of the hosts; raises ValueError for another distribution."""
    distribution, _, name = site.host_distribution.value.partition("-")
    if distribution != "debian":
        raise ValueError(
            f"host_distribution: the lab makes no hosts of {site.host_distribution.value!r}. Use debian-trixie."
        )
    return name


def extras(site: Site) -> list[str]:
    """Return what the site's images have that not every lab's have; the role lab_images knows the names."""
    return [name for name, wanted in (("ironic", has_ironic(site)), ("iscsi", section(site) is not None)) if wanted]


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
        functions = (bmcs, bridges, extras, hosts, names, nodes, routes, suite)
        return {f"lab_{function.__name__}": as_filter(function) for function in functions}
