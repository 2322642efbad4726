"""Host files: names, resolvers, time, kernel, container engine; and Ansible's inventory."""

from __future__ import annotations

import json
import tomllib

import pytest
from compile_sites import every, full, lab

from armature.compile import artefacts
from armature.compile.chrony import chrony_conf
from armature.compile.container_engine import container_engine_files
from armature.compile.hosts_file import hosts_file, resolv_conf
from armature.compile.inventory import ansible_inventory
from armature.compile.kernel import kernel_files, kernel_modules, sysctl
from armature.compile.links import interface_for, network_for
from armature.model import Purpose, Role, Site


def names(site: Site) -> dict[str, list[str]]:
    lines = hosts_file(site, next(iter(site.hosts))).splitlines()
    return {line.split()[0]: line.split()[1:] for line in lines if not line.startswith("#")}


@pytest.mark.parametrize(("name", "site"), every().items())
def test_short_name_of_a_host_comes_first_on_its_one_line(name: str, site: Site) -> None:
    lines = [entry for entry in names(site).values() if entry[0] in site.hosts]
    assert lines == [[host, f"{host}.{site.domain}"] for host in site.hosts], name


def test_names_mean_api_addresses_and_admin_ones_where_there_is_no_api() -> None:
    known = names(full())
    assert known["2001:db8:10:2::20"][0] == "cmp-0"
    assert known["2001:db8:10:1::30"][0] == "sto-0"


def test_vips_have_names() -> None:
    assert names(full())["2001:db8:10:2::f0"] == ["internal.full.example"]
    assert names(full())["2001:db8:10:3::f1"] == ["cloud.full.example"]
    assert names(lab())["fd00:a12a:1ab:1::100"] == ["cloud.lab.test"]


def test_localhost_is_ipv6() -> None:
    assert names(lab())["::1"][0] == "localhost"


def test_no_resolvers_mean_no_file() -> None:
    assert resolv_conf(lab()) is None
    assert not [path for path in artefacts(lab()) if path.endswith("resolv.conf")]
    assert resolv_conf(full()) == (
        "# Written by Armature.\nsearch full.example\nnameserver 2001:db8::53\nnameserver 2001:db8::54\n"
    )


def test_time_servers() -> None:
    servers = [line for line in chrony_conf(full(), "ctl-0").splitlines() if line.startswith("server")]
    assert servers == ["server ntp.full.example iburst", "server 2001:db8::123 iburst"]
    assert "server" not in chrony_conf(lab(), "lab-1").replace("time servers", "")


def test_kernel_follows_the_roles() -> None:
    site = full()
    assert kernel_modules(site, "ctl-0") == ["ip_vs", "openvswitch"]
    assert kernel_modules(site, "cmp-0") == ["br_netfilter", "openvswitch"]
    assert kernel_modules(site, "sto-0") == []
    assert "net.ipv6.ip_nonlocal_bind" in sysctl(site, "ctl-0")
    assert "net.ipv6.ip_nonlocal_bind" not in sysctl(site, "cmp-0")
    assert set(kernel_files(site, "sto-0")) == {"/etc/sysctl.d/10-armature.conf"}


def test_docker_leaves_the_network_alone_and_rotates_logs() -> None:
    daemon = json.loads(container_engine_files(full(), "ctl-0")["/etc/docker/daemon.json"])
    assert daemon == {
        "bridge": "none",
        "ip-forward": False,
        "ip6tables": False,
        "iptables": False,
        "live-restore": True,
        "log-driver": "json-file",
        "log-opts": {"max-file": "5", "max-size": "52428800"},
    }


def test_podman_files_are_toml_and_name_the_registry() -> None:
    files = container_engine_files(full(container_engine="podman"), "ctl-0")
    containers, registries = (tomllib.loads(text) for text in files.values())
    assert containers == {"containers": {"log_size_max": 52428800, "pids_limit": 0}}
    assert registries == {
        "unqualified-search-registries": [],
        "registry": [{"location": "registry.full.example:5000"}],
    }


def test_ansible_inventory_has_a_group_a_role_and_no_localhost() -> None:
    data = ansible_inventory(full())
    assert data["iscsi_gateway"] == {"hosts": []}
    assert data["storage"] == {"hosts": ["sto-0", "sto-1", "sto-2"]}
    assert data["hosts"]["children"] == [role.value for role in Role]
    assert data["_meta"]["hostvars"]["sto-0"] == {"ansible_user": "deploy", "ansible_host": "2001:db8:10:1::30"}
    assert "localhost" not in json.dumps(data)


def test_purposes_without_a_network_of_their_own() -> None:
    assert network_for(lab(), Purpose.PUBLIC) == "api"
    assert network_for(lab(), Purpose.PROVISION) is None
    assert interface_for(lab(), "lab-1", Purpose.TUNNEL) == "eth0"
    assert interface_for(full(), "sto-0", Purpose.API) is None


@pytest.mark.parametrize("function", [hosts_file, chrony_conf, container_engine_files, kernel_files])
def test_unknown_host_is_a_key_error(function: object) -> None:
    with pytest.raises(KeyError):
        function(lab(), "lab-9")  # type: ignore[operator]
