"""What is left on iSCSI gateways and in Ceph of volumes that Cinder does not have any more."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from armature.iscsi import section
from armature.model import Site

_NAME = re.compile(r"volume-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
"""How Cinder names a volume's image. What it calls otherwise, as ``volume-<id>.deleted`` for an image that others are
clones of, is its own affair. Source: cinder 28.0.0, ``volume_name_template``; ``volume/drivers/rbd.py``."""


def iscsi_orphans(
    site: Site, luns: Mapping[str, Sequence[str]], images: Sequence[str], volumes: Sequence[str]
) -> list[dict[str, Any]]:
    """Return the orphans, sorted: ``name``, whether there is an ``image`` and a ``lun``, and its ``initiators``.

    ``luns`` has ``pool/image`` -> initiators that have it, ``images`` are those of the gateways' pool, ``volumes`` the
    ids of Cinder's volumes. Volumes must be asked for last: one that is made meanwhile is then no orphan.
    """
    described = section(site)
    if described is None:
        return []
    owned = {f"volume-{volume}" for volume in volumes}
    mine = {lun.partition("/")[2]: list(who) for lun, who in luns.items() if lun.partition("/")[0] == described.pool}
    return [
        {"name": name, "image": name in images, "lun": name in mine, "initiators": sorted(mine.get(name, []))}
        for name in sorted({*images, *mine})
        if _NAME.fullmatch(name) and name not in owned
    ]
