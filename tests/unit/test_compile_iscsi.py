"""iSCSI gateways: what cephadm, the gateways' API, Cinder and HAProxy are told of them."""

from __future__ import annotations

import configparser

import pytest
import yaml
from ceph_sites import ceph_site, iscsi_site, one_host

from armature.ceph import ceph_hosts
from armature.compile import artefacts
from armature.compile.ceph_conf import ceph_facts
from armature.compile.ceph_pools import wanted_keys
from armature.compile.ceph_services import host_specs, service_specs
from armature.compile.iscsi import iscsi_config_files, iscsi_facts, iscsi_members, iscsi_secrets, iscsi_services
from armature.compile.kernel import kernel_modules
from armature.iscsi import iscsi_hosts, target, trusted_addresses

SECRETS = {
    "iscsi_api_password": "an-api-password",
    "iscsi_discovery_password": "a-discovery-password",
    "iscsi_api_certificate": "a-certificate",
    "iscsi_api_key": "a-private-key",
}
CINDER = "cinder/cinder-volume.conf"
HAPROXY = "haproxy/services.d/armature-iscsi.cfg"


def test_a_site_without_gateways() -> None:
    for bare in (one_host(), ceph_site()):
        assert iscsi_facts(bare) == iscsi_config_files(bare) == {}
        assert iscsi_services(bare, SECRETS) == iscsi_hosts(bare) == trusted_addresses(bare) == []
        assert {label for member in iscsi_members(bare) for label in member["labels"]} == set()
        assert "ceph/iscsi.yml" not in artefacts(bare)


def test_hosts() -> None:
    site = iscsi_site()
    assert iscsi_hosts(site) == ["igw-1", "sto-3"]
    assert "igw-1" in ceph_hosts(site)
    assert {spec["name"]: spec["labels"] for spec in host_specs(site)}["igw-1"] == []
    members = iscsi_members(site)
    assert [member["name"] for member in members] == ceph_hosts(site)
    assert [member["name"] for member in members if member["labels"] == ["iscsi"]] == iscsi_hosts(site)
    assert members[0]["address"] == "fd00:900d:0:3::11"
    assert kernel_modules(site, "igw-1") == ["iscsi_target_mod", "target_core_user"]


def test_the_service_has_no_secrets() -> None:
    (spec,) = iscsi_services(iscsi_site("{port: 5100}"), SECRETS)
    trusted = spec["spec"].pop("trusted_ip_list")
    (settings,) = spec.pop("extra_container_args")
    assert settings.startswith("--label=armature.settings=")
    assert not [secret for secret in SECRETS.values() if secret in str(spec) + settings]
    assert spec == {
        "service_type": "iscsi",
        "service_id": "gateways",
        "placement": {"label": "iscsi"},
        "spec": {"pool": "volumes", "api_port": 5100, "api_user": "armature", "api_secure": True},
    }
    assert trusted.split(",") == trusted_addresses(iscsi_site())


def label(port: int = 5100, **secrets: str) -> str:
    (spec,) = iscsi_services(iscsi_site(f"{{port: {port}}}"), SECRETS | secrets)
    return str(spec["extra_container_args"])


def test_what_a_gateway_reads_at_its_start_is_in_its_arguments() -> None:
    assert label() == label(iscsi_discovery_password="another")
    others = [label(5101), label(iscsi_api_password="x"), label(iscsi_api_certificate="x"), label(iscsi_api_key="x")]
    assert len({label(), *others}) == 5


def test_the_service_s_secrets() -> None:
    assert iscsi_secrets(iscsi_site(), SECRETS) == {
        "iscsi.gateways": {
            "api_password": "an-api-password",
            "ssl_cert": "a-certificate",
            "ssl_key": "a-private-key",
        }
    }
    assert iscsi_secrets(ceph_site(), {}) == {}


def test_the_cluster_s_other_services_are_another_matter() -> None:
    """Removing the service would take the gateways' configuration with it: no play does that by itself."""
    for site in (iscsi_site(), ceph_site()):
        assert "iscsi" not in {spec["service_type"] for spec in service_specs(site)}
        assert "iscsi" not in ceph_facts(site)["owned"]


def test_every_address_that_may_ask_is_trusted() -> None:
    trusted = trusted_addresses(iscsi_site())
    controllers = [f"fd00:900d:0:{network}::{number}" for number in (11, 12, 13) for network in (1, 3)]
    gateways = ["fd00:900d:0:1::41", "fd00:900d:0:3::41", *(f"fd00:900d:0:{network}::33" for network in (1, 3, 4))]
    assert sorted(trusted) == sorted([*controllers, *gateways, "fd00:900d:0:1::100"])
    assert len(set(trusted)) == len(trusted)


def test_managers_elsewhere_are_trusted() -> None:
    site = iscsi_site("{}", ("  osds:\n", "  mgr: compute\n  osds:\n"))
    assert {"fd00:900d:0:1::21", "fd00:900d:0:3::21"} <= set(trusted_addresses(site))


def test_the_target_has_a_name_in_any_case() -> None:
    assert target(iscsi_site()) == "iqn.2001-07.com.ceph:good.test"
    assert target(iscsi_site("{target: iqn.2026-01.test.good:x}")) == "iqn.2026-01.test.good:x"


def test_facts() -> None:
    facts = iscsi_facts(iscsi_site())
    assert facts["gateways"] == [
        {"host": "igw-1", "name": "igw-1.good.test", "address": "fd00:900d:0:3::41"},
        {"host": "sto-3", "name": "sto-3.good.test", "address": "fd00:900d:0:3::33"},
    ]
    assert facts["certificates"]["iscsi_api"] == {
        "names": ["cloud.good.test", "igw-1.good.test", "sto-3.good.test"],
        "addresses": ["fd00:900d:0:3::41", "fd00:900d:0:3::33"],
    }
    assert sorted(facts["secrets"]) == sorted(SECRETS)
    assert facts["ports"] == [3260, 5010]
    assert facts["discovery_user"] == "armature-discovery"
    assert iscsi_facts(iscsi_site("{discovery_chap: false}"))["discovery_user"] == ""


def test_the_artefact_is_what_plays_hand_over() -> None:
    site = iscsi_site()
    read = yaml.safe_load(artefacts(site)["ceph/iscsi.yml"])
    (wanted,) = iscsi_services(site, SECRETS)
    wanted.pop("extra_container_args")
    assert read.pop("services") == [wanted]
    assert read == iscsi_facts(site)


def test_cinder_has_a_backend_more() -> None:
    site = iscsi_site("{vip_port: 5200}")
    conf = configparser.ConfigParser(interpolation=None)
    conf.read_string(iscsi_config_files(site)[CINDER])
    backend = conf["rbd-iscsi-1"]
    assert "+ ['rbd-iscsi-1']" in conf["DEFAULT"]["enabled_backends"]
    assert "cinder_enabled_backends" in conf["DEFAULT"]["enabled_backends"]
    assert backend["rbd_iscsi_api_url"] == "https://cloud.good.test:5200"
    assert backend["rbd_iscsi_api_password"] == "{{ iscsi_api_password }}"
    assert backend["driver_ssl_cert_verify"] == "true"
    assert backend["rbd_iscsi_target_iqn"] == target(site)


def test_haproxy_asks_one_gateway_at_a_time() -> None:
    lines = iscsi_config_files(iscsi_site())[HAPROXY].splitlines()
    assert lines[1] == "    bind [fd00:900d:0:1::100]:5011"
    servers = [line.split() for line in lines if line.startswith("    server")]
    assert [(words[1], words[2], words[-1] == "backup") for words in servers] == [
        ("igw-1", "[fd00:900d:0:3::41]:5010", False),
        ("sto-3", "[fd00:900d:0:3::33]:5010", True),
    ]


@pytest.mark.parametrize(("pool", "pools"), [("volumes", ["volumes"]), ("backups", ["volumes", "backups"])])
def test_cinder_s_key_is_for_the_gateways_pool_too(pool: str, pools: list[str]) -> None:
    caps = wanted_keys(iscsi_site(f"{{pool: {pool}}}"))["client.cinder"]["caps"]
    assert caps["mgr"] == ", ".join(f"profile rbd pool={name}" for name in pools)
    assert caps["osd"] == caps["mgr"] + ", profile rbd-read-only pool=images"
