"""Which hosts are kolla-ansible's, and in which groups of its inventory."""

from __future__ import annotations

from armature.model import Role, Site

HOST_GROUPS = {
    "control": Role.CONTROL,
    "network": Role.NETWORK,
    "compute": Role.COMPUTE,
    "monitoring": Role.MONITORING,
    # kolla-ansible's storage hosts run Cinder's volume and backup services, which talk to Ceph from the controllers.
    # Ceph's own hosts belong to cephadm.
    "storage": Role.CONTROL,
    "deployment": None,
}
"""Groups of upstream's inventory that hold hosts -> the role whose hosts they hold."""


def kolla_hosts(site: Site) -> list[str]:
    """Return the hosts that run something of kolla-ansible's, in file order."""
    roles = set(HOST_GROUPS.values())
    return [name for name, host in site.hosts.items() if roles & set(host.roles)]
