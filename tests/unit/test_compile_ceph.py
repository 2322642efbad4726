"""What Ceph and its clients are told: configuration, hosts, services, disks, pools, keys, kolla-ansible's part."""

from __future__ import annotations

import configparser
from typing import Any

import pytest
from ceph_sites import OSDS, ceph_site, one_host
from compile_sites import full
from ruamel.yaml import YAML

from armature.ceph import ceph_hosts, mgr_hosts, mon_hosts, osd_hosts
from armature.check.ceph import OWN_OPTIONS
from armature.compile import artefacts, ceph_artefacts
from armature.compile.ceph_conf import bootstrap_conf, ceph_facts, client_conf, config_options
from armature.compile.ceph_pools import keyring_entities, keyring_files, wanted_keys, wanted_pools
from armature.compile.ceph_services import host_specs, service_specs, spec_documents, wanted_devices
from armature.compile.inventory import ansible_inventory
from armature.compile.kolla_ceph import ceph_config_files, ceph_globals, exporter_endpoints
from armature.compile.kolla_globals import keys_set, kolla_globals

BY = "/dev/disk/by-path"
RATIO = "mgr/cephadm/autotune_memory_target_ratio"
NO_FILTER = {"model": None, "vendor": None, "size": None, "rotational": None, "limit": None}


def ini(text: str | None) -> dict[str, dict[str, str]]:
    assert text is not None
    parser = configparser.ConfigParser(delimiters=("=",))
    parser.read_string(text)
    return {name: dict(parser[name]) for name in parser.sections()}


def paths(*names: str) -> dict[str, Any]:
    return {**NO_FILTER, "paths": [f"{BY}/{name}" for name in names]}


def test_a_site_without_ceph() -> None:
    site = full()
    assert bootstrap_conf(site) is None
    assert client_conf(site) is None
    assert ceph_facts(site) == config_options(site) == wanted_pools(site) == wanted_keys(site) == {}
    assert host_specs(site) == service_specs(site) == []
    assert wanted_devices(site, "sto-0") == {"groups": [], "wipe": []}
    assert keyring_files(site, {"client.glance": "x"}) == ceph_artefacts(site) == ceph_globals(site) == {}
    assert ansible_inventory(site)["ceph_hosts"] == {"hosts": []}


def test_hosts_in_file_order() -> None:
    site = ceph_site(("  osds:\n", "  mgr: monitoring\n  osds:\n"))
    assert mon_hosts(site) == ["ctl-1", "ctl-2", "ctl-3"]
    assert mgr_hosts(site) == ["ctl-1"]
    assert osd_hosts(site) == ["sto-1", "sto-2", "sto-3"]
    assert ceph_hosts(site) == [*mon_hosts(site), *osd_hosts(site)]
    inventory = ansible_inventory(site)
    assert [inventory[f"ceph_{name}"]["hosts"] for name in ("hosts", "mons", "osd_hosts")] == [
        ceph_hosts(site),
        mon_hosts(site),
        osd_hosts(site),
    ]


def test_what_a_cluster_is_made_with() -> None:
    assert ini(bootstrap_conf(ceph_site())) == {
        "global": {
            "ms_bind_ipv4": "false",
            "ms_bind_ipv6": "true",
            "public_network": "fd00:900d:0:3::/64",
            "cluster_network": "fd00:900d:0:4::/64",
            "osd_pool_default_size": "3",
            "osd_crush_chooseleaf_type": "1",
        }
    }


def test_a_cluster_of_one_host_and_images_that_were_loaded() -> None:
    assert ini(bootstrap_conf(one_host())) == {
        "global": {
            "ms_bind_ipv4": "false",
            "ms_bind_ipv6": "true",
            "public_network": "fd00:1:0:1::/64",
            "osd_pool_default_size": "2",
            "osd_crush_chooseleaf_type": "0",
        },
        "mgr": {"mgr/cephadm/use_repo_digest": "false"},
    }


def test_pools_of_ceph_s_own_are_spread_as_one_of_the_site_s_is() -> None:
    spread = ("images: {size: 3, failure_domain: rack}", "images: {size: 3, failure_domain: osd}")
    conf = ini(bootstrap_conf(ceph_site(spread, ("vms: {size: 3, min_size: 2}", "vms: {size: 2}"))))
    assert conf["global"]["osd_pool_default_size"] == "2"
    assert conf["global"]["osd_crush_chooseleaf_type"] == "1"


def test_what_clients_read() -> None:
    text = client_conf(ceph_site())
    hosts = [f"fd00:900d:0:3::1{i}" for i in (1, 2, 3)]
    assert ini(text) == {
        "global": {
            "fsid": "3f2c4a52-7c1c-4d5e-9f0a-5a1f5f0c2b11",
            "mon_host": " ".join(f"[v2:[{host}]:3300,v1:[{host}]:6789]" for host in hosts),
            "ms_bind_ipv4": "false",
            "ms_bind_ipv6": "true",
        }
    }


@pytest.mark.parametrize("site", [ceph_site(), one_host()])
def test_no_line_begins_with_a_blank(site: Any) -> None:
    """kolla-ansible takes such a line for the rest of the one above it."""
    for text in (bootstrap_conf(site), client_conf(site), *ceph_config_files(site).values()):
        assert text is not None
        assert not [line for line in text.splitlines() if line[:1].isspace()]
        assert text.endswith("\n")


def test_options_are_texts() -> None:
    site = ceph_site(
        (
            "osd: {osd_memory_target: 2147483648}",
            "osd: {osd_memory_target_autotune: false, a: 0.5, b: text}\n    osd.7: {c: 1}",
        )
    )
    options = config_options(site)
    assert options["osd"] == {"osd_memory_target_autotune": "false", "a": "0.5", "b": "text"}
    assert options["osd.7"] == {"c": "1"}
    assert options["global"]["public_network"] == "fd00:900d:0:3::/64"
    assert "mgr" not in options


@pytest.mark.parametrize("site", [ceph_site(), one_host()])
def test_compiled_options_are_those_that_a_site_may_not_set(site: Any) -> None:
    own = (set(config_options(site)["global"]) | set(config_options(site).get("mgr", ()))) - {RATIO}
    made_with = {option for section in ini(bootstrap_conf(site)).values() for option in section}
    assert own <= made_with <= OWN_OPTIONS


def test_the_site_s_options_stand_beside_armature_s() -> None:
    site = ceph_site(("    osd: {osd_memory_target: 2147483648}", "    global: {mon_max_pg_per_osd: 400}"))
    assert config_options(site)["global"]["mon_max_pg_per_osd"] == "400"
    assert config_options(site)["global"]["ms_bind_ipv6"] == "true"


def test_osds_leave_memory_to_openstack_where_they_share_a_host() -> None:
    assert config_options(one_host())["mgr"][RATIO] == "0.2"
    shared = ("hardware: server, roles: [compute]", "hardware: mixed, roles: [compute, storage]")
    assert config_options(ceph_site(shared))["mgr"] == {RATIO: "0.2"}
    told = ("    osd: {osd_memory_target: 2147483648}", f"    mgr: {{{RATIO}: 0.5}}")
    assert config_options(ceph_site(shared, told))["mgr"] == {RATIO: "0.5"}


def test_no_daemon_binds_to_a_vip() -> None:
    assert "public_network" not in config_options(ceph_site()).get("osd", {})
    options = config_options(one_host())
    assert options["osd"]["public_network"] == options["mgr"]["public_network"] == "fd00:1:0:1::10/128"
    assert options["global"]["public_network"] == "fd00:1:0:1::/64"


def test_facts() -> None:
    assert ceph_facts(one_host()) == {
        "fsid": "3f2c4a52-7c1c-4d5e-9f0a-5a1f5f0c2b11",
        "release": "reef",
        "image": "lab/ceph:18.2.7",
        "mon_address": "fd00:1:0:1::10",
        "mgr_modules": [],
        "owned": ["crash", "osd", "rgw"],
    }
    assert ceph_facts(ceph_site())["mgr_modules"] == ["prometheus"]
    default = ceph_site(("  image: registry.good.test:5000/ceph/ceph:v18.2.7\n", "  release: squid\n"))
    assert ceph_facts(default)["image"].startswith("quay.io/ceph/ceph:v19.")


def test_host_specs() -> None:
    specs = host_specs(ceph_site())
    assert [spec["name"] for spec in specs] == ["ctl-1", "ctl-2", "ctl-3", "sto-1", "sto-2", "sto-3"]
    assert specs[0] == {
        "name": "ctl-1",
        "address": "fd00:900d:0:3::11",
        "labels": ["mon", "mgr", "_admin"],
        "location": {},
    }
    assert specs[3] == {
        "name": "sto-1",
        "address": "fd00:900d:0:3::31",
        "labels": ["osd"],
        "location": {"root": "default", "rack": "r1"},
    }
    assert [spec["labels"] for spec in host_specs(one_host())] == [["mon", "mgr", "osd", "_admin"]]
    assert host_specs(one_host())[0]["location"] == {}


def test_services() -> None:
    assert service_specs(ceph_site()) == [
        {"service_type": "mon", "placement": {"hosts": ["ctl-1", "ctl-2", "ctl-3"]}},
        {"service_type": "mgr", "placement": {"hosts": ["ctl-1", "ctl-2", "ctl-3"]}},
        {"service_type": "crash", "placement": {"host_pattern": "*"}},
        {
            "service_type": "osd",
            "service_id": "slow",
            "placement": {"hosts": ["sto-1", "sto-2"]},
            "spec": {
                "data_devices": {"paths": [f"{BY}/slow-1", f"{BY}/slow-2"]},
                "db_devices": {"paths": [f"{BY}/fast-1"]},
                "wal_devices": {"paths": [f"{BY}/fast-2"]},
            },
        },
        {
            "service_type": "osd",
            "service_id": "flash",
            "placement": {"hosts": ["sto-3"]},
            "spec": {"data_devices": {"size": "1TB:", "rotational": False}},
        },
    ]


def osd_services(osds: str) -> dict[str, tuple[list[str], dict[str, Any]]]:
    services = service_specs(ceph_site((OSDS, osds)))
    return {
        service["service_id"]: (service["placement"]["hosts"], service["spec"])
        for service in services
        if service["service_type"] == "osd"
    }


def test_every_property_of_a_group_is_told() -> None:
    group = "encrypted: true, device_class: tape, per_device: 2, data: {model: X, vendor: Y, size: 1T, limit: 3}"
    found = osd_services(f"    all: {{hardware: [flash, mixed], {group}}}\n")
    assert found == {
        "all": (
            ["sto-1", "sto-2", "sto-3"],
            {
                "data_devices": {"model": "X", "vendor": "Y", "size": "1T", "limit": 3},
                "encrypted": True,
                "crush_device_class": "tape",
                "osds_per_device": 2,
            },
        )
    }


def test_a_raw_group() -> None:
    assert osd_services("    all: {hardware: [flash, mixed], method: raw, data: {rotational: true}}\n") == {
        "all": (["sto-1", "sto-2", "sto-3"], {"data_devices": {"rotational": True}, "method": "raw"})
    }


def test_a_group_whose_hardwares_differ_in_their_paths_is_a_service_for_each() -> None:
    assert osd_services("    all: {hardware: [flash, mixed]}\n") == {
        "all-mixed": (
            ["sto-1", "sto-2"],
            {"data_devices": {"paths": [f"{BY}/{name}" for name in ("fast-1", "fast-2", "slow-1", "slow-2")]}},
        ),
        "all-flash": (["sto-3"], {"data_devices": {"paths": [f"{BY}/flash-1", f"{BY}/flash-2"]}}),
    }


def test_devices_of_a_host() -> None:
    site = ceph_site()
    slow = {
        "group": "slow",
        "per_device": 1,
        "data": paths("slow-1", "slow-2"),
        "db": paths("fast-1"),
        "wal": paths("fast-2"),
    }
    assert wanted_devices(site, "sto-1") == {"groups": [slow], "wipe": [f"{BY}/slow-1"]}
    assert wanted_devices(site, "sto-2") == {"groups": [slow], "wipe": []}
    flash = {**NO_FILTER, "paths": None, "size": "1TB:", "rotational": False}
    assert wanted_devices(site, "sto-3")["groups"] == [
        {"group": "flash", "per_device": 1, "data": flash, "db": None, "wal": None}
    ]
    assert wanted_devices(site, "ctl-1") == {"groups": [], "wipe": []}
    with pytest.raises(KeyError):
        wanted_devices(site, "nobody")


def test_pools() -> None:
    site = ceph_site(("backups: {size: 2, target_size_ratio: 0.5}", "backups: {size: 2, autoscale: warn, pg_num: 64}"))
    pools = wanted_pools(site)
    assert list(pools) == ["images", "vms", "volumes", "backups"]
    assert pools["images"] == {
        "size": 3,
        "min_size": 2,
        "application": "rbd",
        "autoscale": "on",
        "pg_num": None,
        "target_size_ratio": None,
        "bulk": False,
        "rule": "armature-rack",
        "failure_domain": "rack",
        "device_class": None,
    }
    assert pools["volumes"]["min_size"] == 1
    assert pools["backups"]["autoscale"] == "warn"
    assert pools["backups"]["pg_num"] == 64


def test_a_pool_s_rule_is_named_by_its_class_too() -> None:
    pools = wanted_pools(
        ceph_site(
            ("volumes: {size: 2}", 'volumes: {size: 2, device_class: hdd, autoscale: "off"}'),
            ("images: {", 'images: {autoscale: "off", '),
            ("vms: {", 'vms: {autoscale: "off", '),
            ("backups: {", 'backups: {autoscale: "off", '),
        )
    )
    assert pools["volumes"]["rule"] == "armature-host-hdd"
    assert pools["volumes"]["autoscale"] == "off"
    assert pools["backups"]["target_size_ratio"] == 0.5


def test_keys_reach_their_own_pools_only() -> None:
    keys = wanted_keys(ceph_site())
    assert {name: key["caps"]["osd"] for name, key in keys.items()} == {
        "client.glance": "profile rbd pool=images",
        "client.nova": "profile rbd pool=vms, profile rbd-read-only pool=images",
        "client.cinder": "profile rbd pool=volumes, profile rbd-read-only pool=images",
        "client.cinder-backup": "profile rbd pool=backups",
    }
    assert {key["caps"]["mon"] for key in keys.values()} == {"profile rbd"}
    assert list(wanted_keys(one_host())) == ["client.glance", "client.nova", "client.cinder"]


def test_keyrings_stand_where_kolla_ansible_looks() -> None:
    assert keyring_entities(ceph_site()) == {
        "glance/ceph.client.glance.keyring": "client.glance",
        "nova/ceph.client.nova.keyring": "client.nova",
        "nova/ceph.client.cinder.keyring": "client.cinder",
        "cinder/cinder-volume/ceph.client.cinder.keyring": "client.cinder",
        "cinder/cinder-backup/ceph.client.cinder.keyring": "client.cinder",
        "cinder/cinder-backup/ceph.client.cinder-backup.keyring": "client.cinder-backup",
    }
    bare = ceph_site(("services: [prometheus, cinder, cinder_backup, valkey]", "services: []"))
    assert keyring_entities(bare) == {
        "glance/ceph.client.glance.keyring": "client.glance",
        "nova/ceph.client.nova.keyring": "client.nova",
    }
    assert set(keyring_entities(bare).values()) == set(wanted_keys(bare))
    assert keyring_files(bare, {"client.nova": "[client.nova]"}) == {"nova/ceph.client.nova.keyring": "[client.nova]"}


def test_globals() -> None:
    assert ceph_globals(ceph_site()) == {
        "glance_backend_ceph": True,
        "glance_backend_file": False,
        "nova_backend_ceph": True,
        "ceph_nova_user": "nova",
        "cinder_backend_ceph": True,
        "cinder_backup_driver": "ceph",
        "cinder_cluster_name": "good",
        "enable_prometheus_ceph_mgr_exporter": True,
        "prometheus_ceph_mgr_exporter_endpoints": [f"[fd00:900d:0:3::1{i}]:9283" for i in (1, 2, 3)],
    }
    assert ceph_globals(one_host()) == {
        "glance_backend_ceph": True,
        "glance_backend_file": False,
        "nova_backend_ceph": True,
        "ceph_nova_user": "nova",
        "cinder_backend_ceph": True,
    }


def test_the_backup_is_on_where_it_is_a_service() -> None:
    assert kolla_globals(ceph_site())["enable_cinder_backup"] is True
    assert kolla_globals(one_host())["enable_cinder_backup"] is False
    assert kolla_globals(full())["enable_cinder_backup"] is False


def test_a_cluster_of_cinders_is_for_ceph_alone() -> None:
    site = ceph_site(("cinder, cinder_backup", "cinder, cinder_backend_nfs, cinder_backup"))
    assert "cinder_cluster_name" not in ceph_globals(site)
    assert "cinder_cluster_name" not in keys_set(site)


def test_exporters_are_asked_where_prometheus_is() -> None:
    hosts = (
        "hosts:\n",
        "  small: {nics: [nic0], networks: {api: nic0}}\nhosts:\n"
        "  mtr-1: {number: 0x14, hardware: small, roles: [monitoring]}\n",
    )
    away = (" monitoring]}\n  ctl-2", "]}\n  ctl-2")
    site = ceph_site(hosts, away)
    assert exporter_endpoints(site) == [f"[fd00:900d:0:1::1{i}]:9283" for i in (1, 2, 3)]


def test_config_files() -> None:
    files = ceph_config_files(ceph_site())
    assert set(files) == {"glance.conf", "glance/ceph.conf", "nova/ceph.conf", "cinder/ceph.conf"}
    assert files["glance.conf"] == (
        "[DEFAULT]\nshow_image_direct_url = True\n\n[image_format]\ndisk_formats = raw,iso,aki,ari\n"
    )
    bare = ceph_site(("services: [prometheus, cinder, cinder_backup, valkey]", "services: []"))
    assert set(ceph_config_files(bare)) == {"glance.conf", "glance/ceph.conf", "nova/ceph.conf"}


def test_the_written_specs_are_the_hosts_and_services() -> None:
    site = ceph_site()
    documents = list(YAML(typ="safe").load_all(artefacts(site)["ceph/specs.yml"]))
    assert documents == spec_documents(site)
    assert [document["service_type"] for document in documents] == ["host"] * 6 + ["mon", "mgr", "crash", "osd", "osd"]
    assert documents[3]["location"] == {"root": "default", "rack": "r1"}
    assert "location" not in documents[0]


def test_the_written_files() -> None:
    site = ceph_site()
    yaml = YAML(typ="safe")
    files = ceph_artefacts(site)
    assert set(files) == {"bootstrap.conf", "ceph.conf", "specs.yml", "config.yml", "pools.yml", "keys.yml"}
    assert yaml.load(files["config.yml"]) == config_options(site)
    assert yaml.load(files["pools.yml"]) == wanted_pools(site)
    assert yaml.load(files["keys.yml"]) == wanted_keys(site)
