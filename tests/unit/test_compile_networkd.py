"""networkd's units: what each kind of interface gets, and that every line is one that networkd knows."""

from __future__ import annotations

from configparser import RawConfigParser
from ipaddress import IPv6Interface

import pytest
from compile_sites import every, full, lab

from armature.compile.networkd import PREFIX, networkd_units
from armature.model import Site

KNOWN = {
    "link": {"Match": {"PermanentMACAddress"}, "Link": {"Name"}},
    "netdev": {
        "NetDev": {"Name", "Kind"},
        "Bond": {"Mode", "LACPTransmitRate", "TransmitHashPolicy", "MIIMonitorSec"},
        "VLAN": {"Id"},
    },
    "network": {
        "Match": {"Name"},
        "Route": {"Destination", "Gateway"},
        "Link": {"MTUBytes", "RequiredForOnline"},
        "Network": {
            "Address",
            "Bond",
            "DNS",
            "Domains",
            "Gateway",
            "IPv6AcceptRA",
            "IPv6PrivacyExtensions",
            "KeepConfiguration",
            "LinkLocalAddressing",
            "VLAN",
        },
    },
}
"""File type -> section -> keys. Source: systemd.link(5), systemd.netdev(5), systemd.network(5)."""


def unit(site: Site, host: str, name: str) -> RawConfigParser:
    return parse(networkd_units(site, host)[PREFIX + name])


def parse(text: str) -> RawConfigParser:
    # Keys that occur more than once keep their last value here; the texts themselves are in tests/golden.
    parser = RawConfigParser(strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(text)
    return parser


@pytest.mark.parametrize(("name", "site"), every().items())
def test_every_unit_has_only_known_sections_and_keys(name: str, site: Site) -> None:
    for host in site.hosts:
        for file, text in networkd_units(site, host).items():
            assert file.startswith("10-armature-")
            known = KNOWN[file.rsplit(".", 1)[1]]
            for section in (parser := parse(text)).sections():
                assert set(parser[section]) <= known[section], (name, host, file)


@pytest.mark.parametrize(("name", "site"), every().items())
def test_every_interface_says_no_to_announced_addresses(name: str, site: Site) -> None:
    for host in site.hosts:
        for file, text in networkd_units(site, host).items():
            if file.endswith(".network"):
                network = parse(text)["Network"]
                assert network["IPv6AcceptRA"] == "no", (name, file)
                assert network["LinkLocalAddressing"] == ("ipv6" if "Address" in network else "no"), (name, file)
                if "Address" in network:
                    assert IPv6Interface(network["Address"]).network.prefixlen == 64


def test_names_of_nics_are_found_by_their_address() -> None:
    link = unit(full(), "ctl-0", "eno1.link")
    assert (link["Match"]["PermanentMACAddress"], link["Link"]["Name"]) == ("02:00:00:00:00:01", "eno1")
    assert not [file for file in networkd_units(full(), "ctl-1") if file.endswith(".link")]


def test_lacp_bond_notices_a_dead_peer_soon_and_spreads_flows() -> None:
    assert dict(unit(full(), "ctl-0", "bond0.netdev")["Bond"]) == {
        "Mode": "802.3ad",
        "LACPTransmitRate": "fast",
        "TransmitHashPolicy": "layer3+4",
        "MIIMonitorSec": "100ms",
    }


def test_active_backup_bond_has_no_lacp_settings() -> None:
    assert dict(unit(full(), "ctl-0", "bond1.netdev")["Bond"]) == {"Mode": "active-backup", "MIIMonitorSec": "100ms"}


def test_bond_members_join_the_bond_and_have_its_mtu() -> None:
    member = unit(full(), "ctl-0", "enp1s0f1.network")
    assert member["Network"]["Bond"] == "bond0"
    assert dict(member["Link"]) == {"MTUBytes": "9000", "RequiredForOnline": "no"}


def test_parent_of_vlans_lists_them_and_carries_the_largest_mtu() -> None:
    text = networkd_units(full(), "cmp-1")[PREFIX + "eno2.network"]
    assert [line for line in text.splitlines() if line.startswith("VLAN=")] == [
        "VLAN=eno2.12",
        "VLAN=eno2.14",
        "VLAN=eno2.16",
    ]
    assert parse(text)["Link"]["MTUBytes"] == "9000"


def test_vlan_has_its_own_mtu_and_address() -> None:
    assert dict(unit(full(), "ctl-0", "bond0.13.netdev")["VLAN"]) == {"Id": "13"}
    network = unit(full(), "ctl-0", "bond0.13.network")
    assert network["Link"]["MTUBytes"] == "1500"
    assert network["Network"]["Address"] == "2001:db8:10:3::10/64"


@pytest.mark.parametrize(("site", "host", "name"), [(lab(), "lab-1", "eth1"), (full(), "ctl-0", "bond0.16")])
def test_provider_port_is_up_without_any_address(site: Site, host: str, name: str) -> None:
    port = unit(site, host, f"{name}.network")
    assert dict(port["Network"]) == {"LinkLocalAddressing": "no", "IPv6AcceptRA": "no"}
    assert port["Link"]["RequiredForOnline"] == "no"


def test_default_route_and_resolvers_are_on_the_admin_network_alone() -> None:
    site = full()
    for host in site.hosts:
        for file, text in networkd_units(site, host).items():
            if file.endswith(".network"):
                on_admin = file == f"{PREFIX}eno1.network"
                assert ("Gateway" in parse(text)["Network"]) is on_admin, file
                assert ("DNS" in parse(text)["Network"]) is on_admin, file


def test_vips_outlive_a_restart_of_networkd_where_keepalived_runs() -> None:
    for name, host, kept in [("bond0.12", "ctl-0", True), ("bond0.13", "ctl-0", True), ("bond0.12", "cmp-0", False)]:
        assert ("KeepConfiguration" in unit(full(), host, f"{name}.network")["Network"]) is kept


def test_unknown_host_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        networkd_units(lab(), "lab-9")
