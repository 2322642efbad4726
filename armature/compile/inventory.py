"""Ansible's inventory of a site."""

from __future__ import annotations

from typing import Any

from armature.addresses import host_address
from armature.ceph import ceph_hosts, mon_hosts, osd_hosts, rgw_hosts
from armature.compile.kolla_groups import kolla_hosts
from armature.compile.links import name_network, network_for
from armature.model import Purpose, Role, Site


def ansible_inventory(site: Site) -> dict[str, Any]:
    """Return the inventory in the format of ``ansible-inventory --list``: roles as groups below ``hosts``.

    Host variables: ``ansible_host`` (IPv6 address, no brackets) and ``ansible_user``. There is no ``localhost``.
    Those of Ceph and kolla-ansible stand beside ``hosts``; a site without Ceph has them, too, without hosts.
    """
    groups: dict[str, Any] = {role.value: {"hosts": site.hosts_with(role)} for role in Role}
    deployed = {
        "ceph_hosts": {"hosts": ceph_hosts(site)},
        "ceph_mons": {"hosts": mon_hosts(site)},
        "ceph_osd_hosts": {"hosts": osd_hosts(site)},
        "ceph_rgw_hosts": {"hosts": rgw_hosts(site)},
        "kolla_hosts": {"hosts": kolla_hosts(site)},
    }
    return {
        "_meta": {"hostvars": {name: connection(site, name) for name in site.hosts}},
        "all": {"children": ["hosts", *deployed]},
        "hosts": {"hosts": list(site.hosts), "children": list(groups)},
        **groups,
        **deployed,
    }


def connection(site: Site, host: str) -> dict[str, str]:
    """Return how Ansible reaches ``host``: by its admin address, else by the one its name stands for."""
    network = network_for(site, Purpose.ADMIN)
    if network not in site.hardware_of(host).networks:
        network = name_network(site, host)
    variables = {"ansible_user": site.ssh_user}
    if network is not None:
        variables["ansible_host"] = str(host_address(site, host, network))
    return variables
