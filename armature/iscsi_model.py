"""The model of the section ``ceph.iscsi``: gateways through which machines without disks reach volumes in Ceph.

Source: ceph-iscsi 3.9; RFC 3720, section 3.2.6.3.1 (names of iSCSI); rtslib-fb 2.1.76, ``normalize_wwn``.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from armature.model_types import PoolName, Strict

Iqn = Annotated[
    str,
    StringConstraints(pattern=r"^iqn\.[0-9]{4}-(0[1-9]|1[0-2])\.[a-z0-9-]+(\.[a-z0-9-]+)+(:[a-z0-9.:-]+)?$"),
]
"""A name that begins with a month in which its owner had the domain that follows, reversed."""

Port = Annotated[int, Field(ge=1024, le=65535)]


class Iscsi(Strict):
    """The hosts with the role ``iscsi_gateway`` show RBD images as LUNs of one target, on the network ``storage``.

    Cinder says which by the gateways' API; HAProxy stands before it, so that one gateway may be away.
    """

    pool: PoolName = "volumes"
    """Keeps the volumes, and what the gateways know of them."""
    port: Port = 5010
    """Where a gateway's API listens, on every address of its host."""
    vip_port: Port = 5011
    """Where HAProxy listens for it, on the internal VIP."""
    target: Iqn | None = None
    """Without one: Ceph's own prefix and the site's domain."""
    discovery_chap: bool = True
    """Whether a machine must show a password before it is told where the target is."""
    minimum_gateways: Annotated[int, Field(ge=1, le=16)] = 2
    """Gateways below which a volume has too few ways; 1 is for labs."""
