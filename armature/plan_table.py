"""The address plan as a table for people and for pipes."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Literal, NamedTuple

from rich.console import Console
from rich.table import Column, Table

from armature.addresses import (
    NETWORK_BITS,
    address_of,
    bmc_address,
    has_host_addresses,
    host_address,
    vip_address,
    vip_network,
)
from armature.compile.links import interface
from armature.model import Purpose, Site


class AddressRow(NamedTuple):
    """One line of the address plan; a cell without a value is '-'."""

    machine: str
    network: str
    interface: str
    address: str
    note: str


_HEADERS = ("machine", "network", "interface", "address", "note")
_NODE_PURPOSES = (Purpose.PROVISION, Purpose.STORAGE)


def site_summary(site: Site) -> str:
    """Return a site's size and release: ``1 host, 2 networks, release 2026.1``."""
    counts = [(len(site.hosts), "host"), (len(site.networks), "network")]
    if site.baremetal:
        counts.insert(1, (len(site.baremetal), "bare-metal node"))
    parts = [f"{count} {noun}{'' if count == 1 else 's'}" for count, noun in counts]
    return ", ".join([*parts, f"release {site.release}"])


def address_rows(site: Site) -> list[AddressRow]:
    """Return the address plan: VIPs, gateways, every host on every network, BMCs, bare-metal nodes, in file order."""
    return [*_vips(site), *_gateways(site), *_hosts(site), *_nodes(site)]


def _vips(site: Site) -> list[AddressRow]:
    kinds: list[tuple[Literal["internal", "external"], str]] = [("internal", site.vips.internal.name)]
    if site.vips.external is not None:
        kinds.append(("external", site.vips.external.name))
    return [
        AddressRow(name, vip_network(site, kind), "-", str(vip_address(site, kind)), f"{kind} VIP")
        for kind, name in kinds
    ]


def _gateways(site: Site) -> list[AddressRow]:
    return [
        AddressRow("-", name, "-", str(address_of(site, name, network.gateway)), "router")
        for name, network in site.networks.items()
        if network.gateway is not None
    ]


def _hosts(site: Site) -> list[AddressRow]:
    rows: list[AddressRow] = []
    for host, described in site.hosts.items():
        roles = ", ".join(described.roles)
        for network in site.hardware_of(host).networks:
            link = interface(site, host, network) or "-"
            if has_host_addresses(site.networks[network]):
                rows.append(
                    AddressRow(host, network, link, f"{host_address(site, host, network)}/{NETWORK_BITS}", roles)
                )
            else:
                rows.append(AddressRow(host, network, link, "-", "no address: a port of Open vSwitch"))
        if described.bmc is not None:
            bmc = str(bmc_address(site, host))
            rows += (AddressRow(host, network, "BMC", bmc, roles) for network in site.networks_for(Purpose.BMC))
    return rows


def _nodes(site: Site) -> list[AddressRow]:
    networks = dict.fromkeys(name for purpose in _NODE_PURPOSES for name in site.networks_for(purpose))
    rows: list[AddressRow] = []
    for name, node in site.baremetal.items():
        note = f"bare metal, {node.mac}"
        rows += (AddressRow(name, net, "-", str(address_of(site, net, node.number)), note) for net in networks)
        rows += (
            AddressRow(name, net, "BMC", str(bmc_address(site, name)), note) for net in site.networks_for(Purpose.BMC)
        )
    return rows


def print_rows(rows: Sequence[AddressRow]) -> None:
    """Print the table: on a terminal with rules and folded to its width, else in plain columns of full length."""
    if not sys.stdout.isatty():
        lines = [_HEADERS, *rows]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        for line in lines:
            print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
        return
    table = Table(*(Column(header, overflow="fold") for header in _HEADERS), header_style="")
    for row in rows:
        table.add_row(*row)
    Console(highlight=False, markup=False, emoji=False).print(table)
