from __future__ import annotations

from ipaddress import IPv6Address, IPv6Network
from pathlib import Path

import pytest

from armature.addresses import (
    address_of,
    bmc_address,
    has_host_addresses,
    host_address,
    network_numbers,
    network_prefix,
    numbered_prefix,
    vip_address,
    vip_network,
)
from armature.load import load_site
from armature.model import Site

INVENTORIES = Path(__file__).parents[2] / "inventories"


@pytest.fixture(scope="module")
def lon1() -> Site:
    return load_site(INVENTORIES / "lon1/site.yml")


@pytest.fixture(scope="module")
def lab() -> Site:
    return load_site(INVENTORIES / "lab/site.yml")


@pytest.mark.parametrize(
    ("prefix", "number", "expected"),
    [
        ("fd00:1:2::/48", 0x1, "fd00:1:2:1::/64"),
        ("fd00:1:2::/48", 0xFFFF, "fd00:1:2:ffff::/64"),
        ("fd00:1:2:300::/56", 0xFF, "fd00:1:2:3ff::/64"),
        ("fd00:1::/32", 0x20, "fd00:1:0:20::/64"),
        ("fd00:1:2:3000::/52", 0x1, "fd00:1:2:3001::/64"),
    ],
)
def test_a_number_fills_the_bits_up_to_64(prefix: str, number: int, expected: str) -> None:
    assert numbered_prefix(IPv6Network(prefix), number) == IPv6Network(expected)


@pytest.mark.parametrize("prefix", ["fd00:1:2:3::/64", "fd00:1:2:300::/56", "fd00:1:2:3::/80"])
def test_a_number_that_does_not_fit_is_refused(prefix: str) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        numbered_prefix(IPv6Network(prefix), network_numbers(IPv6Network(prefix)) + 1)


def test_hosts_and_vips(lon1: Site, lab: Site) -> None:
    assert network_prefix(lab, "api") == IPv6Network("fd00:a12a:1ab:1::/64")
    assert host_address(lab, "lab-1", "api") == IPv6Address("fd00:a12a:1ab:1::10")
    assert host_address(lon1, "ctl-1", "internal") == IPv6Address("2001:db8:10d1:20::11")
    assert address_of(lon1, "external", 0xFE) == IPv6Address("2001:db8:10d1:90::fe")
    assert vip_address(lon1, "internal") == IPv6Address("2001:db8:10d1:20::1000")
    assert vip_address(lon1, "external") == IPv6Address("2001:db8:10d1:30::1000")


def test_without_an_external_vip_the_internal_one_serves_both(lab: Site) -> None:
    assert vip_address(lab, "external") == vip_address(lab, "internal") == IPv6Address("fd00:a12a:1ab:1::100")
    assert vip_network(lab, "external") == "api"


def test_bmcs(lon1: Site, lab: Site) -> None:
    assert bmc_address(lon1, "node-20") == IPv6Address("2001:db8:10d1:80::114")
    assert bmc_address(lon1, "ctl-1") == IPv6Address("2001:db8:10d1:80::11")
    with pytest.raises(KeyError):
        bmc_address(lab, "lab-1")


def test_hosts_have_no_address_on_provider_and_bmc_networks(lon1: Site) -> None:
    without = [name for name, network in lon1.networks.items() if not has_host_addresses(network)]
    assert without == ["bmc", "external"]


def test_unknown_names(lon1: Site) -> None:
    for host, network in (("nobody", "admin"), ("ctl-1", "nowhere")):
        with pytest.raises(KeyError):
            host_address(lon1, host, network)
