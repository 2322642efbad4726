"""What the metadata service of bare-metal nodes is told, and plays are."""

from __future__ import annotations

import json
from ipaddress import IPv6Network
from typing import Any

import pytest
from baremetal_sites import baremetal_site
from ceph_sites import ceph_site, iscsi_site
from compile_sites import lab

from armature.ceph_model import Rgw
from armature.check.ceph_rgw import CEPH_PORTS
from armature.compile.data import ports
from armature.compile.ironic_boot import dnsmasq_confs
from armature.compile.metadata import metadata_facts, metadata_files
from armature.iscsi import PORTAL
from armature.iscsi_model import Iscsi
from armature.metadata import PORT, metadata_urls
from armature.model import Site
from armature.release import RELEASES

FILE = "/etc/armature/baremetal-metadata/config.json"


def config(site: Site, host: str = "ctl") -> dict[str, Any]:
    return json.loads(metadata_files(site, host)[FILE])


def test_a_site_without_ironic() -> None:
    bare = lab()
    assert metadata_facts(bare) == metadata_urls(bare) == metadata_files(bare, "lab-1") == {}


def test_a_conductor() -> None:
    assert config(baremetal_site()) == {
        "address": "fd00:900d:0:6::10",
        "port": 8790,
        "link": "bond0.6",
        "network": "fd00:900d:0:6::/64",
        "further": 7,
        "user": "armature-metadata",
        "keystone": "https://internal.good.test:5000",
        "ironic": "https://internal.good.test:6385",
        "nova": "https://internal.good.test:8775",
        "nodes": {
            "node": {"number": 0x20, "mac": "02:00:00:00:00:20"},
            "other": {"number": 0x21, "mac": "02:00:00:00:00:21"},
        },
    }


def test_other_hosts_have_no_such_service() -> None:
    assert metadata_files(baremetal_site(), "cmp") == {}
    with pytest.raises(KeyError, match="nobody"):
        metadata_files(baremetal_site(), "nobody")


def test_ports_of_the_site_s_own() -> None:
    site = baremetal_site(("openstack_service_workers: 2", 'ironic_api_port: "16385"'))
    assert config(site)["ironic"] == "https://internal.good.test:16385"


def test_plays_are_told_where_and_who() -> None:
    site = baremetal_site()
    facts = metadata_facts(site)
    assert facts["urls"] == metadata_urls(site) == {"ctl": "http://[fd00:900d:0:6::10]:8790"}
    assert facts["passwords"] == {facts["password"]: 32}
    assert facts["role"] == "reader"


def test_the_port_is_nobody_elses() -> None:
    taken = {port for release in RELEASES for port in ports(release).values()} | set(CEPH_PORTS) | {PORTAL}
    assert PORT not in taken
    assert PORT not in (
        Rgw.model_fields["port"].default,
        *(Iscsi.model_fields[key].default for key in ("port", "vip_port")),
    )


def test_the_addresses_that_dhcpv6_gives_are_the_nodes() -> None:
    """dnsmasq and the service read the same plan."""
    site = baremetal_site()
    told = config(site)
    given = [line for line in dnsmasq_confs(site)["ctl"].splitlines() if line.startswith("dhcp-host=02:00:00:00:00:20")]
    addresses = [part[1:-1] for line in given for part in line.split(",") if part.startswith("[")]
    assert len(addresses) == 8
    base = int(IPv6Network(told["network"]).network_address)
    for address in addresses:
        further, number = divmod(int(IPv6Network(address).network_address) - base, 1 << 16)
        assert number == told["nodes"]["node"]["number"]
        assert further <= told["further"]


WITH_IRONIC = ("valkey]", "valkey, ironic]"), ("purposes: [storage]", "purposes: [storage, provision]")


def test_who_may_have_the_port_elsewhere() -> None:
    """An object gateway listens on another network, an iSCSI gateway on another host, others where Ironic is not."""
    assert metadata_urls(ceph_site(*WITH_IRONIC, ("  config:\n", "  rgw: {port: 8790}\n  config:\n")))
    assert metadata_urls(iscsi_site("{port: 8790}", *WITH_IRONIC))
    assert not metadata_urls(ceph_site(("  config:\n", "  rgw: {port: 8790}\n  config:\n")))
