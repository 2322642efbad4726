"""What values of ``site.yml`` are made of: words with a pattern, numbers with bounds, and what may be chosen from."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Name = Annotated[str, StringConstraints(pattern=r"^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$")]
"""A host, network or profile name: one DNS label (RFC 1123), lower case, starting with a letter."""

DomainName = Annotated[
    str,
    StringConstraints(
        pattern=r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$",
        max_length=253,
    ),
]

Interface = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z][a-zA-Z0-9_-]{0,14}$")]
"""A Linux interface name: at most 15 bytes (IFNAMSIZ less the NUL), no dot (dots name VLAN interfaces)."""

MacAddress = Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{2}:){5}[0-9a-f]{2}$")]

Digest = Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$")]

UserName = Annotated[str, StringConstraints(pattern=r"^[a-z_][a-z0-9_-]{0,31}$")]
"""A Linux account: what Debian's useradd accepts."""

Service = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
"""A service as kolla-ansible names it in ``enable_*``."""

VolumeTypeName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,126}$")]
"""A volume type's name, which tenants write. Cinder's own, ``__DEFAULT__``, begins with what this does not."""

VolumeBackend = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$")]
"""A backend as Cinder names it in ``volume_backend_name``."""

Line = Annotated[str, StringConstraints(pattern=r"^[^\n]{1,255}$")]
"""What people read, in a field of 255 characters."""

RedfishSystem = Annotated[str, StringConstraints(pattern=r"^/redfish/v1/Systems/[^/\s]+$")]
ResourceClass = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,80}$")]
ImageNamespace = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._/-]*$")]
ImageTag = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$")]
ImageName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+([._-][a-z0-9]+)*$")]

PoolName = Annotated[str, StringConstraints(pattern=r"^(\.mgr|[A-Za-z0-9][A-Za-z0-9_.-]{0,62})$")]
"""Ceph's own pools begin with a dot; ``.mgr`` is there always. ``/`` and ``@`` divide a pool from its images."""

Number = Annotated[int, Field(ge=1, le=0xFFFF)]
"""A network's or host's number: one hextet of an address, so that people can read it there."""

Mtu = Annotated[int, Field(ge=1280, le=9216)]
"""Bytes of an IPv6 packet on a link; 1280 is the least that IPv6 allows (RFC 8200, section 5)."""


class Arch(StrEnum):
    """A processor's architecture, as Linux names it."""

    AARCH64 = "aarch64"
    X86_64 = "x86_64"


class Role(StrEnum):
    """What a host does. One host may have several roles."""

    CONTROL = "control"
    NETWORK = "network"
    COMPUTE = "compute"
    STORAGE = "storage"
    MONITORING = "monitoring"
    ISCSI_GATEWAY = "iscsi_gateway"


class Purpose(StrEnum):
    """What a network carries. Every purpose but ``provider`` belongs to one network of the site."""

    ADMIN = "admin"  # ssh, packages, DNS, NTP: the network with the hosts' default route
    API = "api"  # internal APIs, database, message queue
    PUBLIC = "public"  # the external VIP, when it is not on the API network
    TUNNEL = "tunnel"  # Geneve between hypervisors and routers
    STORAGE = "storage"  # Ceph clients, iSCSI
    REPLICATION = "replication"  # Ceph OSD to OSD
    PROVISION = "provision"  # bare-metal nodes while they are being provisioned
    BMC = "bmc"  # baseboard management controllers
    PROVIDER = "provider"  # tenant-facing: a physical network of Neutron


class ContainerEngine(StrEnum):
    """What runs containers on hosts."""

    DOCKER = "docker"
    PODMAN = "podman"


class HostDistribution(StrEnum):
    """What is installed on hosts."""

    DEBIAN_BOOKWORM = "debian-bookworm"
    DEBIAN_TRIXIE = "debian-trixie"
    ROCKY_9 = "rocky-9"
    ROCKY_10 = "rocky-10"


class Strict(BaseModel):
    """Unknown keys and silent conversions are errors: a typing slip must not change a site."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)
