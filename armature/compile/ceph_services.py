"""What cephadm's managers are told: hosts, services, and which disks of a host become OSDs.

Source: cephadm of Ceph 18.2.7, python-common: ceph/deployment/{hostspec,service_spec,drive_group}.py.
"""

from __future__ import annotations

from typing import Any

from armature.ceph import (
    Selection,
    ceph_hosts,
    group_hosts,
    groups_on,
    mgr_hosts,
    mon_hosts,
    osd_hosts,
    rgw_hosts,
    selections,
    storage_address,
)
from armature.ceph_model import OsdGroup
from armature.compile.ceph_rgw import LABEL
from armature.model import Role, Site


def host_specs(site: Site) -> list[dict[str, Any]]:
    """Return the cluster's hosts: ``name``, ``address``, ``labels`` and ``location``.

    The address is on the storage network, without brackets. ``location`` is where CRUSH first puts the host, {} without
    a rack. The root belongs to it: a rack alone would be made outside the tree that the pools' rules begin at. Hosts
    without OSDs have no place in CRUSH.

    Source: cephadm's documentation, "Setting the initial CRUSH location of host".
    """
    labelled = {"mon": set(mon_hosts(site)), "mgr": set(mgr_hosts(site)), "osd": set(osd_hosts(site))}
    labelled["_admin"] = labelled["mon"]
    specs = []
    for name in ceph_hosts(site):
        rack = site.hosts[name].rack if name in labelled["osd"] else None
        specs.append(
            {
                "name": name,
                "address": storage_address(site, name),
                "labels": [label for label, hosts in labelled.items() if name in hosts],
                "location": {"root": "default", "rack": rack} if rack else {},
            }
        )
    return specs


def rgw_members(site: Site) -> list[dict[str, Any]]:
    """Return the cluster's hosts as above: ``name``, ``address`` and, of ``labels``, the one that gateways go by.

    A host gets it when Keystone's password is there, for a gateway starts at once.
    """
    gateways = set(rgw_hosts(site))
    return [
        {"name": name, "address": storage_address(site, name), "labels": [LABEL] if name in gateways else []}
        for name in ceph_hosts(site)
    ]


def service_specs(site: Site) -> list[dict[str, Any]]:
    """Return cephadm's service specifications: monitors, managers, crash collectors, and OSDs by group.

    Those of the object gateways are in :mod:`armature.compile.ceph_rgw`.
    """
    if site.ceph is None:
        return []
    return [
        {"service_type": "mon", "placement": {"hosts": mon_hosts(site)}},
        {"service_type": "mgr", "placement": {"hosts": mgr_hosts(site)}},
        {"service_type": "crash", "placement": {"host_pattern": "*"}},
        *(
            _osd_service(group, service, hosts, disks)
            for name, group in site.ceph.osds.items()
            for service, hosts, disks in osd_services(site, name)
        ),
    ]


def osd_services(site: Site, group: str) -> list[tuple[str, list[str], dict[str, Selection | None]]]:
    """Return a group's services: id, hosts, and disks by use.

    A service sends the same paths to all of its hosts. So a group is one service, called as the group, where all its
    hardwares give it the same paths, else one a hardware, called ``<group>-<hardware>``.
    """
    hosts = group_hosts(site, group)
    found = list(dict.fromkeys(site.hosts[host].hardware for host in hosts))
    disks = {hardware: selections(site, group, hardware) for hardware in found}
    if all(wanted == disks[found[0]] for wanted in disks.values()):
        return [(group, hosts, disks[found[0]])] if found else []
    return [
        (f"{group}-{hardware}", [host for host in hosts if site.hosts[host].hardware == hardware], wanted)
        for hardware, wanted in disks.items()
    ]


def wanted_devices(site: Site, host: str) -> dict[str, Any]:
    """Return the disks of one host that Ceph shall have: ``groups`` and ``wipe``; raises KeyError for an unknown host.

    A group: ``group``, ``per_device`` and, by use (``data``, ``db``, ``wal``), a filter or None. ``wipe`` has the paths
    of disks that may be taken although something is on them.
    """
    described = site.hosts[host]
    if site.ceph is None or Role.STORAGE not in described.roles:
        return {"groups": [], "wipe": []}
    return {
        "groups": [
            {"group": name, "per_device": group.per_device, **selections(site, name, described.hardware)}
            for name, group in groups_on(site, described.hardware).items()
        ],
        "wipe": list(site.ceph.wipe.get(host, ())),
    }


def _osd_service(group: OsdGroup, service: str, hosts: list[str], disks: dict[str, Selection | None]) -> dict[str, Any]:
    spec: dict[str, Any] = {
        f"{use}_devices": {key: value for key, value in selection.items() if value is not None}
        for use, selection in disks.items()
        if selection is not None
    }
    if group.encrypted:
        spec["encrypted"] = True
    if group.method == "raw":
        spec["method"] = "raw"
    if group.device_class is not None:
        spec["crush_device_class"] = group.device_class
    if group.per_device > 1:
        spec["osds_per_device"] = group.per_device
    return {"service_type": "osd", "service_id": service, "placement": {"hosts": hosts}, "spec": spec}


def spec_documents(site: Site) -> list[dict[str, Any]]:
    """Return hosts and services as ``ceph orch apply -i`` reads them."""
    hosts = [
        {
            "service_type": "host",
            "hostname": host["name"],
            "addr": host["address"],
            "labels": host["labels"],
            **({"location": host["location"]} if host["location"] else {}),
        }
        for host in host_specs(site)
    ]
    return [*hosts, *service_specs(site)]
