"""Hardware: NICs, bonds, and which interface carries which network."""

from __future__ import annotations

from collections.abc import Iterator

from armature.check.common import repeated
from armature.errors import Problem, did_you_mean, where
from armature.model import Hardware, Site

LONGEST_INTERFACE = 15
"""Bytes: IFNAMSIZ less the NUL. Source: linux/if.h."""


def hardware_problems(site: Site) -> Iterator[Problem]:
    """Yield problems of the section ``hardware``."""
    for name, hardware in site.hardware.items():
        yield from repeated(hardware.nics, "hardware", name, "nics")
        yield from _bonds(name, hardware)
        yield from _carriers(site, name, hardware)
        yield from _links(site, name, hardware)
        yield from _disks(name, hardware)


def _bonds(name: str, hardware: Hardware) -> Iterator[Problem]:
    owners: dict[str, str] = {}
    for bond_name, bond in hardware.bonds.items():
        place = ("hardware", name, "bonds", bond_name)
        if bond_name in hardware.nics:
            yield Problem(where(*place), f"{bond_name!r} is a NIC. Give the bond another name, such as bond0.")
        yield from repeated(bond.nics, *place, "nics")
        for index, nic in enumerate(bond.nics):
            if nic not in hardware.nics:
                yield Problem(where(*place, "nics", index), f"unknown NIC {nic!r}. {did_you_mean(nic, hardware.nics)}")
            if owners.setdefault(nic, bond_name) != bond_name:
                yield Problem(
                    where(*place, "nics", index),
                    f"{nic!r} already belongs to the bond {owners[nic]}. Put a NIC into one bond.",
                )


def _carriers(site: Site, name: str, hardware: Hardware) -> Iterator[Problem]:
    bonded = {nic: bond for bond, value in hardware.bonds.items() for nic in value.nics}
    free = [*hardware.bonds, *(nic for nic in hardware.nics if nic not in bonded)]
    for network, interface in hardware.networks.items():
        place = where("hardware", name, "networks", network)
        if network not in site.networks:
            yield Problem(place, f"unknown network {network!r}. {did_you_mean(network, list(site.networks))}")
        if interface in bonded and interface not in hardware.bonds:
            yield Problem(place, f"{interface!r} belongs to the bond {bonded[interface]}. Use {bonded[interface]}.")
        elif interface not in free:
            yield Problem(place, f"unknown NIC or bond {interface!r}. {did_you_mean(interface, free)}")


def _links(site: Site, name: str, hardware: Hardware) -> Iterator[Problem]:
    """Networks on one interface must differ in their tags, and none be larger than the untagged one beneath it."""
    tags: dict[tuple[str, int | None], str] = {}
    known = [(network, interface) for network, interface in hardware.networks.items() if network in site.networks]
    for network, interface in known:
        vlan = site.networks[network].vlan
        place = where("hardware", name, "networks", network)
        other = tags.setdefault((interface, vlan), network)
        if other != network and vlan is None:
            yield Problem(
                place,
                f"{interface!r} carries the untagged network {other!r} already. "
                "Give one of them a VLAN, or an interface of its own.",
            )
        elif other != network:
            yield Problem(
                place, f"{interface!r} carries VLAN {vlan} already, for the network {other!r}. Give one another VLAN."
            )
        if vlan is not None and len(f"{interface}.{vlan}") > LONGEST_INTERFACE:
            yield Problem(
                place,
                f"'{interface}.{vlan}' is longer than {LONGEST_INTERFACE} characters, the kernel's limit. "
                "Use an interface with a shorter name.",
            )
    for network, interface in known:
        beneath = tags.get((interface, None))
        if beneath is None or site.networks[network].vlan is None:
            continue
        mtu, most = site.networks[network].mtu, site.networks[beneath].mtu
        if mtu > most:
            yield Problem(
                where("hardware", name, "networks", network),
                f"{network!r} has MTU {mtu} on {interface!r}, where the untagged network {beneath!r} has {most}. "
                f"Lower networks.{network}.mtu to {most}, or raise networks.{beneath}.mtu.",
            )


def _disks(name: str, hardware: Hardware) -> Iterator[Problem]:
    yield from repeated(hardware.disks, "hardware", name, "disks")
    for index, disk in enumerate(hardware.disks):
        if not disk.startswith("/dev/") or any(character.isspace() for character in disk) or ".." in disk.split("/"):
            yield Problem(
                where("hardware", name, "disks", index),
                f"{disk!r} is no device. Write a path such as /dev/disk/by-path/...",
            )
