"""What follows from the section ``ceph`` and is asked in several places: which hosts, which disks, which image.

Every function takes any site; one without Ceph has no hosts and no disks for it. Lists are in file order.
"""

from __future__ import annotations

from typing import TypedDict

from armature.addresses import host_address
from armature.ceph_model import CephRelease, DiskFilter, OsdGroup, Pool
from armature.iscsi import iscsi_hosts
from armature.model import Purpose, Role, Site

IMAGES = {
    CephRelease.REEF: "quay.io/ceph/ceph:v18.2.8",
    CephRelease.SQUID: "quay.io/ceph/ceph:v19.2.7",
}
"""Upstream's images, for arm64 and amd64. Source: docs.ceph.com, releases; quay.io/repository/ceph/ceph."""

USES = ("data", "db", "wal")
"""What OSDs use disks for."""

RGW_DATA = "default.rgw.buckets.data"
"""The pool of all objects."""

RGW_SMALL = (
    ".rgw.root",
    "default.rgw.log",
    "default.rgw.control",
    "default.rgw.meta",
    "default.rgw.buckets.index",
    "default.rgw.buckets.non-ec",
)
"""The other pools of a gateway whose zone is called ``default``, as it is without a realm.

Source: Ceph 18.2, "Pools" of the Object Gateway.
"""


class Selection(TypedDict):
    """A filter of disks as builtin types: either ``paths`` or any of the rest."""

    paths: list[str] | None
    model: str | None
    vendor: str | None
    size: str | None
    rotational: bool | None
    limit: int | None


def image(site: Site) -> str:
    """Return the image of every Ceph container; raises ValueError for a site without Ceph."""
    if site.ceph is None:
        raise ValueError("the site has no Ceph")
    return site.ceph.image or IMAGES[site.ceph.release]


def registry_of(name: str) -> str | None:
    """Return the registry in an image's name, or None when there is none: Docker's own would be asked.

    Source: github.com/distribution/reference, splitDockerDomain.

    >>> registry_of("quay.io/ceph/ceph:v18.2.7"), registry_of("lab/ceph:18.2.7")
    ('quay.io', None)
    """
    first, slash, _rest = name.partition("/")
    return first if slash and (first == "localhost" or "." in first or ":" in first) else None


def mon_hosts(site: Site) -> list[str]:
    """Return the hosts with a monitor."""
    return [] if site.ceph is None else site.hosts_with(site.ceph.mon)


def mgr_hosts(site: Site) -> list[str]:
    """Return the hosts with a manager."""
    return [] if site.ceph is None else site.hosts_with(site.ceph.mgr)


def osd_hosts(site: Site) -> list[str]:
    """Return the hosts with OSDs: those with the role storage whose hardware is in a group."""
    if site.ceph is None:
        return []
    named = {hardware for group in site.ceph.osds.values() for hardware in group.hardware}
    return [name for name in site.hosts_with(Role.STORAGE) if site.hosts[name].hardware in named]


def rgw_hosts(site: Site) -> list[str]:
    """Return the hosts with an object gateway."""
    return [] if site.ceph is None or site.ceph.rgw is None else site.hosts_with(site.ceph.rgw.role)


def rgw_pools(site: Site) -> dict[str, Pool]:
    """Return the pools of the object gateways."""
    if site.ceph is None or site.ceph.rgw is None:
        return {}
    data = site.ceph.rgw.pool
    small = data.model_copy(update={"pg_num": None, "target_size_ratio": None, "bulk": False})
    return {**dict.fromkeys(RGW_SMALL, small), RGW_DATA: data}


def ceph_hosts(site: Site) -> list[str]:
    """Return the hosts that run anything of Ceph's."""
    names = {*mon_hosts(site), *mgr_hosts(site), *osd_hosts(site), *rgw_hosts(site), *iscsi_hosts(site)}
    return [name for name in site.hosts if name in names]


def group_hosts(site: Site, group: str) -> list[str]:
    """Return the hosts with OSDs of a group; raises KeyError for an unknown group."""
    wanted = set(groups(site)[group].hardware)
    return [name for name in site.hosts_with(Role.STORAGE) if site.hosts[name].hardware in wanted]


def groups(site: Site) -> dict[str, OsdGroup]:
    """Return the groups of OSDs."""
    return {} if site.ceph is None else site.ceph.osds


def groups_on(site: Site, hardware: str) -> dict[str, OsdGroup]:
    """Return the groups that have OSDs on a hardware."""
    return {name: group for name, group in groups(site).items() if hardware in group.hardware}


def free_disks(site: Site, hardware: str) -> list[str]:
    """Return the disks of a hardware that no group names; raises KeyError for an unknown hardware."""
    filters = [getattr(group, use) for group in groups_on(site, hardware).values() for use in USES]
    named = {path for wanted in filters if wanted is not None for path in wanted.paths or ()}
    return [disk for disk in site.hardware[hardware].disks if disk not in named]


def selections(site: Site, group: str, hardware: str) -> dict[str, Selection | None]:
    """Return use -> disks that a group takes on hosts of a hardware; None for a use that it makes of none.

    ``data`` is always there. Raises KeyError for an unknown group or hardware.
    """
    described = groups(site)[group]
    data = _selection(described.data or DiskFilter())
    if described.data is None:
        data["paths"] = free_disks(site, hardware)
    return {
        "data": data,
        "db": None if described.db is None else _selection(described.db),
        "wal": None if described.wal is None else _selection(described.wal),
    }


def _selection(wanted: DiskFilter) -> Selection:
    return Selection(
        paths=None if wanted.paths is None else list(wanted.paths),
        model=wanted.model,
        vendor=wanted.vendor,
        size=wanted.size,
        rotational=wanted.rotational,
        limit=wanted.limit,
    )


def storage_network(site: Site) -> str:
    """Return the name of the network of monitors and clients; raises KeyError when the site has none."""
    for name in site.networks_for(Purpose.STORAGE):
        return name
    raise KeyError(Purpose.STORAGE.value)


def storage_address(site: Site, host: str) -> str:
    """Return a host's address on the storage network, without brackets; raises KeyError for an unknown host."""
    return str(host_address(site, host, storage_network(site)))
