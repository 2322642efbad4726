"""systemd-networkd's units of a host: links, bonds, VLANs, addresses. IPv6 only.

Source: systemd.link(5), systemd.netdev(5), systemd.network(5).
"""

from __future__ import annotations

from armature.addresses import NETWORK_BITS, address_of, has_host_addresses, host_address, network_prefix
from armature.baremetal import network_of, volume_network
from armature.compile.links import network_for
from armature.model import Hardware, Purpose, Role, Site

PREFIX = "10-armature-"
"""Starts the name of every unit that Armature writes, so that a role knows which files it owns."""

_SECTIONS = list[tuple[str, list[str]]]

_BOND = {
    # Both ends notice a dead peer after 3 s instead of 90 s, and flows of one pair of hosts use all links.
    "802.3ad": ["Mode=802.3ad", "LACPTransmitRate=fast", "TransmitHashPolicy=layer3+4", "MIIMonitorSec=100ms"],
    "active-backup": ["Mode=active-backup", "MIIMonitorSec=100ms"],
}


def networkd_units(site: Site, host: str) -> dict[str, str]:
    """Return unit file name -> text for ``host``, for /etc/systemd/network; raises KeyError for an unknown host."""
    hardware = site.hardware_of(host)
    units: dict[str, _SECTIONS] = {}
    for nic, mac in sorted(site.hosts[host].macs.items()):
        units[f"{nic}.link"] = [("Match", [f"PermanentMACAddress={mac}"]), ("Link", [f"Name={nic}"])]
    for name, bond in hardware.bonds.items():
        units[f"{name}.netdev"] = [("NetDev", [f"Name={name}", "Kind=bond"]), ("Bond", _BOND[bond.mode])]
        for nic in bond.nics:
            units[f"{nic}.network"] = _without_address(nic, _link_mtu(site, hardware, name), [f"Bond={name}"])
    for carrier in dict.fromkeys(hardware.networks.values()):
        units |= _carrier_units(site, host, carrier)
    return {PREFIX + name: _text(sections) for name, sections in units.items()}


def _carrier_units(site: Site, host: str, carrier: str) -> dict[str, _SECTIONS]:
    """Return the units of a NIC or bond: its own, and those of the VLANs on it."""
    hardware = site.hardware_of(host)
    mtu = _link_mtu(site, hardware, carrier)
    units: dict[str, _SECTIONS] = {}
    untagged: str | None = None
    vlans: list[str] = []
    for name in _carried(hardware, carrier):
        network = site.networks[name]
        if network.vlan is None:
            untagged = name
            continue
        link = f"{carrier}.{network.vlan}"
        vlans.append(f"VLAN={link}")
        units[f"{link}.netdev"] = [("NetDev", [f"Name={link}", "Kind=vlan"]), ("VLAN", [f"Id={network.vlan}"])]
        units[f"{link}.network"] = _network_unit(site, host, name, link, network.mtu, [])
    if untagged is None:
        own = _without_address(carrier, mtu, vlans)
    else:
        own = _network_unit(site, host, untagged, carrier, mtu, vlans)
    return {f"{carrier}.network": own, **units}


def _without_address(link: str, mtu: int, lines: list[str]) -> _SECTIONS:
    """Return the unit of an interface without address: a bond's member, a VLAN's parent, a provider's port."""
    return [
        ("Match", [f"Name={link}"]),
        # networkd calls an interface online when it has an address: waiting for this one would hold up the boot.
        ("Link", [f"MTUBytes={mtu}", "RequiredForOnline=no"]),
        ("Network", [*lines, "LinkLocalAddressing=no", "IPv6AcceptRA=no"]),
    ]


def _network_unit(site: Site, host: str, name: str, link: str, mtu: int, vlans: list[str]) -> _SECTIONS:
    """Return the unit of the interface ``link``, which carries the network ``name`` of the site."""
    network = site.networks[name]
    if not has_host_addresses(network):
        return _without_address(link, mtu, vlans)
    lines = [*vlans, "LinkLocalAddressing=ipv6", "IPv6AcceptRA=no", "IPv6PrivacyExtensions=no"]
    if _holds_vip(site, host, name):
        # keepalived's addresses must outlive a restart of networkd, which drops what it did not configure.
        lines.append("KeepConfiguration=static")
    lines.append(f"Address={host_address(site, host, name)}/{NETWORK_BITS}")
    if name == network_for(site, Purpose.ADMIN):
        lines += _resolver(site)
        if network.gateway is not None:
            lines.append(f"Gateway={address_of(site, name, network.gateway)}")
    routes = _way_to_nodes(site, host, name)
    return [("Match", [f"Name={link}"]), ("Link", [f"MTUBytes={mtu}"]), ("Network", lines), *routes]


def _way_to_nodes(site: Site, host: str, network: str) -> _SECTIONS:
    """Return the route from an iSCSI gateway to bare-metal nodes: what they read goes the way that they asked."""
    theirs, gateway = network_of(site), site.networks[network].gateway
    if Role.ISCSI_GATEWAY not in site.hosts[host].roles or network != volume_network(site) or not site.baremetal:
        return []
    if theirs is None or gateway is None or theirs in site.hardware_of(host).networks:
        return []
    destination = network_prefix(site, theirs)
    return [("Route", [f"Destination={destination}", f"Gateway={address_of(site, network, gateway)}"])]


def _resolver(site: Site) -> list[str]:
    return [*(f"DNS={server}" for server in site.dns), f"Domains={site.domain}"]


def _holds_vip(site: Site, host: str, network: str) -> bool:
    """Return whether keepalived may put a VIP on this network of the host: it runs where the network role is."""
    vips = {network_for(site, Purpose.API), network_for(site, Purpose.PUBLIC)}
    return network in vips and Role.NETWORK in site.hosts[host].roles


def _carried(hardware: Hardware, carrier: str) -> list[str]:
    return [name for name, by in hardware.networks.items() if by == carrier]


def _link_mtu(site: Site, hardware: Hardware, carrier: str) -> int:
    """Return what a NIC or bond must carry: the largest MTU of the networks on it, in bytes."""
    return max((site.networks[name].mtu for name in _carried(hardware, carrier)), default=1500)


def _text(sections: _SECTIONS) -> str:
    parts = ("\n".join([f"[{name}]", *lines, ""]) for name, lines in sections)
    return "# Written by Armature.\n" + "\n".join(parts)
