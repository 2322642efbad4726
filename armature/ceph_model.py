"""The model of the section ``ceph``: one cluster, deployed by cephadm.

Source: cephadm of Ceph 18.2.7, its service specifications (python-common: ceph/deployment/drive_group.py).
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, WithJsonSchema

from armature.iscsi_model import Iscsi
from armature.model_types import Name, PoolName, Role, Strict

Fsid = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")]
"""What names a cluster: a UUID (RFC 9562), lower case, as ``uuidgen`` prints it."""

DeviceClass = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,62}$")]
"""A class of disks in the CRUSH map; Ceph itself gives ``hdd``, ``ssd`` and ``nvme``."""

Application = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,127}$")]
DiskWord = Annotated[str, StringConstraints(pattern=r"^\S([^\n]*\S)?$", max_length=128)]

DiskSize = Annotated[str, StringConstraints(pattern=r"^([0-9]+[KMGT]B?(:([0-9]+[KMGT]B?)?)?|:[0-9]+[KMGT]B?)$")]
"""``LOW:HIGH``, ``LOW:``, ``:HIGH`` or one exact size, in steps of 1000. Source: drive_selection/matchers.py."""

ConfigSection = Annotated[
    str,
    StringConstraints(
        pattern=r"^(global|(mon|mgr|osd|mds|client)(\.[A-Za-z0-9_.-]{1,63})?)(/[a-z]+:[A-Za-z0-9_.-]{1,63})?$"
    ),
]
"""Whom options are for: all, a kind of daemon or a daemon, and maybe only a part of them: ``osd/class:ssd``."""
ConfigOption = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*(/[A-Za-z0-9_.-]+)*$")]
"""As ``ceph config dump`` prints it: ``osd_memory_target``, ``mgr/cephadm/use_repo_digest``."""

ConfigValue = Annotated[Any, WithJsonSchema({"type": ["string", "number", "boolean"]})]


class CephRelease(StrEnum):
    """A stable release of Ceph, by its name."""

    REEF = "reef"
    SQUID = "squid"


class FailureDomain(StrEnum):
    """What may be lost without losing more than one copy of anything."""

    OSD = "osd"
    HOST = "host"
    RACK = "rack"


class DiskFilter(Strict):
    """Which disks of a host are meant: by path, or by what they are. Of several conditions all must hold."""

    paths: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    """Paths of ``hardware.<x>.disks``."""
    model: DiskWord | None = None
    """The disk's model has this in it."""
    vendor: DiskWord | None = None
    """The disk's vendor has this in it."""
    size: DiskSize | None = None
    rotational: bool | None = None
    limit: Annotated[int, Field(ge=1, le=1024)] | None = None
    """At most so many disks of a host."""


class OsdGroup(Strict):
    """OSDs that are made alike. An OSD keeps its data on one disk, and may have its database and log on faster ones."""

    hardware: Annotated[tuple[Name, ...], Field(min_length=1)]
    """The hosts with the role storage and one of these hardwares."""
    data: DiskFilter | None = None
    """Without it: every disk of the hardware that no group names."""
    db: DiskFilter | None = None
    wal: DiskFilter | None = None
    encrypted: bool = False
    method: Literal["lvm", "raw"] = "lvm"
    device_class: DeviceClass | None = None
    """Without one, Ceph sees for itself."""
    per_device: Annotated[int, Field(ge=1, le=16)] = 1
    """OSDs on each data disk."""


class Pool(Strict):
    """A pool, and how its copies are spread."""

    size: Annotated[int, Field(ge=1, le=10)] = 3
    """Copies of everything."""
    min_size: Annotated[int, Field(ge=1, le=10)] | None = None
    """Copies without which nothing is written. Without it: half of them, rounded up, as Ceph has it."""
    failure_domain: FailureDomain = FailureDomain.HOST
    device_class: DeviceClass | None = None
    """Only OSDs of this class keep the pool."""
    application: Application = "rbd"
    autoscale: Literal["on", "off", "warn"] = "on"
    pg_num: Annotated[int, Field(ge=1, le=65536)] | None = None
    target_size_ratio: Annotated[float, Field(ge=0, le=1)] | None = None
    """The share of the cluster that the pool is expected to take."""
    bulk: bool = False
    """Whether the pool starts with many placement groups, for it will be large."""


class RgwPool(Pool):
    """How the pools of the object gateway are spread.

    How large a pool becomes (``pg_num``, ``target_size_ratio``, ``bulk``) is said of the objects' own; the others are
    small.
    """

    application: Literal["rgw"] = "rgw"


class Rgw(Strict):
    """Object gateways, which speak Swift and S3. OpenStack knows them: HAProxy stands before them, Keystone lists them
    and says who a client is. They listen on the network ``api``."""

    role: Role = Role.CONTROL
    """The role whose hosts run a gateway each."""
    port: Annotated[int, Field(ge=1024, le=65535)] = 8080
    """Where a gateway listens for HAProxy; clients use HAProxy's own port."""
    pool: RgwPool = Field(default_factory=RgwPool)


def openstack_pools() -> dict[PoolName, Pool]:
    """Return the pools of Glance, Cinder, Nova and Cinder's backup, as kolla-ansible names them."""
    return {name: Pool() for name in ("images", "volumes", "vms", "backups")}


class Ceph(Strict):
    """One cluster. Its monitors are on the network ``storage``; OSDs replicate on ``replication`` if there is one."""

    fsid: Fsid
    release: CephRelease = CephRelease.REEF
    image: str | None = None
    """Without one: upstream's image of the release."""
    mon: Role = Role.CONTROL
    """The role whose hosts run monitors."""
    mgr: Role = Role.CONTROL
    """The role whose hosts run managers."""
    osds: Annotated[dict[Name, OsdGroup], Field(min_length=1)]
    wipe: dict[Name, tuple[str, ...]] = Field(default_factory=dict)
    """Host -> paths of disks that hold something and may be taken all the same."""
    pools: Annotated[dict[PoolName, Pool], Field(min_length=1)] = Field(default_factory=openstack_pools)
    rgw: Rgw | None = None
    """Without it there are no object gateways."""
    iscsi: Iscsi | None = None
    """Without it there are no iSCSI gateways."""
    config: dict[ConfigSection, dict[ConfigOption, ConfigValue]] = Field(default_factory=dict)
    """Section -> option -> value, as for ``ceph config set``. An option that Armature sets too is a problem."""
