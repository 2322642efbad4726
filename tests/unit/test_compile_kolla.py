"""kolla-ansible's inputs: inventory, globals, override files, and the tables made from upstream's files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from compile_sites import every, full, lab
from ruamel.yaml import YAML

from armature.compile import kolla_artefacts
from armature.compile.data import groups, images, ports
from armature.compile.data.__main__ import groups_of, images_of, ports_of, tables
from armature.compile.kolla_config import config_files
from armature.compile.kolla_globals import keys_set, kolla_globals
from armature.compile.kolla_groups import HOST_GROUPS, kolla_hosts
from armature.compile.kolla_inventory import (
    architecture_variables,
    architectures,
    host_variables,
    known_images,
    kolla_inventory,
)
from armature.compile.kolla_ironic import COMPUTE_GROUP
from armature.compile.text import yaml_text
from armature.model import Arch, Site
from armature.release import RELEASES

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "armature" / "kolla-ansible"


@pytest.mark.parametrize("release", RELEASES)
def test_tables_are_upstreams(release: str) -> None:
    venvs = sorted(CACHE.glob(f"{release}-*/share/kolla-ansible/ansible"))
    if not venvs:
        pytest.skip(f"no kolla-ansible of {release} below {CACHE}")
    assert tables(venvs[-1].parent) == (groups(release), images(release), ports(release))


@pytest.mark.parametrize("release", RELEASES)
def test_groups_of_the_table_lead_to_hosts(release: str) -> None:
    table = groups(release)
    leaves = {child for children in table.values() for child in children} - set(table)
    assert leaves == set(HOST_GROUPS)


def test_group_table_keeps_upstreams_order_and_leaves_host_groups_out() -> None:
    text = "# a comment\n[control]\nc1\n\n[nova:children]\ncontrol\n\n[a:children]\nnova\ncontrol\n[x:vars]\ny=1\n"
    assert groups_of(text) == {"nova": ("control",), "a": ("nova", "control")}


def test_image_table_follows_references_and_drops_a_versions_suffix() -> None:
    text = (
        'a_image: "{{ docker_image_url }}a-b"\na_image_full: "{{ a_image }}:{{ a_tag }}"\n'
        'c_image: "{{ a_image }}"\nc_image_full: "{{ c_image }}:{{ c_tag }}"\n'
        'p_image: "{{ docker_image_name_prefix }}p{{ p_version_suffix }}"\np_image_full: "{{ p_image }}:{{ p_tag }}"\n'
    )
    assert images_of(text) == {"a-b": ("a_image_full", "c_image_full"), "p": ("p_image_full",)}


def test_port_table_has_numbers_alone() -> None:
    assert ports_of('b_port: "80"\na_port: 81\nc_port: "{{ b_port }}"\nb_port_prefix: "1664"\n') == {
        "a_port": 81,
        "b_port": 80,
    }


def test_image_table_refuses_what_it_does_not_understand() -> None:
    with pytest.raises(ValueError, match="a_image: no image name in 'plain'"):
        images_of('a_image: "plain"\na_image_full: "{{ a_image }}:{{ a_tag }}"\n')


@pytest.mark.parametrize(("name", "site"), every().items())
def test_inventory_has_upstreams_groups_and_the_sites_hosts(name: str, site: Site) -> None:
    tree = kolla_inventory(site)
    ours = {COMPUTE_GROUP} if "ironic" in site.services else set()
    theirs = {group: children for group, children in groups(site.release).items() if group not in ours}
    assert {group: tuple(tree[group]["children"]) for group in theirs} == theirs, name
    extra = set(tree) - set(groups(site.release)) - set(HOST_GROUPS) - {"all"}
    assert extra == {arch.value for arch in architectures(site)}
    assert "localhost" not in str(tree)
    for group, role in HOST_GROUPS.items():
        assert list(tree[group]["hosts"]) == (site.hosts_with(role) if role else [])


def test_hosts_of_ceph_alone_are_not_kollas() -> None:
    assert kolla_hosts(full()) == ["ctl-0", "ctl-1", "ctl-2", "cmp-0", "cmp-1"]


def test_variables_of_a_host_follow_its_own_interfaces() -> None:
    assert host_variables(full(), "cmp-1") == {
        "ansible_user": "deploy",
        "ansible_host": "2001:db8:10:1::21",
        "network_interface": "eno2.12",
        "api_interface": "eno2.12",
        "tunnel_interface": "eno2.14",
        "neutron_physical_networks": "internet",
        "enable_neutron_provider_networks": True,
        "neutron_external_interface": "eno2.16",
        "neutron_bridge_name": "br-0x6",
        "openvswitch_hostname": "cmp-1",
    }


def test_bridges_interfaces_and_physical_networks_stand_in_one_order() -> None:
    variables = host_variables(full(), "ctl-0")
    assert variables["neutron_physical_networks"] == "internet,lab"
    assert variables["neutron_bridge_name"] == "br-0x6,br-0x20"
    assert variables["neutron_external_interface"] == "bond0.16,bond0.17"
    assert variables["kolla_external_vip_interface"] == "bond0.13"


def test_tag_suffix_is_the_architectures_unless_the_site_names_a_tag() -> None:
    assert architecture_variables(full(), Arch.AARCH64)["openstack_tag_suffix"] == "-aarch64"
    assert architecture_variables(full(), Arch.X86_64) == {}
    assert "group_vars/x86_64.yml" not in kolla_artefacts(full())
    tagged = full(images="{registry: r.full.example, tag: mine}")
    assert architecture_variables(tagged, Arch.AARCH64) == {}
    assert kolla_globals(tagged)["openstack_tag"] == "mine"


def test_locked_image_is_named_by_digest_for_every_service_that_runs_it() -> None:
    variables = architecture_variables(full(), Arch.AARCH64)
    name = f"registry.full.example:5000/mirror/kolla/neutron-server@sha256:{'ab' * 32}"
    assert {key for key, value in variables.items() if value == name} == {
        "neutron_server_image_full",
        "neutron_rpc_server_image_full",
        "neutron_periodic_worker_image_full",
        "neutron_ovn_maintenance_worker_image_full",
    }


@pytest.mark.parametrize("release", RELEASES)
def test_known_images_hold_those_of_the_core(release: str) -> None:
    assert {"keystone", "glance-api", "placement-api", "nova-libvirt", "ovn-northd", "haproxy"} <= known_images(release)


@pytest.mark.parametrize(("name", "site"), every().items())
def test_keys_that_are_set_are_the_keys_that_overrides_may_not_set(name: str, site: Site) -> None:
    compiled = set(kolla_globals(site)) - set(site.kolla_overrides)
    for host in kolla_hosts(site):
        compiled |= set(host_variables(site, host))
    for arch in architectures(site):
        compiled |= set(architecture_variables(site, arch))
    assert compiled <= keys_set(site), name
    assert not keys_set(site) & set(site.kolla_overrides), name


def test_overrides_come_last_and_untouched() -> None:
    values = kolla_globals(full(kolla_overrides="{nova_console: spice, a_list: [1, {b: null}], text: '{x}'}"))
    assert dict(list(values.items())[-3:]) == {"nova_console": "spice", "a_list": [1, {"b": None}], "text": "{x}"}


@pytest.mark.parametrize(
    ("changed", "wanted"),
    [
        ({}, {"kolla_base_distro": "debian", "openstack_cacert": "/etc/ssl/certs/ca-certificates.crt"}),
        (
            {"host_distribution": "rocky-10"},
            {"kolla_base_distro": "rocky", "openstack_cacert": "/etc/pki/tls/certs/ca-bundle.crt"},
        ),
        ({"container_engine": "podman"}, {"kolla_container_engine": "podman"}),
        ({}, {"docker_registry": "registry.full.example:5000", "docker_namespace": "mirror/kolla"}),
        ({"images": "{}"}, {"docker_registry": "", "docker_namespace": "openstack.kolla"}),
        ({}, {"kolla_internal_vip_address": "2001:db8:10:2::f0", "kolla_internal_fqdn": "internal.full.example"}),
        ({}, {"kolla_external_vip_address": "2001:db8:10:3::f1", "kolla_external_fqdn": "cloud.full.example"}),
        ({}, {"keepalived_virtual_router_id": "77", "network_address_family": "ipv6", "neutron_plugin_agent": "ovn"}),
        ({}, {"kolla_enable_tls_internal": True, "kolla_enable_tls_external": True, "kolla_enable_tls_backend": False}),
        ({"tls": "{backend: true}"}, {"kolla_enable_tls_backend": True}),
        (
            {"tls": "{certificate: generated}"},
            {"kolla_admin_openrc_cacert": "{{ kolla_certificates_dir }}/ca/root.crt"},
        ),
        ({}, {"enable_heat": True, "enable_horizon": False}),
        ({"services": "[]"}, {"enable_heat": False, "enable_horizon": False}),
    ],
)
def test_globals(changed: dict[str, str], wanted: dict[str, object]) -> None:
    assert wanted.items() <= kolla_globals(full(**changed)).items()


def test_one_vip_leaves_the_external_ones_to_upstream() -> None:
    assert not {"kolla_external_vip_address", "kolla_external_fqdn"} & set(kolla_globals(lab()))


def test_virtual_machines_get_the_tenant_mtu_and_providers_theirs() -> None:
    files = config_files(full())
    assert files["neutron.conf"] == "[DEFAULT]\nglobal_physnet_mtu = 9000\n"
    assert files["neutron/ml2_conf.ini"] == ("[ml2]\npath_mtu = 1578\nphysical_network_mtus = internet:1500,lab:9000\n")


@pytest.mark.parametrize(("name", "site"), every().items())
def test_yaml_says_what_the_compiler_says(name: str, site: Site) -> None:
    files = kolla_artefacts(site)
    yaml = YAML(typ="safe")
    assert yaml.load(files["inventory.yml"]) == kolla_inventory(site), name
    assert yaml.load(files["globals.yml"]) == kolla_globals(site), name


@pytest.mark.parametrize(
    "value",
    [
        "",
        "yes",
        "on",
        "5000:5000",
        "fd00::1",
        "0x10",
        "1e3",
        "# no comment",
        "a\nb",
        'q"',
        "{{ x }}",
        "é",
        True,
        7,
        [],
        {},
    ],
)
def test_yaml_keeps_every_value(value: object) -> None:
    data = {"on": value, "é": {"a.b": value, "1": [value, None]}, "x_y-z": None}
    assert YAML(typ="safe").load(yaml_text(data)) == data
