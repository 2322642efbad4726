"""How OpenStack's services use the site's Ceph: kolla-ansible's variables and override files.

Source: kolla-ansible 20.6.0 and 22.2.0, ``group_vars`` (Ceph, Glance, Nova, Cinder, Prometheus), ``external_ceph.yml``
and ``precheck.yml`` of their roles.
"""

from __future__ import annotations

from typing import Any

from armature.addresses import host_address
from armature.ceph import mgr_hosts
from armature.compile.ceph_conf import client_conf
from armature.compile.ceph_rgw import rgw_globals
from armature.model import Purpose, Role, Site

EXPORTER_PORT = 9283
"""TCP port of the managers' module ``prometheus``. Source: ceph 18.2.7, pybind/mgr/prometheus/module.py."""

_GLANCE_CONF = """[DEFAULT]
show_image_direct_url = True

[image_format]
disk_formats = raw,iso,aki,ari
"""
"""Virtual machines' disks are clones of images. Nova clones raw ones alone, by their URL; another it would fetch and
convert as a whole for each machine. So Glance refuses to make an image of another format, and names those it takes.
``aki`` and ``ari`` are kernels and ramdisks, which no disk is made of.

Source: nova 33.0.2, virt/libvirt/imagebackend.py, Rbd.clone; glance 32.0.0, common/config.py, image_format_opts.
"""


def ceph_globals(site: Site) -> dict[str, Any]:
    """Return kolla-ansible's variables about Ceph, {} for a site without it. Addresses carry brackets in endpoints."""
    if site.ceph is None:
        return {}
    values: dict[str, Any] = {
        "glance_backend_ceph": True,
        "glance_backend_file": False,
        "nova_backend_ceph": True,
        "ceph_nova_user": "nova",
        "cinder_backend_ceph": "cinder" in site.services,
    }
    if "cinder_backup" in site.services:
        values["cinder_backup_driver"] = "ceph"
    if _is_clustered(site):
        values["cinder_cluster_name"] = site.name
    if "prometheus" in site.services:
        values["enable_prometheus_ceph_mgr_exporter"] = True
        values["prometheus_ceph_mgr_exporter_endpoints"] = exporter_endpoints(site)
    return values | rgw_globals(site)


def _is_clustered(site: Site) -> bool:
    """Return whether Cinder's volume services are one cluster: any of them then serves any volume.

    Ceph can be served so; with another kind of storage beside it, the operator knows better.
    """
    others = any(service.startswith("cinder_backend_") for service in site.services)
    return "cinder" in site.services and not others and len(site.hosts_with(Role.CONTROL)) > 1


def exporter_endpoints(site: Site) -> list[str]:
    """Return where Prometheus finds the managers' exporters: on a network that it is on, too."""
    mine = [set(site.hardware_of(name).networks) for name in site.hosts_with(Role.MONITORING)]
    preferred = [
        name for purpose in (Purpose.STORAGE, Purpose.API, Purpose.ADMIN) for name in site.networks_for(purpose)
    ]
    endpoints = []
    for host in mgr_hosts(site):
        shared = set(site.hardware_of(host).networks).intersection(*mine)
        network = next((name for name in preferred if name in shared), None)
        if network is not None:
            endpoints.append(f"[{host_address(site, host, network)}]:{EXPORTER_PORT}")
    return endpoints


def ceph_config_files(site: Site) -> dict[str, str]:
    """Return path below ``config/`` -> text: ceph.conf for each service that uses Ceph, and Glance's formats."""
    conf = client_conf(site)
    if conf is None:
        return {}
    services = ["glance", "nova", *(["cinder"] if "cinder" in site.services else [])]
    return {"glance.conf": _GLANCE_CONF} | {f"{service}/ceph.conf": conf for service in services}
