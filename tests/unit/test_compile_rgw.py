"""Object gateways: what cephadm, Ceph's configuration and kolla-ansible are told of them."""

from __future__ import annotations

from typing import Any

import pytest
from ceph_sites import ceph_site, one_host

from armature.ceph import RGW_DATA, RGW_SMALL, ceph_hosts, rgw_hosts
from armature.compile.ceph_conf import ceph_facts, config_options
from armature.compile.ceph_pools import wanted_pools
from armature.compile.ceph_rgw import RGW_OPTIONS, rgw_facts, rgw_globals, rgw_options, rgw_services
from armature.compile.ceph_services import host_specs, rgw_members, service_specs
from armature.compile.inventory import ansible_inventory
from armature.compile.kolla_globals import kolla_globals
from armature.model import Site

CA = "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n"


def site(rgw: str = "{}", *edits: tuple[str, str]) -> Site:
    return ceph_site(("  config:\n", f"  rgw: {rgw}\n  config:\n"), *edits)


def test_a_site_without_gateways() -> None:
    bare = one_host()
    assert rgw_options(bare) == rgw_facts(bare) == rgw_globals(bare) == {}
    assert rgw_services(bare, CA) == rgw_hosts(bare) == []
    assert "client.rgw" not in config_options(bare)
    assert not any("rgw" in pool for pool in wanted_pools(bare))
    assert ansible_inventory(bare)["ceph_rgw_hosts"] == {"hosts": []}
    assert "enable_ceph_rgw" not in kolla_globals(bare)
    assert ceph_facts(bare)["owned"] == ["crash", "osd", "rgw"]


def test_hosts() -> None:
    by_default, storage = site(), site("{role: storage}")
    assert rgw_hosts(by_default) == ["ctl-1", "ctl-2", "ctl-3"]
    assert rgw_hosts(storage) == ansible_inventory(storage)["ceph_rgw_hosts"]["hosts"] == ["sto-1", "sto-2", "sto-3"]
    alone = site("{role: compute}")
    assert "cmp-1" in ceph_hosts(alone)
    assert {spec["name"]: spec["labels"] for spec in host_specs(alone)}["cmp-1"] == []
    assert rgw_members(storage)[0] == {"name": "ctl-1", "address": "fd00:900d:0:3::11", "labels": []}
    assert [member["name"] for member in rgw_members(storage) if member["labels"] == ["rgw"]] == rgw_hosts(storage)


def test_the_service_is_on_ipv6_of_the_api_network_alone() -> None:
    (spec,) = rgw_services(site("{port: 8088}"), "")
    settings = spec["extra_container_args"].pop()
    assert spec == {
        "service_type": "rgw",
        "service_id": "objects",
        "placement": {"label": "rgw"},
        "networks": ["fd00:900d:0:1::/64"],
        "spec": {"rgw_frontend_port": 8088},
        "extra_container_args": [
            "--volume=/var/lib/ceph/3f2c4a52-7c1c-4d5e-9f0a-5a1f5f0c2b11/rgw-keystone:/etc/rgw-keystone:ro"
        ],
    }
    assert settings.startswith("--label=armature.settings=")
    assert " " not in settings


def test_the_cluster_s_other_services_are_another_matter() -> None:
    """A play without Keystone's password must neither make nor remove gateways."""
    assert "rgw" not in {spec["service_type"] for spec in service_specs(site())}
    assert ceph_facts(site())["owned"] == ["crash", "osd"]


def test_a_gateway_trusts_whom_it_is_told() -> None:
    (spec,) = rgw_services(site(), CA.rstrip())
    assert [config["mount_path"] for config in spec["custom_configs"]] == [
        "/etc/ssl/certs/ca-certificates.crt",
        "/etc/pki/tls/certs/ca-bundle.crt",
    ]
    assert {config["content"] for config in spec["custom_configs"]} == {CA}


def label(site: Site, authorities: str = CA) -> str:
    (spec,) = rgw_services(site, authorities)
    return str(spec["extra_container_args"][-1])


@pytest.mark.parametrize(
    "other",
    [
        site("{}", ("name: cloud.good.test", "name: cloud2.good.test")),
        site("{}", ("    osd: {osd", "    client.rgw: {rgw_thread_pool_size: 32}\n    osd: {osd")),
    ],
)
def test_what_a_gateway_reads_at_its_start_is_in_its_arguments(other: Site) -> None:
    assert label(site()) == label(site("{pool: {size: 2}}"))
    assert label(other) != label(site())
    assert label(site(), "") != label(site())


def test_options() -> None:
    options = rgw_options(site())
    assert options.keys() <= RGW_OPTIONS
    assert options["rgw_keystone_url"] == "https://cloud.good.test:5000"
    assert options["rgw_keystone_admin_password_path"] == "/etc/rgw-keystone/password"
    assert "rgw_keystone_admin_password" not in options
    both = site("{}", ("    osd: {osd", "    client.rgw: {rgw_thread_pool_size: 32}\n    osd: {osd"))
    assert config_options(both)["client.rgw"] == {**options, "rgw_thread_pool_size": "32"}


def test_pools() -> None:
    pools = wanted_pools(site("{pool: {size: 2, failure_domain: rack, bulk: true, target_size_ratio: 0.1}}"))
    ours = {name: pool for name, pool in pools.items() if "rgw" in name}
    assert ours.keys() == {RGW_DATA, *RGW_SMALL}
    assert {(pool["application"], pool["size"], pool["rule"]) for pool in ours.values()} == {
        ("rgw", 2, "armature-rack")
    }
    sizes: dict[str, Any] = {name: (pool["bulk"], pool["target_size_ratio"]) for name, pool in ours.items()}
    assert sizes.pop(RGW_DATA) == (True, 0.1)
    assert set(sizes.values()) == {(False, None)}


def test_haproxy_gets_brackets() -> None:
    values = kolla_globals(site("{role: storage, port: 8088}"))
    assert values["enable_ceph_rgw"] is True
    assert values["ceph_rgw_swift_account_in_url"] is True
    assert values["ceph_rgw_hosts"][0] == {"host": "sto-1", "ip": "[fd00:900d:0:1::31]", "port": 8088}
    assert len(values["ceph_rgw_hosts"]) == 3


def test_facts() -> None:
    facts = rgw_facts(site())
    assert facts["password_file"] == "/var/lib/ceph/3f2c4a52-7c1c-4d5e-9f0a-5a1f5f0c2b11/rgw-keystone/password"
    assert facts["urls"]["ctl-1"] == "http://[fd00:900d:0:1::11]:8080/swift/info"
